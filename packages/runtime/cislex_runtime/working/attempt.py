"""Running one attempt: find the task, run it, commit what it wrote. The same for warm workers and for jobs."""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any

from cislex_core.errors import CislexError, Reason
from cislex_core.manifests import Artifact, Manifest
from cislex_core.stores import Store
from cislex_core.tasks import Task, TaskSpec

from cislex_runtime.engines.engine import AttemptSpec, Exit, Outcome
from cislex_runtime.specs import find_info, inputs_of
from cislex_runtime.telemetry import logs, tracing
from cislex_runtime.working.outcomes import outcome_of
from cislex_runtime.working.task_io import WorkerInputs, WorkerOut, WorkerProgress, refuse_nan

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


def run_attempt(
    attempt: AttemptSpec, store: Store, progress: WorkerProgress, begin: Callable[[], None] = lambda: None
) -> Outcome:
    """Run a task and commit its folder; whatever it raises becomes the outcome, so this raises nothing.

    ``begin`` is called once the code is loaded and the task starts. The folders of ``progress`` must exist; the scratch
    folder is removed at the end.
    """
    about = {"operation": attempt.op_id, "attempt": attempt.attempt, "tenant": attempt.tenant}
    logs.mark_process(**about, request_id=attempt.request_id)
    named = {f"cislex.{name}": value for name, value in about.items()}
    try:
        with tracing.span(f"attempt {attempt.task}", tracing.CONSUMER, attempt.trace, named) as span:
            outcome = _run(attempt, store, progress, begin)
            if outcome.exit is not Exit.OK:
                tracing.fail(span, (outcome.error or {}).get("reason", outcome.exit.name))
            return outcome
    finally:
        logs.mark_process()


def _run(attempt: AttemptSpec, store: Store, progress: WorkerProgress, begin: Callable[[], None]) -> Outcome:
    meter = Meter()
    staged = None
    try:
        progress.check_cancel()
        with tracing.span("load"):
            function = find_task(attempt.task)
            info = find_info(attempt.task)
            spec = info.spec.model_validate({**attempt.spec, **attempt.overrides})
        staged = store.stage()
        out = WorkerOut(staged, attempt.kind)
        begin()
        with tracing.span("task"):
            function(spec, WorkerInputs(store, attempt.files), out, progress)
            progress.flush()
        with tracing.span("commit"):
            artifact = _commit(store, spec, out)
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
        for folder in (staged, progress.scratch_dir):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        store.release()
        _release_memory()


def start_guard(life_fd: int) -> subprocess.Popen[bytes]:
    """Start the shell that kills this process group when the pipe's other end closes."""
    guard = subprocess.Popen(
        ["/bin/sh", "-c", "trap '' TERM INT HUP; read _; kill -KILL 0"],
        stdin=life_fd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
    )
    os.close(life_fd)
    return guard


def _commit(store: Store, spec: TaskSpec, out: WorkerOut) -> Artifact:
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
    return store.commit_artifact(out.dir, manifest)


class Meter:
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
