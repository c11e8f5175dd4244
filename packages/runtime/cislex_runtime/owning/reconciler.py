"""The reconciler: a level-triggered loop that makes ledger and engine agree. One owner per ledger and service.

It looks at what is, not at what happened: after a restart the same rules lead on. It is woken by news (a submission, a
cancel, a worker's message) and looks by itself every second.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from cislex_core.errors import CislexError, Reason
from cislex_core.settings import Settings
from cislex_core.stores import Store

from cislex_runtime import names, states
from cislex_runtime.engines.engine import Engine, Exit, Observation, Outcome, Phase
from cislex_runtime.ledger import EndAttempt, Ledger, Operation, Resource, StoreResult, Write
from cislex_runtime.owning.endings import after_attempt, lost
from cislex_runtime.owning.starting import Starter
from cislex_runtime.resources import Resources
from cislex_runtime.security.quotas import Quotas, usage_of
from cislex_runtime.telemetry import logs, metrics
from cislex_runtime.working.outcomes import error_json

log = logging.getLogger("cislex.reconciler")
LOOK_EVERY_S = 1.0
#: After a longer look, a pause as long: a long queue must not keep submissions from their turn.
LONG_LOOK_S = 0.1


class Reconciler:
    """Drives the operations of ``tasks`` on ``engine``. Call ``run`` in a thread of its own."""

    def __init__(
        self, ledger: Ledger, engine: Engine, store: Store, resources: Resources, settings: Settings,
        tasks: Callable[[], Sequence[str]], quotas: Quotas | None = None,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._engine = engine
        self._resources = resources
        self._settings = settings
        self._tasks = tasks
        self._starter = Starter(ledger, engine, store, resources, settings, tasks, quotas or Quotas(None, ledger))
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

    def run(self, still_owner: Callable[[], bool] = lambda: True) -> None:
        """Look, wait for news, look again; until ``stop``, or until this process is no longer the owner."""
        while not self._stopped and still_owner():
            self._news.clear()
            began = time.monotonic()
            try:
                self.look()
            except CislexError as error:
                log.warning("the reconciler could not finish a look: %s", error.message)
                time.sleep(LOOK_EVERY_S)
            except Exception:
                log.exception("the reconciler could not finish a look; it tries again")
                time.sleep(0.2)
            took = time.monotonic() - began
            self._news.wait(self._next_look_s())
            if took > LONG_LOOK_S:
                time.sleep(min(took, LOOK_EVERY_S))

    def look(self) -> None:
        """One pass over all operations that are not done."""
        active = [op for op in self._ledger.in_states(states.ACTIVE, self._tasks()) if op.attempt]
        seen = self._engine.observe([_ref(op) for op in active])
        for operation in active:
            with logs.about_operation(operation):
                self._follow(operation, seen[_ref(operation)])
        self._not_before = self._starter.start_what_can(self._draining)

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
            metrics.count_lost(operation.task, reason.name)
            self._finish(operation, lost(reason, text))
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
            begun = op.state == states.INITIALIZING and seen.phase is not Phase.PENDING
            state = states.RUNNING if begun else op.state
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
        used = usage_of(operation, outcome, self._engine.gpus > 0, now)
        also: list[Write] = [end, used]
        if resource is not None:
            also.append(StoreResult(operation.request["cache_key"], resource))

        def step(op: Operation) -> Operation | None:
            if op.attempt != attempt or op.done:
                log.warning("%s attempt %d ended late and is ignored", op.id, attempt)
                return None
            after = after_attempt(op, outcome, resource, now, self._settings.max_attempts, self._settings.backoff_s)
            return after if after.done else after.with_snapshot(pending_since=max(now, after.not_before))

        # One transaction: a late attempt leaves neither a result nor a cache entry.
        new = self._ledger.change(operation.id, step, also)
        if new is None:
            self._ledger.end_attempt(end, used)
            return
        metrics.count_end(new.task, new.tenant, outcome.exit.value, outcome.usage, used.gpu_s)
        if new.done:
            self._engine.clear(new.id)
            log.info("%s %s %s after attempt %d", new.task, new.id, new.state, new.attempt)

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


def _ref(op: Operation) -> str:
    return f"{op.id}/{op.attempt}"
