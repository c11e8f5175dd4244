"""The reconciler: a level-triggered loop that makes ledger and engine agree. One owner per ledger and service.

It looks at what is, not at what happened: after a restart the same rules lead on. It is woken by news (a submission, a
cancel, a worker's message) and looks by itself every second.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cislex_core.artifacts import LocalStore
from cislex_core.errors import CislexError, Reason
from cislex_core.settings import Settings

from cislex_runtime import names, states
from cislex_runtime.engine import AttemptSpec, Engine, Exit, Observation, Outcome, Phase
from cislex_runtime.ledger import EndAttempt, Ledger, Operation, Resource, StartAttempt, StoreResult, Write
from cislex_runtime.outcomes import error_json
from cislex_runtime.resources import Resources

log = logging.getLogger("cislex.reconciler")
LOOK_EVERY_S = 1.0
#: Pre-empted starts are not counted as failures, but even they end some time: the task may be what kills the server.
MAX_STARTS = 50


class Reconciler:
    """Drives the operations of ``tasks`` on ``engine``. Call ``run`` in a thread of its own."""

    def __init__(
        self, ledger: Ledger, engine: Engine, store: LocalStore, resources: Resources, settings: Settings,
        tasks: Callable[[], Sequence[str]],
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._engine = engine
        self._store = store
        self._resources = resources
        self._settings = settings
        self._tasks = tasks
        self._news = threading.Event()
        self._stopped = False
        self._draining = False
        self._not_before = 0.0
        self._seen: dict[str, int] = {}
        self._given_up: dict[str, tuple[Reason, str]] = {}

    def wake(self) -> None:
        """There are news; callable from any thread."""
        self._news.set()

    def stop(self) -> None:
        """End ``run`` after the current look."""
        self._stopped = True
        self._news.set()

    def drain(self) -> None:
        """Start no further attempts."""
        self._draining = True

    def run(self) -> None:
        """Look, wait for news, look again."""
        while not self._stopped:
            self._news.clear()
            try:
                self.look()
            except Exception:
                log.exception("the reconciler could not finish a look; it tries again")
                time.sleep(0.2)
            self._news.wait(self._next_look_s())

    def look(self) -> None:
        """One pass over all operations that are not done."""
        operations = self._ledger.in_states((*states.PENDING, *states.ACTIVE), self._tasks())
        active = [op for op in operations if op.state in states.ACTIVE and op.attempt]
        seen = self._engine.observe([_ref(op) for op in active])
        for operation in active:
            self._follow(operation, seen[_ref(operation)])
        self._start_pending()

    def _next_look_s(self) -> float:
        return LOOK_EVERY_S if not self._not_before else max(0.0, min(LOOK_EVERY_S, self._not_before - time.time()))

    # ---- active operations ------------------------------------------------------------------------------------

    def _follow(self, operation: Operation, seen: Observation) -> None:
        ref = _ref(operation)
        if seen.phase is Phase.EXITED and seen.outcome is not None:
            self._record_reports(operation, seen)
            self._finish(operation, seen.outcome)
            self._engine.forget(ref)
            return
        if seen.phase is Phase.LOST and not seen.counted:
            self._finish(operation, Outcome(Exit.PREEMPTED))
            return
        if seen.phase is Phase.LOST:
            reason, text = self._given_up.pop(ref, (Reason.WORKER_LOST, f"the worker was lost: {seen.detail}"))
            self._finish(operation, _lost(reason, text))
            self._engine.forget(ref)
            return
        if operation.cancel_requested:
            self._engine.stop(ref, self._settings.stop_grace_s)
        elif seen.silent_s > self._settings.heartbeat_timeout_s:
            self._give_up(ref, Reason.WORKER_LOST, f"the worker gave no sign of life for {seen.silent_s:.0f} s")
        elif seen.idle_s > self._settings.stall_timeout_s:
            self._give_up(ref, Reason.STALLED, f"the task reported nothing for {seen.idle_s:.0f} s")
        self._record_reports(operation, seen)

    def _give_up(self, ref: str, reason: Reason, text: str) -> None:
        if ref not in self._given_up:
            log.warning("%s: %s; stopping it", ref, text)
            self._given_up[ref] = (reason, text)
            self._engine.stop(ref, min(1.0, self._settings.stop_grace_s))

    def _record_reports(self, operation: Operation, seen: Observation) -> None:
        ref = _ref(operation)
        if seen.phase is Phase.INITIALIZING or seen.revision <= self._seen.get(ref, 0):
            return
        # The end of a task that has nothing to add is written once, with the outcome.
        if seen.phase is Phase.EXITED and not (seen.progress or seen.message or seen.warnings):
            return
        self._seen[ref] = seen.revision

        def step(op: Operation) -> Operation | None:
            if op.attempt != operation.attempt or op.done:
                return None
            warnings = list(op.snapshot.get("warnings", []))
            warnings += [dict(w) for w in seen.warnings if dict(w) not in warnings]
            new = op.with_snapshot(
                progress=seen.progress or op.snapshot.get("progress", {}),
                metrics={**op.snapshot.get("metrics", {}), **seen.metrics},
                message=seen.message or op.snapshot.get("message", ""),
                warnings=warnings,
            )
            if seen.running_at is not None:
                new = new.with_time("running", seen.running_at)
            state = states.RUNNING if op.state == states.INITIALIZING else op.state
            return replace(new, state=state)

        self._ledger.change(operation.id, step)

    # ---- ends -------------------------------------------------------------------------------------------------

    def _finish(self, operation: Operation, outcome: Outcome) -> None:
        """Commit an attempt's outcome, unless the attempt is no longer the current one."""
        now = time.time()
        attempt = operation.attempt
        self._seen.pop(_ref(operation), None)
        self._given_up.pop(_ref(operation), None)
        resource = None
        if outcome.exit is Exit.OK:
            try:
                self._resources.check_summary(outcome.kind, outcome.summary)
                resource = self._resource(operation, outcome)
            except CislexError as error:
                outcome = replace(outcome, exit=Exit.USER, error=error_json(error))
        end = EndAttempt(operation.id, attempt, outcome.to_json(), now)
        also: list[Write] = [end]
        if resource is not None:
            also.append(StoreResult(operation.request["cache_key"], resource))

        def step(op: Operation) -> Operation | None:
            if op.attempt != attempt or op.done:
                log.warning("%s attempt %d ended late and is ignored", op.id, attempt)
                return None
            return self._after(op, outcome, resource, now)

        # One transaction: a late attempt leaves neither a result nor a cache entry.
        new = self._ledger.change(operation.id, step, also)
        if new is None:
            self._ledger.end_attempt(end)
        elif new.done:
            shutil.rmtree(self._checkpoints(new.id), ignore_errors=True)
            log.info("%s %s %s after attempt %d", new.task, new.id, new.state, new.attempt)

    def _after(self, op: Operation, outcome: Outcome, resource: Resource | None, now: float) -> Operation:
        op = op.with_snapshot(usage=outcome.usage or op.snapshot.get("usage", {}))
        if outcome.exit is Exit.OK and resource is not None:
            return succeeded(op, resource, now)
        if op.cancel_requested:
            return cancelled(op, now)
        if outcome.exit in (Exit.PREEMPTED, Exit.CANCELLED):
            # Not counted: nobody asked for a cancel, so the worker was told to go, or the server was restarted.
            if op.attempt >= MAX_STARTS:
                text = f"gave up after {op.attempt} starts; the last were cut off from outside"
                return failed(op, error_json(CislexError(Reason.WORKER_LOST, text)), now)
            return replace(op, state=states.QUEUED).with_snapshot(message="pre-empted; will start again")
        error = outcome.error or {}
        if outcome.exit is Exit.USER:
            return failed(op, error, now)
        failures = op.failures + 1
        op = replace(op, failures=failures)
        if outcome.exit is Exit.OUT_OF_MEMORY:
            smaller = self._smaller(op)
            if smaller is None or failures >= self._settings.max_attempts:
                return failed(op, _memory_error(op, error, outcome.usage), now)
            text = f"memory ran out; trying again with batch_size {smaller['batch_size']}"
            warnings = [*op.snapshot.get("warnings", []), {"reason": Reason.OUT_OF_MEMORY.name, "message": text}]
            op = op.with_snapshot(overrides=smaller, warnings=warnings)
            return replace(op, state=states.QUEUED).with_snapshot(message=text)
        if failures >= self._settings.max_attempts:
            error = {**error, "message": f"{error['message']} ({failures} attempts were made)"}
            error["metadata"] = {**error.get("metadata", {}), "attempts": str(failures)}
            return failed(op, error, now)
        wait = self._settings.backoff_s * 2 ** (failures - 1)
        text = f"attempt {op.attempt} failed ({error['message']}); trying again"
        return replace(op, state=states.QUEUED, not_before=now + wait).with_snapshot(message=text)

    def _smaller(self, op: Operation) -> dict[str, Any] | None:
        """Half the batch, and twice the accumulation where a task has it, so that a step sees as many examples."""
        spec = {**op.request["spec"], **op.snapshot.get("overrides", {})}
        batch = spec.get("batch_size")
        if not isinstance(batch, int) or batch < 2:
            return None
        smaller: dict[str, Any] = {"batch_size": batch // 2}
        if isinstance(spec.get("accumulation"), int):
            smaller["accumulation"] = spec["accumulation"] * 2
        return smaller

    def _resource(self, op: Operation, outcome: Outcome) -> Resource:
        collection = self._resources.collection(outcome.kind)
        return Resource(
            name=names.resource_name(op.tenant, collection, outcome.artifact),
            tenant=op.tenant,
            collection=collection,
            kind=outcome.kind,
            digest=outcome.artifact,
            size_bytes=outcome.size_bytes,
            summary=outcome.summary,
            op_id=op.id,
            created_at=time.time(),
        )

    def _checkpoints(self, op_id: str) -> Path:
        return self._settings.home / "checkpoints" / op_id

    # ---- pending operations -----------------------------------------------------------------------------------

    def _start_pending(self) -> None:
        # Read again: what just ended may be pending now, and may have given a result that another one waits for.
        operations = self._ledger.in_states((*states.PENDING, *states.ACTIVE), self._tasks())
        running = {op.request["cache_key"] for op in operations if op.state in (states.INITIALIZING, states.RUNNING)}
        now = time.time()
        later = [op.not_before for op in operations if op.state in states.PENDING and op.not_before > now]
        self._not_before = min(later, default=0.0)
        capacity = self._engine.capacity()
        for op in operations:
            if op.cancel_requested and (op.state in states.PENDING or op.attempt == 0):
                self._ledger.change(op.id, lambda o: None if o.done else cancelled(o, time.time()))
                continue
            if op.state not in states.PENDING:
                continue
            if self._use_cache(op) or self._draining:
                continue
            heavy = op.request["heavy"]
            if op.not_before > now:
                self._wait(op, op.snapshot.get("message", ""))
            elif op.request["cache_key"] in running:
                self._wait(op, "an equal operation is running; its result will be used")
            elif not capacity.takes(heavy):
                self._wait(op, "waiting for a free slot")
            elif self._start(op):
                running.add(op.request["cache_key"])
                capacity = self._engine.capacity()

    def _wait(self, op: Operation, message: str) -> None:
        if op.state == states.QUEUED or op.snapshot.get("message", "") != message:

            def step(o: Operation) -> Operation | None:
                if o.state not in states.PENDING or o.cancel_requested:
                    return None
                return replace(o, state=states.WAITING).with_snapshot(message=message)

            self._ledger.change(op.id, step)

    def _use_cache(self, op: Operation) -> bool:
        digest = self._ledger.cached_result(op.request["cache_key"])
        resource = find_cached(self._ledger, self._store, self._resources, op.tenant, digest, op.id)
        if resource is None:
            return False

        def step(o: Operation) -> Operation | None:
            if o.state not in states.PENDING or o.cancel_requested:
                return None
            return succeeded(o.with_snapshot(cache_hit=True), resource, time.time())

        return self._ledger.change(op.id, step) is not None

    def _start(self, op: Operation) -> bool:
        now = time.time()

        def step(o: Operation) -> Operation | None:
            if o.state not in states.PENDING or o.cancel_requested or o.attempt != op.attempt:
                return None
            new = replace(o, state=states.INITIALIZING, attempt=o.attempt + 1)
            return new.with_snapshot(message="", progress={}).with_time("started", now)

        number = op.attempt + 1
        start = StartAttempt(op.id, number, self._engine.name, f"{op.id}/{number}", now)
        new = self._ledger.change(op.id, step, [start])
        if new is None:
            return False
        request = new.request
        attempt = AttemptSpec(
            op_id=new.id,
            attempt=new.attempt,
            task=new.task,
            spec=request["spec"],
            kind=request["kind"],
            files=request["files"],
            overrides=new.snapshot.get("overrides", {}),
            heavy=request["heavy"],
        )
        self._engine.submit(attempt)
        return True


def find_cached(
    ledger: Ledger, store: LocalStore, resources: Resources, tenant: str, digest: str | None, op_id: str
) -> Resource | None:
    """The resource of a cached artifact, if the store still holds it; named in ``tenant`` when it was not yet."""
    if digest is None:
        return None
    try:
        artifact = store.open_artifact(digest)
    except CislexError:
        ledger.forget_results(digest)
        return None
    collection = resources.collection(artifact.kind)
    name = names.resource_name(tenant, collection, digest)
    existing = ledger.get_resource(name)
    if existing is not None:
        return existing
    manifest = artifact.manifest
    return ledger.add_resource(
        Resource(
            name, tenant, collection, artifact.kind, digest, manifest.total_bytes, manifest.summary, op_id, time.time()
        )
    )


def succeeded(op: Operation, resource: Resource, now: float) -> Operation:
    """The operation, done with a result."""
    done = replace(op, state=states.SUCCEEDED).with_snapshot(resource=resource.name, message="")
    return done.with_time("finished", now)


def failed(op: Operation, error: dict[str, Any], now: float) -> Operation:
    """The operation, failed."""
    return (
        replace(op, state=states.FAILED).with_snapshot(error=error, message=error["message"]).with_time("finished", now)
    )


def cancelled(op: Operation, now: float) -> Operation:
    """The operation, cancelled."""
    error = error_json(CislexError(Reason.CANCELLED, "cancelled on request"))
    return replace(op, state=states.CANCELLED).with_snapshot(error=error, message="").with_time("finished", now)


def _ref(op: Operation) -> str:
    return f"{op.id}/{op.attempt}"


def _lost(reason: Reason, text: str) -> Outcome:
    return Outcome(Exit.RETRY, error=error_json(CislexError(reason, text)))


def _memory_error(op: Operation, error: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    spec = {**op.request["spec"], **op.snapshot.get("overrides", {})}
    batch = spec.get("batch_size")
    peak = max(usage.get("peak_memory_bytes", 0), usage.get("peak_device_memory_bytes", 0))
    needed = f"more than {peak / 2**30:.2f} GiB was needed" + (f" at batch_size {batch}" if batch else "")
    return {
        **error,
        "message": f"{error.get('message', 'memory ran out')}; {needed}: lower the batch size or the input, or take a "
        "machine with more memory",
        "metadata": {**error.get("metadata", {}), "peak_bytes": str(peak), "batch_size": str(batch or "")},
    }
