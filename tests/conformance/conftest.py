"""Uses the toy service and the server process of tests/runtime, and the benches beside this file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))
sys.path.insert(0, str(Path(__file__).parent))

from running import running_server, server, short_dir  # noqa: F401 - fixtures
from s3_server import s3_server  # noqa: F401 - a fixture
