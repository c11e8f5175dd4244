"""The places of a machine's workers: which process sits in each, how it is started, spoken to and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from cislex_runtime.devices import worker_environment
from cislex_runtime.engines.leftovers import MARK

MAX_WORKER_LOG_BYTES = 8 << 20


@dataclass
class Slot:
    """A place for one worker. Heavy ones have a GPU each where there are some."""

    index: int
    heavy: bool
    gpu: str | None
    threads: int
    process: subprocess.Popen[bytes] | None = None
    connection: socket.socket | None = None
    #: Our end of a pipe that the worker watches: it ends when this process does.
    life: int = -1
    #: The attempt that it runs.
    ref: str = ""
    ready: bool = False
    heard_at: float = 0.0

    @property
    def name(self) -> str:
        """``heavy-0``, ``light-1``, …"""
        return f"{'heavy' if self.heavy else 'light'}-{self.index}"

    def start(
        self, home: Path, store: Path | str, env: Mapping[str, str], with_gpus: bool
    ) -> tuple[subprocess.Popen[bytes], BinaryIO]:
        """Start a worker here; answers its process and what it will say, a JSON object a line.

        It writes to ``logs/worker-<name>.log``. ``with_gpus``: the machine has some, which belong to the heavy slots.
        """
        ours, theirs = socket.socketpair()
        life_read, life_write = os.pipe()
        log_path = home / "logs" / f"worker-{self.name}.log"
        with contextlib.suppress(FileNotFoundError):
            if log_path.stat().st_size > MAX_WORKER_LOG_BYTES:
                log_path.replace(log_path.with_suffix(".log.1"))
        environment = {**os.environ, **env}
        environment |= worker_environment(environment, self.threads, home / "cache")
        environment |= {
            "CISLEX_WORKER_FD": str(theirs.fileno()),
            "CISLEX_LIFE_FD": str(life_read),
            "CISLEX_WORKER_HOME": str(home),
            "CISLEX_WORKER_STORE": str(store),
            MARK: str(home),
            "PYTHONUNBUFFERED": "1",
        }
        if self.gpu is not None or with_gpus:
            environment["CUDA_VISIBLE_DEVICES"] = self.gpu or ""
        with open(log_path, "ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "cislex_runtime.working.worker"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=home,
                env=environment,
                pass_fds=[theirs.fileno(), life_read],
                start_new_session=True,
            )
        theirs.close()
        os.close(life_read)
        self.process, self.connection, self.life = process, ours, life_write
        self.ready, self.heard_at = False, time.monotonic()
        return process, cast(BinaryIO, ours.makefile("rb"))

    def say(self, message: dict[str, Any]) -> bool:
        """Send a message to the worker; False when it went away."""
        if self.connection is None:
            return False
        try:
            self.connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return False
        return True

    def close_files(self) -> None:
        """Close our ends of what joins us to a worker that has ended."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        if self.life >= 0:
            os.close(self.life)
            self.life = -1


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to a worker and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def reap_group(process: subprocess.Popen[bytes]) -> None:
    """The first process of a container inherits what a dead worker leaves: its guard would stay as a zombie."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-process.pid, 0)
