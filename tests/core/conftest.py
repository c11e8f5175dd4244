"""An S3 server for the tests of stores."""

from s3_server import s3_server  # noqa: F401 - a fixture
