"""A worker process: runs attempts one after another, stays warm between them, loads heavy code only when a task does.

Started by the local engine as ``python -m cislex_runtime.working.worker`` in its own session. Speaks newline-delimited
JSON over the socket whose number is in CISLEX_WORKER_FD:

    engine → worker  {"run": AttemptSpec} · {"cancel": ref}
    worker → engine  {"ready": true} · {"begin": ref} · {"beat": ref} · {"report": …, "ref": ref}
                     {"outcome": …, "ref": ref}

When the engine's process dies, a guard (a shell that waits on a pipe which only the engine holds open) kills the whole
process group, whatever this process is doing: nothing is orphaned.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

from cislex_core.stores import Store, open_store

from cislex_runtime.engines.engine import AttemptSpec, Outcome
from cislex_runtime.telemetry import logs, tracing
from cislex_runtime.working.attempt import run_attempt, start_guard
from cislex_runtime.working.outcomes import outcome_of
from cislex_runtime.working.task_io import WorkerProgress

HEARTBEAT_S = 1.0


class Worker:
    """Owns the socket to the engine and the attempt that runs now."""

    def __init__(self, connection: socket.socket, store: Store, home: Path) -> None:
        self._socket = connection
        self._store = store
        self._home = home
        self._send_lock = threading.Lock()
        self._todo: list[AttemptSpec] = []
        self._news = threading.Condition()
        self._ref = ""
        self._progress: WorkerProgress | None = None
        self._terminated = False

    def send(self, message: dict[str, Any]) -> None:
        """Send one message to the engine."""
        data = json.dumps(message).encode() + b"\n"
        with self._send_lock:
            self._socket.sendall(data)

    def serve(self) -> None:
        """Run attempts until the engine goes away or SIGTERM comes."""
        threading.Thread(target=self._listen, daemon=True, name="listen").start()
        threading.Thread(target=self._beat, daemon=True, name="beat").start()
        self.send({"ready": True})
        while not self._terminated:
            with self._news:
                while not self._todo and not self._terminated:
                    self._news.wait(0.5)  # a timeout, so that signal handlers run
                if not self._todo:
                    break
                attempt = self._todo.pop(0)
            outcome = self._run(attempt)
            self.send({"outcome": outcome.to_json(), "ref": attempt.ref})
            tracing.flush_soon()

    def terminate(self) -> None:
        """SIGTERM: the running task is pre-empted at its next checkpoint, then the worker ends."""
        self._terminated = True
        if self._progress is not None:
            self._progress.preempted.set()

    def _listen(self) -> None:
        with self._socket.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if "run" in message:
                    with self._news:
                        self._todo.append(AttemptSpec.from_json(message["run"]))
                        self._news.notify()
                elif message.get("cancel") == self._ref and self._progress is not None:
                    self._progress.cancelled.set()
        os.killpg(0, signal.SIGKILL)

    def _beat(self) -> None:
        while True:
            time.sleep(HEARTBEAT_S)
            progress, ref = self._progress, self._ref
            with contextlib.suppress(OSError):
                if progress is not None:
                    progress.flush()
                self.send({"beat": ref})

    def _run(self, attempt: AttemptSpec) -> Outcome:
        checkpoints = self._home / "checkpoints" / attempt.op_id
        scratch = self._home / "scratch" / str(os.getpid())
        try:
            for folder in (checkpoints, scratch):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return outcome_of(error, {})[0]
        self._ref = attempt.ref
        progress = WorkerProgress(
            lambda report: self.send({"report": report, "ref": attempt.ref}), checkpoints, scratch
        )
        self._progress = progress
        if self._terminated:
            progress.preempted.set()
        try:
            return run_attempt(attempt, self._store, progress, lambda: self.send({"begin": attempt.ref}))
        finally:
            self._ref, self._progress = "", None


def main() -> None:
    """Entry of the process."""
    logs.set_up_worker()
    tracing.start_worker()
    start_guard(int(os.environ["CISLEX_LIFE_FD"]))
    home = Path(os.environ["CISLEX_WORKER_HOME"])
    connection = socket.socket(fileno=int(os.environ["CISLEX_WORKER_FD"]))
    os.set_inheritable(connection.fileno(), False)
    store = open_store(os.environ["CISLEX_WORKER_STORE"], cache_dir=home / "cache" / "store")
    worker = Worker(connection, store, home)
    signal.signal(signal.SIGTERM, lambda *_: worker.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file-size limit becomes OSError(EFBIG)
    worker.serve()
    tracing.stop()
    os.killpg(0, signal.SIGKILL)  # the guard and any child that a task left behind


if __name__ == "__main__":
    main()
