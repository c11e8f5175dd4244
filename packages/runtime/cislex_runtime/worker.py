"""A worker process: runs attempts one after another, stays warm between them, loads heavy code only when a task does.

Started by the local engine as ``python -m cislex_runtime.worker`` in its own session. Speaks newline-delimited JSON
over the socket whose number is in CISLEX_WORKER_FD:

    engine → worker  {"run": AttemptSpec} · {"cancel": ref}
    worker → engine  {"ready": true} · {"begin": ref} · {"beat": ref} · {"report": …, "ref": ref}
                     {"outcome": …, "ref": ref}

When the engine's process dies, a guard (a shell that waits on a pipe which only the engine holds open) kills the whole
process group, whatever this process is doing: nothing is orphaned.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

from cislex_core.artifacts import Artifact, LocalStore, Manifest
from cislex_core.errors import CislexError, Reason
from cislex_core.tasks import Task, TaskSpec

from cislex_runtime.engine import AttemptSpec, Exit, Outcome
from cislex_runtime.outcomes import outcome_of
from cislex_runtime.specs import find_info, inputs_of
from cislex_runtime.task_io import Preempted, WorkerInputs, WorkerOut, WorkerProgress, refuse_nan

HEARTBEAT_S = 1.0
log = logging.getLogger("cislex.worker")


def find_task(name: str) -> Task:
    """The function of a task: from CISLEX_EXTRA_TASKS (``module:DICT``, for tests) or the entry points."""
    extra = os.environ.get("CISLEX_EXTRA_TASKS", "")
    if extra:
        module, _, attribute = extra.partition(":")
        tasks = getattr(importlib.import_module(module), attribute)
        if name in tasks:
            return tasks[name]
    service = name.split(".")[0]
    for entry in entry_points(group="cislex.tasks"):
        if entry.name == service:
            tasks = entry.load()
            if name in tasks:
                return tasks[name]
    raise CislexError(Reason.INTERNAL, f"no installed package has the task {name}", task=name)


class Worker:
    """Owns the socket to the engine and the attempt that runs now."""

    def __init__(self, connection: socket.socket, store: LocalStore, home: Path) -> None:
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
        meter = _Meter()
        staged = None
        checkpoints = self._home / "checkpoints" / attempt.op_id
        scratch = self._home / "scratch" / str(os.getpid())
        try:
            self._ref = attempt.ref
            checkpoints.mkdir(parents=True, exist_ok=True)
            scratch.mkdir(parents=True, exist_ok=True)
            progress = WorkerProgress(
                lambda report: self.send({"report": report, "ref": attempt.ref}), checkpoints, scratch
            )
            self._progress = progress
            if self._terminated:
                raise Preempted
            function = find_task(attempt.task)
            info = find_info(attempt.task)
            spec = info.spec.model_validate({**attempt.spec, **attempt.overrides})
            staged = self._store.stage()
            out = WorkerOut(staged, attempt.kind)
            self.send({"begin": attempt.ref})
            function(spec, WorkerInputs(self._store, attempt.files), out, progress)
            progress.flush()
            artifact = self._commit(spec, out)
            return Outcome(
                Exit.OK, artifact=artifact.digest, size_bytes=artifact.manifest.total_bytes, kind=out.kind,
                summary=out.summary, usage=meter.read(),
            )  # fmt: skip
        except BaseException as error:
            outcome, text = outcome_of(error, meter.read())
            if text:
                log.error("%s attempt %s of %s: %s", attempt.task, attempt.attempt, attempt.op_id, text)
            return outcome
        finally:
            self._ref, self._progress = "", None
            for folder in (staged, scratch):
                if folder is not None:
                    shutil.rmtree(folder, ignore_errors=True)
            _release_memory()

    def _commit(self, spec: TaskSpec, out: WorkerOut) -> Artifact:
        refuse_nan(out.summary, "summary")
        refuse_nan(out.semantics, "semantics")
        manifest = Manifest(
            kind=out.kind,
            semantics=out.semantics,
            inputs=inputs_of(spec),
            spec=spec.digestable(),
            genome_digest=out.genome_digest,
            code_version=version("cislex-core"),
            tools=out.tools,
            seeds=list(out.seeds),
            summary=out.summary,
        )
        return self._store.commit_artifact(out.dir, manifest)


class _Meter:
    """Wall, CPU and memory of one task."""

    def __init__(self) -> None:
        self._wall = time.monotonic()
        self._cpu = self._cpu_seconds()
        self._children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        with contextlib.suppress(OSError):  # resets the high-water mark of this process; Linux only
            Path("/proc/self/clear_refs").write_text("5")
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            torch.cuda.reset_peak_memory_stats()

    @staticmethod
    def _cpu_seconds() -> float:
        times = os.times()
        return times.user + times.system + times.children_user + times.children_system

    def read(self) -> dict[str, Any]:
        """The figures of ops.proto's ResourceUsage."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        peak = max(_peak_rss_bytes(), children * 1024 if children > self._children else 0)
        device, device_peak = "cpu", 0
        torch = sys.modules.get("torch")
        if torch is not None and torch.cuda.is_initialized():
            device_peak = int(torch.cuda.max_memory_allocated())
            if device_peak:
                device = f"cuda:{torch.cuda.current_device()} {torch.cuda.get_device_name()}"
        return {
            "device": device,
            "peak_memory_bytes": peak,
            "peak_device_memory_bytes": device_peak,
            "wall_s": time.monotonic() - self._wall,
            "cpu_s": self._cpu_seconds() - self._cpu,
        }


def _peak_rss_bytes() -> int:
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _release_memory() -> None:
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def start_guard(life_fd: int) -> None:
    """Start the shell that kills this process group when the pipe's other end closes."""
    subprocess.Popen(
        ["/bin/sh", "-c", "trap '' TERM INT HUP; read _; kill -KILL 0"],
        stdin=life_fd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
    )
    os.close(life_fd)


def main() -> None:
    """Entry of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    start_guard(int(os.environ["CISLEX_LIFE_FD"]))
    home = Path(os.environ["CISLEX_WORKER_HOME"])
    connection = socket.socket(fileno=int(os.environ["CISLEX_WORKER_FD"]))
    os.set_inheritable(connection.fileno(), False)
    worker = Worker(connection, LocalStore(Path(os.environ["CISLEX_WORKER_STORE"])), home)
    signal.signal(signal.SIGTERM, lambda *_: worker.terminate())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file-size limit becomes OSError(EFBIG)
    worker.serve()
    os.killpg(0, signal.SIGKILL)  # the guard and any child that a task left behind


if __name__ == "__main__":
    main()
