"""Pending operations: what starts now, what takes a known result, and why the rest waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from cislex_core.errors import RetryableError
from cislex_core.settings import Settings
from cislex_core.stores import Store

from cislex_runtime import states
from cislex_runtime.engines.engine import AttemptSpec, Engine
from cislex_runtime.ledger import Ledger, Operation, StartAttempt
from cislex_runtime.owning.endings import cancelled, succeeded
from cislex_runtime.owning.known_results import find_cached
from cislex_runtime.resources import Resources
from cislex_runtime.security.quotas import Quotas
from cislex_runtime.telemetry import logs, metrics, tracing

log = logging.getLogger("cislex.reconciler")
#: Operations that are told in one look why they wait: a long queue hears it over several looks.
TELL_MOST = 20


class Starter:
    """The half of the reconciler that looks at operations that do not run yet."""

    def __init__(
        self, ledger: Ledger, engine: Engine, store: Store, resources: Resources, settings: Settings,
        tasks: Callable[[], Sequence[str]], quotas: Quotas,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._engine = engine
        self._store = store
        self._resources = resources
        self._settings = settings
        self._tasks = tasks
        self._quotas = quotas
        self._may_tell = TELL_MOST

    def start_what_can(self, draining: bool) -> float:
        """One pass; with ``draining`` nothing starts. Answers when the next back-off ends (epoch seconds; 0: none)."""
        # Read again: what just ended may be pending now, and may have given a result that another one waits for.
        operations = self._ledger.in_states((*states.PENDING, *states.ACTIVE), self._tasks())
        running = {op.request["cache_key"] for op in operations if op.state in (states.INITIALIZING, states.RUNNING)}
        now = time.time()
        later = [op.not_before for op in operations if op.state in states.PENDING and self._backs_off(op, now)]
        turns = self._quotas.turns()
        capacity = self._engine.capacity()
        full = self._why_full()
        pending = [op for op in operations if op.state in states.PENDING]
        results = self._ledger.cached_results(list({op.request["cache_key"] for op in pending}))
        self._may_tell = TELL_MOST
        for op in operations:
            if op.cancel_requested and (op.state in states.PENDING or op.attempt == 0):
                self._ledger.change(op.id, lambda o: None if o.done else cancelled(o, time.time()))
                continue
            if op.state not in states.PENDING:
                continue
            try:
                if self._use_cache(op, results.get(op.request["cache_key"])) or draining:
                    continue
            except RetryableError as error:
                log.warning("%s waits: %s", op.id, error)
                self._wait(op, "STORE_AWAY", "the store does not answer; it will be asked again")
                continue
            heavy = op.request["heavy"]
            if self._backs_off(op, now):
                self._wait(op, "BACK_OFF", op.snapshot.get("message", ""))
            elif op.request["cache_key"] in running:
                self._wait(op, "EQUAL_OPERATION", "an equal operation is running; its result will be used")
            elif why := turns.why_wait(op):
                self._wait(op, "QUOTA", why)
            elif not capacity.takes(heavy):
                self._wait(op, *full)
            elif self._start(op):
                running.add(op.request["cache_key"])
                turns.started(op)
                capacity = self._engine.capacity()
        return min(later, default=0.0)

    def _backs_off(self, op: Operation, now: float) -> bool:
        """Whether its back-off lasts; one that is longer than any can be was reckoned before the clock was put back."""
        return now < op.not_before <= now + self._settings.backoff_s * 2**self._settings.max_attempts

    def _why_full(self) -> tuple[str, str]:
        if away := self._engine.away:
            return "ENGINE_AWAY", f"the engine {self._engine.name} takes nothing now: {away}"
        return "NO_FREE_SLOT", "waiting for a free slot"

    def _wait(self, op: Operation, reason: str, message: str) -> None:
        """``reason``: of ops.proto's WaitingReason."""
        told = op.snapshot.get("waiting"), op.snapshot.get("message", "")
        if self._may_tell and (op.state == states.QUEUED or told != (reason, message)):
            self._may_tell -= 1

            def step(o: Operation) -> Operation | None:
                if o.state not in states.PENDING or o.cancel_requested:
                    return None
                return replace(o, state=states.WAITING).with_snapshot(waiting=reason, message=message)

            self._ledger.change(op.id, step)

    def _use_cache(self, op: Operation, digest: str | None) -> bool:
        resource = find_cached(self._ledger, self._store, self._resources, op.tenant, digest, op.id)
        if resource is None:
            return False

        def step(o: Operation) -> Operation | None:
            if o.state not in states.PENDING or o.cancel_requested:
                return None
            return succeeded(o.with_snapshot(cache_hit=True), resource, time.time())

        if self._ledger.change(op.id, step) is None:
            return False
        metrics.count_cache_hit(op.task)
        return True

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
            tenant=new.tenant,
            request_id=request.get("request_id", ""),
            trace=request.get("trace", {}),
        )
        since = new.snapshot.get("pending_since", new.created_at)
        metrics.count_start(new.task, attempt.heavy, now - since)
        tracing.record("queue", attempt.trace, since, now)
        with logs.about_operation(new):
            self._engine.submit(attempt)
        return True
