"""A real server process with the toy service, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import toy
from cislex_runtime.calling.client import PATIENCE_S, metadata_of, state_name
from cislex_runtime.calling.connection import Connection
from cislex_runtime.engines.leftovers import marked_processes

HERE = Path(__file__).parent


class ServerProcess:
    """``python -m toy`` on a Unix socket; can be killed and started again on the same home."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        self.env = env
        self.address = f"unix:{home}/s.sock"
        self.process: subprocess.Popen[str] | None = None
        self.patience_s = PATIENCE_S
        self._connection: Connection | None = None

    def start(self) -> ServerProcess:
        """Start and wait until it is ready."""
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "CISLEX_HOME": str(self.home),
            "CISLEX_EXTRA_TASKS": "toy:TASKS",
            "CISLEX_EXTRA_SPECS": "toy:SPECS",
            "CISLEX_BACKOFF_S": "0.05",
            "CISLEX_STOP_GRACE_S": "1",
            "CISLEX_DRAIN_GRACE_S": "3",
            "PYTHONPATH": str(HERE),
            **self.env,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "toy", "--listen", self.address],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready"), (self.home / "logs" / "toy.log").read_text()
        return self

    @property
    def connection(self) -> Connection:
        """One connection for the life of the test."""
        if self._connection is None:
            self._connection = Connection(self.address, patience_s=self.patience_s)
        return self._connection

    @property
    def stub(self) -> toy.Stub:
        """The toy's client."""
        return toy.Stub(self.connection.channel)

    def submit(self, heavy: bool = False, **fields: Any) -> Any:
        """Submit a count; answers the operation."""
        stub = self.stub
        request = stub.m.CountRequest(**fields)
        return self.connection.submit(stub.HeavyCount if heavy else stub.Count, request)

    def run(self, heavy: bool = False, **fields: Any) -> tuple[Any, Any, str]:
        """Submit and wait; answers (operation, metadata, state)."""
        operation = self.connection.wait(self.submit(heavy, **fields).name)
        metadata = metadata_of(operation)
        return operation, metadata, state_name(metadata)

    def wait_for(self, name: str, good: Callable[[Any], bool], timeout_s: float = 20) -> Any:
        """Poll the metadata until it is as wanted."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            metadata = metadata_of(self.connection.get(name))
            if good(metadata):
                return metadata
            time.sleep(0.02)
        raise AssertionError(f"{name} stayed {metadata}")

    def total(self, operation: Any) -> int:
        """The result's number."""
        return int(self.connection.result(operation, self.stub.m.Count).total)

    def processes(self) -> list[int]:
        """Living workers and their children."""
        return marked_processes(self.home)

    def kill(self) -> None:
        """SIGKILL the server only."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._close_pipe()

    def stop(self) -> int:
        """SIGTERM and wait."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self._close_pipe()
            self.process.poll() is None and self.process.kill()

    def _close_pipe(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()


def gone(pids: list[int], timeout_s: float = 5) -> bool:
    """True once none of the processes lives any more."""
    end = time.monotonic() + timeout_s
    while any(Path(f"/proc/{pid}").exists() and not _zombie(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextmanager
def a_server(home: Path, **env: str) -> Iterator[ServerProcess]:
    """A started server that is stopped at the end and leaves no process."""
    made = ServerProcess(home, **env)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        assert gone(made.processes()), "processes were left behind"


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A folder with a path that is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    """One server for all tests of a file."""
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder, a_server(Path(folder)) as made:
        yield made


@pytest.fixture
def running_server(short_dir: Path) -> Callable[..., Any]:
    """Makes a server of a test's own: ``with running_server(CISLEX_…="…") as server``."""
    return lambda **env: a_server(short_dir, **env)
