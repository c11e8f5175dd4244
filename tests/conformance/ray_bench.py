"""A real Ray cluster on this machine, in a process of its own, with a dashboard that asks for a token."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cislex_runtime.engines.jobs import Job, SystemAwayError
from cislex_runtime.engines.ray_jobs import RayJobs
from engine_benches import TOY

PROGRAM = Path(__file__).with_name("ray_cluster.py")


class RayBench:
    """The head (with the dashboard, without CPUs for jobs) and nodes of two CPUs that come and go."""

    def __init__(self, process: subprocess.Popen[str], token: str) -> None:
        self.token = token
        self._process = process
        self.address = self._hear("ADDRESS")

    def add_node(self) -> int:
        """A further node; answers its number."""
        return int(self._tell("add", "NODE"))

    def kill_node(self, number: int) -> None:
        """SIGKILL all processes of a node."""
        self._tell(f"kill {number}", "KILLED")

    def wait_for_agent(self, timeout_s: float = 180) -> None:
        """Wait until jobs are taken: the head's agent starts after its dashboard."""
        end = time.monotonic() + timeout_s
        while True:
            try:
                self.backend().submit(Job("ready", ("-c", ""), {}, heavy=False, gpu=False))
                return
            except SystemAwayError:
                assert time.monotonic() < end, "the Ray cluster did not become ready"
                time.sleep(1)

    def backend(self) -> RayJobs:
        """The engine's side, on a cluster without GPUs."""
        return RayJobs(self.address, heavy_gpus=0, python=sys.executable)

    def _tell(self, command: str, answer: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._hear(answer)

    def _hear(self, word: str) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(word + " "):
                return line.split()[1]
        raise AssertionError(f"the cluster ended before it said {word}")


@contextmanager
def ray_bench() -> Iterator[RayBench]:
    """A cluster with its own folder and token; everything is gone afterwards."""
    token = secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="cxr-", dir="/tmp"))  # short: sockets lie in it
    (folder / "ray").mkdir()
    environment = {
        "RAY_TMPDIR": str(folder),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": token,
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        # A raylet whose agent does not register in time ends: on a busy machine that takes longer than Ray's 30 s.
        "RAY_agent_register_timeout_ms": "180000",
        # What a site's nodes have: cislex as ``python`` finds it, and here the toy.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **TOY,
    }
    log = folder / "cluster.log"
    before = os.environ.get("RAY_AUTH_TOKEN")
    with open(log, "w") as output:
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True,
            env={**os.environ, **environment}, start_new_session=True,
        )  # fmt: skip
    os.environ["RAY_AUTH_TOKEN"] = token
    try:
        bench = RayBench(process, token)
        bench.wait_for_agent()
        yield bench
    finally:
        process.communicate(timeout=60)
        if before is None:
            del os.environ["RAY_AUTH_TOKEN"]
        else:
            os.environ["RAY_AUTH_TOKEN"] = before
        shutil.rmtree(folder, ignore_errors=True)
