"""R12: random histories of several operations, with late attempts, repeats, cancels and deletions, against a model."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from cislex_core.errors import UserError
from cislex_runtime import names, states
from cislex_runtime.ledger import EndAttempt, Ledger, Operation, Resource, StartAttempt, StoreResult, schema
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from postgres import fresh_database


class LedgerMachine(RuleBasedStateMachine):
    """What a reconciler, its clients and a late worker do; ``model`` is what must be in the ledger."""

    ledger: Ledger
    operations = Bundle("operations")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, Operation] = {}
        self.requests: dict[str, tuple[str, str]] = {}
        self.events: dict[str, list[tuple[int, str, int]]] = {}

    @initialize()
    def empty(self) -> None:
        with self.ledger.engine.begin() as connection:
            for table in schema.metadata.sorted_tables:
                connection.execute(sa.delete(table))

    @rule(target=operations)
    def submit(self) -> str:
        request = str(uuid.uuid4())
        operation = Operation(names.new_id(), "local", "toy.Count", states.QUEUED, request={"cache_key": "k"})
        made, created = self.ledger.create(operation, "toy.Count", request, "body")
        assert created
        self.requests[request] = (made.id, "body")
        self._note(made)
        return made.id

    @rule(op_id=operations, other=st.booleans())
    def submit_again(self, op_id: str, other: bool) -> None:
        request = next((key for key, (made, _) in self.requests.items() if made == op_id), None)
        if request is None:
            return
        operation = Operation(names.new_id(), "local", "toy.Count", states.QUEUED, request={"cache_key": "k"})
        if other:
            with pytest.raises(UserError):
                self.ledger.create(operation, "toy.Count", request, "another body")
        else:
            made, created = self.ledger.create(operation, "toy.Count", request, "body")
            assert (made.id, created) == (op_id, False)

    @rule(op_id=operations)
    def start(self, op_id: str) -> None:
        def step(op: Operation) -> Operation | None:
            if op.state not in states.PENDING or op.cancel_requested:
                return None
            return replace(op, state=states.INITIALIZING, attempt=op.attempt + 1)

        held = self.model.get(op_id)
        number = held.attempt + 1 if held else 1
        self._change(op_id, step, StartAttempt(op_id, number, "local", f"{op_id}/{number}", 1.0))

    @rule(op_id=operations, done=st.integers(0, 9))
    def report(self, op_id: str, done: int) -> None:
        def step(op: Operation) -> Operation | None:
            if op.done or op.state not in states.ACTIVE:
                return None
            state = states.RUNNING if op.state == states.INITIALIZING else op.state
            return replace(op, state=state).with_snapshot(progress={"done": done})

        self._change(op_id, step)

    @rule(op_id=operations)
    def cancel(self, op_id: str) -> None:
        def step(op: Operation) -> Operation | None:
            if op.done or op.cancel_requested:
                return None
            return replace(op, state=states.CANCELLING, cancel_requested=True)

        self._change(op_id, step)

    @rule(
        op_id=operations,
        age=st.integers(0, 2),
        end=st.sampled_from([states.SUCCEEDED, states.FAILED, states.CANCELLED, states.QUEUED]),
    )
    def end(self, op_id: str, age: int, end: str) -> None:
        """An attempt ends; with ``age`` it is not the latest one, and nothing of it may be seen."""
        held = self.model.get(op_id)
        attempt = (held.attempt if held else 1) - age
        if attempt < 1:
            return

        def step(op: Operation) -> Operation | None:
            if op.attempt != attempt or op.done or op.state not in states.ACTIVE:
                return None
            if end == states.QUEUED and op.cancel_requested:
                return replace(op, state=states.CANCELLED)
            return replace(op, state=end)

        digest = f"{uuid.uuid4().hex}{uuid.uuid4().hex}"
        resource = Resource(
            f"tenants/local/counts/{digest[:16]}", "local", "counts", "count", digest, 1, {}, op_id, 1.0
        )
        stored = [StoreResult("k", resource)] if end == states.SUCCEEDED else []
        changed = self._change(op_id, step, EndAttempt(op_id, attempt, {"exit": end}, 2.0), *stored)
        found = self.ledger.get_resource(resource.name)
        assert (found is not None) == (changed and end == states.SUCCEEDED)

    @rule(op_id=consumes(operations))
    def delete(self, op_id: str) -> None:
        held = self.model.get(op_id)
        gone = self.ledger.delete_operation(op_id)
        assert gone == (held is not None and held.done)
        if gone:
            del self.model[op_id], self.events[op_id]
            self.requests = {key: value for key, value in self.requests.items() if value[0] != op_id}

    @invariant()
    def the_ledger_is_the_model(self) -> None:
        held = {op.id: op for op in self.ledger.in_states(states.ALL)}
        assert held == self.model
        for op_id, events in self.events.items():
            found = self.ledger.events_after(op_id, 0)
            assert [(e.seq, e.operation.state, e.operation.attempt) for e in found] == events
            assert [seq for seq, _, _ in events] == list(range(1, len(events) + 1))
            assert sum(state in states.TERMINAL for _, state, _ in events) <= 1

    def _change(self, op_id: str, step: object, *also: object) -> bool:
        held = self.model.get(op_id)
        expected = step(held) if held is not None else None  # type: ignore[operator]
        new = self.ledger.change(op_id, step, also)  # type: ignore[arg-type]
        assert (new is None) == (expected is None)
        if new is not None:
            assert replace(expected, seq=new.seq) == new
            self._note(new)
        return new is not None

    def _note(self, operation: Operation) -> None:
        self.model[operation.id] = operation
        self.events.setdefault(operation.id, []).append((operation.seq, operation.state, operation.attempt))


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with ExitStack() as opened:
        if request.param == "sqlite":
            folder = opened.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{Path(folder) / 'ledger.sqlite'}"
        else:
            yield opened.enter_context(fresh_database()).render_as_string(hide_password=False)


def test_random_histories(ledger_url: str) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    ledger = Ledger(ledger_url)
    ledger.migrate()
    machine = type("Machine", (LedgerMachine,), {"ledger": ledger})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        ledger.close()
