"""The ``local`` engine: warm worker processes on this machine, one per slot, each in its own session and process group.

Heavy slots (one per GPU, or one) take any task; light slots take light tasks only, so that these run while a training
goes. A worker that dies is replaced; what it ran is LOST. Works with threads only: spawn (exec), never fork.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from cislex_runtime.devices import cuda_is_impossible, gpu_ids, usable_cpus
from cislex_runtime.engines.engine import AttemptSpec, Capacity, Observation, Outcome, Phase
from cislex_runtime.engines.leftovers import (
    WORKERS_FILE,
    WorkerRecord,
    describe_status,
    kill_leftovers,
    process_start,
)
from cislex_runtime.engines.resident import resident_bytes
from cislex_runtime.engines.slots import Slot, kill_group, reap_group

log = logging.getLogger("cislex.engine")


@dataclass
class _Run:
    observation: Observation
    slot: Slot
    reported_at: float
    stop_deadline: float | None = None
    timer: threading.Timer | None = field(default=None, repr=False)
    tenant: str = ""


class LocalEngine:
    """See :class:`cislex_runtime.engines.engine.Engine`."""

    name = "local"
    away = ""

    def __init__(
        self,
        home: Path,
        store: Path | str,
        heavy_slots: int | None = None,
        light_slots: int = 1,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        self._store = store
        self._env = dict(env or {})
        gpus = gpu_ids()
        count = heavy_slots if heavy_slots is not None else max(1, len(gpus))
        cpus = usable_cpus()
        self.gpus = len(gpus)
        self.no_cuda = cuda_is_impossible()
        self._slots = [
            Slot(i, True, gpus[i % len(gpus)] if gpus else None, max(1, cpus // count)) for i in range(count)
        ]
        self._slots += [Slot(i, False, None, max(1, cpus // 2)) for i in range(light_slots)]
        self._runs: dict[str, _Run] = {}
        self._lock = threading.RLock()
        self._wake: Callable[[], None] = lambda: None
        self._closing = False

    # ---- the port ---------------------------------------------------------------------------------------------

    def start(self, wake: Callable[[], None]) -> None:
        """Kill what a former owner left, then start one worker per slot (they load in the background)."""
        self._wake, self._closing = wake, False
        self._runs.clear()
        for folder in ("logs", "scratch", "checkpoints", "cache"):
            (self._home / folder).mkdir(parents=True, exist_ok=True)
        kill_leftovers(self._home)
        for left in (self._home / "scratch").iterdir():
            shutil.rmtree(left, ignore_errors=True)
        with self._lock:
            for slot in self._slots:
                self._spawn(slot)

    def submit(self, attempt: AttemptSpec) -> str:
        """Hand an attempt to the best free slot."""
        with self._lock:
            if attempt.ref in self._runs:
                return attempt.ref
            # Light tasks prefer light slots, and the slot with the smallest index, whose worker is likeliest warm.
            free = sorted(self._free(attempt.heavy), key=lambda s: (s.heavy, s.index))
            if not free:
                raise RuntimeError(f"no free slot for {attempt.ref}")
            slot = free[0]
            if slot.process is None:
                self._spawn(slot)
            slot.ref = attempt.ref
            now = time.monotonic()
            slot.heard_at = now
            self._runs[attempt.ref] = _Run(Observation(Phase.INITIALIZING), slot, now, tenant=attempt.tenant)
            if not slot.say({"run": attempt.to_json()}):
                log.warning("worker %s went away before it took %s", slot.name, attempt.ref)
        return attempt.ref

    def observe(self, refs: Iterable[str]) -> Mapping[str, Observation]:
        """State of attempts."""
        now = time.monotonic()
        answer = {}
        with self._lock:
            for ref in refs:
                run = self._runs.get(ref)
                if run is None:
                    answer[ref] = Observation(Phase.LOST, counted=False, detail="the engine was restarted")
                elif run.observation.phase in (Phase.EXITED, Phase.LOST):
                    answer[ref] = run.observation
                else:
                    answer[ref] = replace(
                        run.observation, silent_s=now - run.slot.heard_at, idle_s=now - run.reported_at
                    )
        return answer

    def stop(self, ref: str, grace_s: float) -> None:
        """Ask, then kill the process group after the grace."""
        with self._lock:
            run = self._runs.get(ref)
            if run is None or run.observation.phase in (Phase.EXITED, Phase.LOST):
                return
            deadline = time.monotonic() + grace_s
            if run.stop_deadline is not None and run.stop_deadline <= deadline:
                return
            run.stop_deadline = deadline
            if run.timer is not None:
                run.timer.cancel()
            run.slot.say({"cancel": ref})
            run.timer = threading.Timer(grace_s, self._kill_run, [ref])
            run.timer.daemon = True
            run.timer.start()

    def forget(self, ref: str) -> None:
        """Drop an ended attempt."""
        with self._lock:
            run = self._runs.get(ref)
            if run is not None and run.observation.phase in (Phase.EXITED, Phase.LOST):
                del self._runs[ref]

    def capacity(self) -> Capacity:
        """Free slots; a slot whose worker still starts counts as free."""
        with self._lock:
            free = self._free(heavy=False)
        return Capacity(heavy=sum(s.heavy for s in free), light=sum(not s.heavy for s in free))

    def clear(self, op_id: str) -> None:
        """Drop an operation's checkpoints."""
        shutil.rmtree(self._home / "checkpoints" / op_id, ignore_errors=True)

    def check(self) -> None:
        """Workers are started when they are needed: nothing to ask."""

    def close(self, grace_s: float) -> None:
        """SIGTERM to all workers, then kill their groups."""
        with self._lock:
            self._closing = True
            processes = [(slot, slot.process) for slot in self._slots if slot.process is not None]
            for slot, process in processes:
                if slot.ref:
                    with contextlib.suppress(ProcessLookupError):
                        process.send_signal(signal.SIGTERM)
                else:
                    kill_group(process)
        deadline = time.monotonic() + grace_s
        for slot, process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            kill_group(process)
            process.wait()
            with self._lock:
                slot.close_files()
        with self._lock:
            self._record()

    # ---- inside -----------------------------------------------------------------------------------------------

    def pids(self) -> list[int]:
        """Pids of the living workers (each is its own process group)."""
        with self._lock:
            return [s.process.pid for s in self._slots if s.process is not None and s.process.poll() is None]

    def memory_by_tenant(self) -> dict[str, int]:
        """Resident bytes of the workers that run attempts now."""
        with self._lock:
            busy = [(self._runs[slot.ref].tenant, slot.process) for slot in self._slots if slot.ref in self._runs]
        found: dict[str, int] = {}
        for tenant, process in busy:
            if process is not None:
                found[tenant] = found.get(tenant, 0) + resident_bytes(process.pid)
        return found

    def _free(self, heavy: bool) -> list[Slot]:
        return [slot for slot in self._slots if not slot.ref and (slot.heavy or not heavy)]

    def _spawn(self, slot: Slot) -> None:
        if self._closing:
            return
        process, lines = slot.start(self._home, self._store, self._env, bool(self.gpus))
        self._record()
        threading.Thread(
            target=self._listen, args=(slot, process, lines), daemon=True, name=f"hear-{slot.name}"
        ).start()

    def _listen(self, slot: Slot, process: subprocess.Popen[bytes], lines: BinaryIO) -> None:
        try:
            with lines:
                for line in lines:
                    self._hear(slot, json.loads(line))
        except OSError:
            pass
        status = process.wait()
        kill_group(process)
        self._gone(slot, process, status)
        reap_group(process)

    def _hear(self, slot: Slot, message: dict[str, Any]) -> None:
        with self._lock:
            now = time.monotonic()
            slot.heard_at = now
            if message.get("ready"):
                slot.ready = True
                return
            ref = message.get("ref") or message.get("begin") or ""
            run = self._runs.get(ref)
            if run is None or run.slot is not slot or run.observation.phase in (Phase.EXITED, Phase.LOST):
                return
            seen = run.observation
            if "begin" in message:
                run.observation = replace(seen, phase=Phase.RUNNING, revision=seen.revision + 1, running_at=time.time())
                run.reported_at = now
            elif "report" in message:
                report = message["report"]
                run.observation = replace(
                    seen,
                    phase=Phase.RUNNING,
                    revision=seen.revision + 1,
                    progress=report["progress"],
                    metrics=report["metrics"],
                    message=report["message"],
                    warnings=tuple(report["warnings"]),
                )
                run.reported_at = now
            elif "outcome" in message:
                run.observation = replace(
                    seen,
                    phase=Phase.EXITED,
                    revision=seen.revision + 1,
                    outcome=Outcome.from_json(message["outcome"]),
                )
                if run.timer is not None:
                    run.timer.cancel()
                slot.ref = ""
            else:
                return
        self._wake()

    def _gone(self, slot: Slot, process: subprocess.Popen[bytes], status: int) -> None:
        with self._lock:
            if slot.process is not process:
                return
            ref, slot.ref = slot.ref, ""
            run = self._runs.get(ref)
            if run is not None and run.observation.phase not in (Phase.EXITED, Phase.LOST):
                run.observation = replace(
                    run.observation,
                    phase=Phase.LOST,
                    revision=run.observation.revision + 1,
                    detail=describe_status(status),
                )
                if run.timer is not None:
                    run.timer.cancel()
            slot.close_files()
            shutil.rmtree(self._home / "scratch" / str(process.pid), ignore_errors=True)
            quick = not slot.ready
            slot.process = None
            if not self._closing:
                log.warning("worker %s ended: %s", slot.name, describe_status(status))
                if quick:
                    # A worker that cannot even start is not started again in a hurry: the next submit tries.
                    log.error("worker %s did not start; see %s", slot.name, self._home / "logs")
                else:
                    self._spawn(slot)
        self._wake()

    def _kill_run(self, ref: str) -> None:
        with self._lock:
            run = self._runs.get(ref)
            if run is None or run.observation.phase in (Phase.EXITED, Phase.LOST) or run.slot.ref != ref:
                return
            if run.slot.process is not None:
                kill_group(run.slot.process)

    def _record(self) -> None:
        records = [
            WorkerRecord(slot.process.pid, process_start(slot.process.pid))
            for slot in self._slots
            if slot.process is not None and slot.process.poll() is None
        ]
        temporary = self._home / (WORKERS_FILE + ".tmp")
        temporary.write_text(json.dumps([record.__dict__ for record in records]))
        temporary.replace(self._home / WORKERS_FILE)
