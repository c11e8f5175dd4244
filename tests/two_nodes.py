"""``on_two_nodes``: a task by Ray over two nodes, for the tests of several rooms."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cislex_core.manifests import Artifact
from cislex_core.stores.local import LocalStore

NO_CLUSTER, STARTS = 75, 5


def on_two_nodes(store: LocalStore, task: str, *mode: str, **fields: Any) -> tuple[Artifact, dict[str, Any]]:
    """(artifact, what ray_two_nodes.py tells); ``fields`` are the spec's, ``mode`` may be "kill"."""
    home = Path(tempfile.mkdtemp(prefix="cxr-", dir="/tmp"))  # short: Ray's sockets lie in it
    (home / "checkpoints").mkdir()
    here = Path(__file__).parent
    environment = {
        **os.environ, "PYTHONPATH": str(here), "RAY_TMPDIR": str(home), "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1", "CISLEX_SPREAD": "ray", "CISLEX_FAN_OUT": "2",
    }  # fmt: skip
    arguments = [str(store.root), str(home / "checkpoints"), task, json.dumps(fields), *mode]
    try:
        for _ in range(STARTS):
            done = subprocess.run(
                [sys.executable, str(here / "ray_two_nodes.py"), *arguments], env=environment, capture_output=True,
                text=True, timeout=700,
            )  # fmt: skip
            if done.returncode != NO_CLUSTER:
                break
        assert done.returncode == 0, done.stderr[-4000:]
        told = json.loads(done.stdout.splitlines()[-1])
        return store.open_artifact(told["artifact"]), told
    finally:
        shutil.rmtree(home, ignore_errors=True)
