"""Makes the toy service and the server process importable for the tests of the runtime."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from running import running_server, server, short_dir  # noqa: F401 - fixtures
from s3_server import s3_server  # noqa: F401 - a fixture
