"""``python -m cislex_embedded`` as a process: all four services, on a socket or a port, for tests of their clients."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def embedded_server(home: Path, listen: str = "127.0.0.1:0", **settings: str) -> Iterator[str]:
    """The address of a started server, which is stopped at the end. ``settings``: further ``CISLEX_*`` variables."""
    environment = {**os.environ, "CISLEX_HOME": str(home), "OMP_NUM_THREADS": "1", **settings}
    with subprocess.Popen(
        [sys.executable, "-m", "cislex_embedded", "--listen", listen],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("ready "), (home / "logs" / "cislex_embedded.log").read_text()
            yield line.split()[1]
        finally:
            process.terminate()
            process.wait(60)
