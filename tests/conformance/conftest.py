"""Uses the toy service and the server process of tests/runtime."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from running import running_server, server, short_dir  # noqa: F401 - fixtures
