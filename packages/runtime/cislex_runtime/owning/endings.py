"""How an operation goes on when an attempt of it ends: pure rules, without ledger or engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cislex_core.errors import CislexError, Reason

from cislex_runtime import states
from cislex_runtime.engines.engine import Exit, Outcome
from cislex_runtime.ledger import Operation, Resource
from cislex_runtime.working.outcomes import error_json

#: Pre-empted starts are not counted as failures, but even they end some time: the task may be what kills the server.
MAX_STARTS = 50


def after_attempt(
    op: Operation, outcome: Outcome, resource: Resource | None, now: float, max_attempts: int, backoff_s: float
) -> Operation:
    """The operation as it is after its current attempt ended so: done, or queued for another one.

    ``resource``: what the attempt made, when it made something. ``now``: UTC epoch seconds.
    """
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
        smaller = _smaller(op)
        if smaller is None or failures >= max_attempts:
            return failed(op, _memory_error(op, error, outcome.usage), now)
        text = f"memory ran out; trying again with batch_size {smaller['batch_size']}"
        warnings = [*op.snapshot.get("warnings", []), {"reason": Reason.OUT_OF_MEMORY.name, "message": text}]
        op = op.with_snapshot(overrides=smaller, warnings=warnings)
        return replace(op, state=states.QUEUED).with_snapshot(message=text)
    if failures >= max_attempts:
        error = {**error, "message": f"{error['message']} ({failures} attempts were made)"}
        error["metadata"] = {**error.get("metadata", {}), "attempts": str(failures)}
        return failed(op, error, now)
    wait = backoff_s * 2 ** (failures - 1)
    text = f"attempt {op.attempt} failed ({error['message']}); trying again"
    return replace(op, state=states.QUEUED, not_before=now + wait).with_snapshot(message=text)


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


def _smaller(op: Operation) -> dict[str, Any] | None:
    """Half the batch, and twice the accumulation where a task has it, so that a step sees as many examples."""
    spec = {**op.request["spec"], **op.snapshot.get("overrides", {})}
    batch = spec.get("batch_size")
    if not isinstance(batch, int) or batch < 2:
        return None
    smaller: dict[str, Any] = {"batch_size": batch // 2}
    if isinstance(spec.get("accumulation"), int):
        smaller["accumulation"] = spec["accumulation"] * 2
    return smaller


def lost(reason: Reason, text: str) -> Outcome:
    """The outcome of an attempt whose worker left none."""
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
