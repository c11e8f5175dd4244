"""One suite for every ledger database: SQLite always, PostgreSQL where it runs (in CI it must)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from cislex_core.errors import CislexError, Reason, UserError
from cislex_runtime import names, states
from cislex_runtime.ledger import (
    EndAttempt,
    Ledger,
    NewOperation,
    Operation,
    Resource,
    StartAttempt,
    StoreResult,
    schema,
)
from cislex_runtime.owning.owner import Ownership
from cislex_runtime.resources import decode_token, encode_token
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import ledger_on


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with ledger_on(request.param, tmp_path) as made:
        yield made


def an_operation(task: str = "toy.Count", created_at: float = 1.0, tenant: str = "local") -> Operation:
    return Operation(names.new_id(), tenant, task, states.QUEUED, created_at=created_at, request={"cache_key": "k"})


def create(ledger: Ledger, operation: Operation) -> Operation:
    return ledger.create(operation, operation.task, str(uuid.uuid4()), "body")[0]


def test_migrations_give_the_schema(ledger: Ledger) -> None:
    inspector = sa.inspect(ledger.engine)
    for table in schema.metadata.sorted_tables:
        columns = {c["name"]: c["nullable"] for c in inspector.get_columns(table.name)}
        assert columns == {c.name: c.nullable for c in table.columns}, table.name
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]
        assert {i["name"]: i["column_names"] for i in inspector.get_indexes(table.name)} == {
            str(i.name): [c.name for c in i.columns] for i in table.indexes
        }
    ledger.migrate()  # again: nothing to do


def test_create_get_and_first_event(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    assert ledger.get(made.id) == made
    assert made.seq == 1
    assert [e.seq for e in ledger.events_after(made.id, 0)] == [1]
    assert ledger.get("0" * 26) is None
    assert ledger.events_after("0" * 26, 0) == []


def test_same_request_id_same_operation_other_body_refused(ledger: Ledger) -> None:
    first, created = ledger.create(an_operation(), "m", "rid", "body")
    again, created_again = ledger.create(an_operation(), "m", "rid", "body")
    assert (created, created_again) == (True, False)
    assert again.id == first.id
    other, created_other = ledger.create(an_operation(), "another method", "rid", "else")
    assert created_other
    assert other.id != first.id
    with pytest.raises(UserError) as caught:
        ledger.create(an_operation(), "m", "rid", "another body")
    assert caught.value.reason is Reason.REQUEST_ID_REUSED


def test_sixteen_threads_one_request_id_one_operation(ledger: Ledger) -> None:
    found, barrier = [], threading.Barrier(16)

    def submit() -> None:
        barrier.wait()
        found.append(ledger.create(an_operation(), "m", "rid", "body"))

    threads = [threading.Thread(target=submit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({operation.id for operation, _ in found}) == 1
    assert sum(created for _, created in found) == 1
    assert len(ledger.list_operations("local", 50)) == 1


def test_many_at_once_are_answered_one_by_one(ledger: Ledger) -> None:
    def full(connection: sa.Connection) -> None:
        if ledger.count_alone(connection, "local", states.PENDING) >= 3:
            raise UserError(Reason.QUOTA_EXCEEDED, "full")

    old, _ = ledger.create(an_operation(), "m", "old", "body")
    heard: list[str] = []
    ledger.on_change(heard.append)
    new = [
        NewOperation(an_operation(), "m", "a", "body"),
        NewOperation(an_operation(), "m", "old", "body"),
        NewOperation(an_operation(), "m", "a", "body"),
        NewOperation(an_operation(), "m", "old", "another body"),
        NewOperation(an_operation(), "m", "a", "another body"),
        NewOperation(an_operation(), "m", "third", "body", full),
        NewOperation(an_operation(), "m", "fourth", "body", full),
        NewOperation(an_operation(tenant="b"), "m", "a", "body"),
        NewOperation(an_operation(), "m", "fifth", "body"),
    ]
    answers = ledger.create_all(new)
    reasons = [answer.reason if isinstance(answer, CislexError) else None for answer in answers]
    reused, exceeded = Reason.REQUEST_ID_REUSED, Reason.QUOTA_EXCEEDED
    assert reasons == [None, None, None, reused, reused, None, exceeded, None, None]
    made = [answer for answer in answers if not isinstance(answer, CislexError)]
    assert [created for _, created in made] == [True, False, False, True, True, True]
    ids = [operation.id for operation, _ in made]
    assert ids == [new[0].operation.id, old.id, new[0].operation.id, *(new[i].operation.id for i in (5, 7, 8))]
    assert heard == [new[i].operation.id for i in (0, 5, 7, 8)]
    assert [ledger.get(operation.id) for operation, _ in made] == [operation for operation, _ in made]
    assert len(ledger.list_operations("local", 50)) == 4
    assert ledger.create_all([]) == []


def test_batches_of_two_processes_share_their_request_ids(ledger: Ledger) -> None:
    other = Ledger(ledger.engine.url.render_as_string(hide_password=False))
    barrier, found = threading.Barrier(4), []

    def submit(here: Ledger) -> None:
        barrier.wait()
        for start in range(0, 100, 10):
            ids = [f"r{i}" for i in range(start, start + 10)]
            found.append(here.create_all([NewOperation(an_operation(), "m", rid, "body") for rid in ids]))

    threads = [threading.Thread(target=submit, args=(here,)) for here in (ledger, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    answers = [answer for batch in found for answer in batch]
    assert len(answers) == 400
    assert sum(created for _, created in answers) == len({operation.id for operation, _ in answers}) == 100
    assert len(ledger.list_operations("local", 500)) == 100


def test_parallel_changes_lose_nothing(ledger: Ledger) -> None:
    made = create(ledger, an_operation())

    def add(op: Operation) -> Operation:
        return op.with_snapshot(n=op.snapshot.get("n", 0) + 1)

    def work() -> None:
        for _ in range(10):
            assert ledger.change(made.id, add) is not None

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = ledger.get(made.id)
    assert last is not None
    assert last.snapshot["n"] == 40
    assert [e.seq for e in ledger.events_after(made.id, 0)] == list(range(1, 42))


def test_events_resume_without_gap(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    for i in range(5):
        ledger.change(made.id, lambda op, i=i: op.with_snapshot(i=i))
    assert [(e.seq, e.operation.snapshot["i"]) for e in ledger.events_after(made.id, 3)] == [(4, 2), (5, 3), (6, 4)]
    assert [e.seq for e in ledger.events_after(made.id, 1, limit=2)] == [2, 3]
    assert ledger.events_after(made.id, 6) == []


def test_terminal_states_never_change(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    ledger.change(made.id, lambda op: replace(op, state=states.CANCELLED))
    with pytest.raises(ValueError, match="is not a step"):
        ledger.change(made.id, lambda op: replace(op, state=states.RUNNING))
    with pytest.raises(ValueError, match="is not a step"):
        ledger.change(made.id, lambda op: op.with_snapshot(x=1))
    assert [e.operation.state for e in ledger.events_after(made.id, 0)] == [states.QUEUED, states.CANCELLED]


def test_pages_by_keyset(ledger: Ledger) -> None:
    ids = [create(ledger, an_operation(created_at=float(i // 3))).id for i in range(10)]
    create(ledger, an_operation(tenant="other"))
    seen: list[str] = []
    before = None
    while page := ledger.list_operations("local", 4, before):
        seen += [op.id for op in page]
        token = encode_token((page[-1].created_at, page[-1].id), {"q": 1})
        before = decode_token(token, {"q": 1})
    assert seen == sorted(ids, key=lambda i: (ids.index(i) // 3, i), reverse=True)
    assert len(ledger.list_operations("local", 50, state=states.QUEUED)) == 10
    assert ledger.list_operations("local", 50, task="toy.Other") == []


def test_attempts_keep_their_first_end(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    ledger.change(made.id, lambda op: op.with_snapshot(x=1), [StartAttempt(made.id, 1, "local", f"{made.id}/1", 1.0)])
    ledger.end_attempt(EndAttempt(made.id, 1, {"exit": "retry"}, 2.0))
    ledger.end_attempt(EndAttempt(made.id, 1, {"exit": "ok"}, 3.0))
    (attempt,) = ledger.attempts(made.id)
    assert attempt["finished_at"] == 2.0
    assert attempt["outcome"] == '{"exit": "retry"}'


def a_resource(digest: str, op_id: str = "op") -> Resource:
    return Resource("tenants/local/counts/bb", "local", "counts", "count", digest, 7, {"x": 1.5}, op_id, 1.0)


def test_results_and_resources(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    assert ledger.cached_result("k") is None
    one = a_resource("b" * 64)
    ledger.change(made.id, lambda op: op.with_snapshot(x=1), [StoreResult("k", one)])
    assert ledger.cached_result("k") == "b" * 64
    assert ledger.add_resource(replace(one, op_id="later")) == one
    with pytest.raises(CislexError, match="stands for"):
        ledger.add_resource(replace(one, digest="c" * 64))
    assert ledger.get_resource(one.name) == one
    assert ledger.list_resources("local", 5, kind="count") == [one]
    assert ledger.list_resources("local", 5, collection="motifs") == []
    ledger.add_resource(replace(one, name="tenants/x/counts/bb", tenant="x"))
    assert ledger.delete_resource(one.name) is True  # the other tenant still names the digest
    assert ledger.delete_resource("tenants/x/counts/bb") is False
    ledger.forget_results("b" * 64)
    assert ledger.cached_result("k") is None


def test_a_refused_change_writes_nothing_and_a_failed_one_is_undone(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    assert ledger.change(made.id, lambda op: None, [StoreResult("k", a_resource("b" * 64))]) is None
    assert ledger.cached_result("k") is None
    ledger.add_resource(a_resource("c" * 64))
    with pytest.raises(CislexError, match="stands for"):
        ledger.change(made.id, lambda op: op.with_snapshot(x=1), [StoreResult("k", a_resource("b" * 64))])
    assert ledger.get(made.id) == made
    assert len(ledger.events_after(made.id, 0)) == 1


def test_file_digests_follow_the_file(ledger: Ledger) -> None:
    ledger.remember_file("/x/genome.fa", 10, 20, 30, "d" * 64)
    assert ledger.file_digest("/x/genome.fa", 10, 20, 30) == "d" * 64
    assert ledger.file_digest("/x/genome.fa", 10, 21, 30) is None
    ledger.remember_file("/x/genome.fa", 10, 21, 30, "e" * 64)
    assert ledger.file_digest("/x/genome.fa", 10, 21, 30) == "e" * 64


def test_delete_only_when_done(ledger: Ledger) -> None:
    made = create(ledger, an_operation())
    assert ledger.delete_operation(made.id) is False
    ledger.change(made.id, lambda op: replace(op, state=states.CANCELLED))
    assert ledger.delete_operation(made.id) is True
    assert ledger.get(made.id) is None
    assert ledger.delete_operation(made.id) is False


def test_one_owner(ledger: Ledger, tmp_path: Path) -> None:
    one, two = Ownership(ledger, tmp_path), Ownership(ledger, tmp_path)
    assert one.try_acquire("toy")
    assert one.try_acquire("toy")
    assert not two.try_acquire("toy")
    assert two.try_acquire("other")
    one.release()
    assert two.try_acquire("toy")
    assert two.held == ["other", "toy"]
    two.release()


def test_listeners_hear_each_change(ledger: Ledger) -> None:
    heard: list[str] = []
    ledger.on_change(heard.append)
    made = create(ledger, an_operation())
    ledger.change(made.id, lambda op: op.with_snapshot(x=1))
    ledger.change(made.id, lambda op: None)
    assert heard == [made.id, made.id]


@given(st.lists(st.sampled_from(states.ALL), max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_steps_follow_the_model(ledger: Ledger, wanted: list[str]) -> None:
    """The ledger accepts exactly the steps of ``states.STEPS``, and its events tell the accepted ones."""
    made = create(ledger, an_operation())
    model = [states.QUEUED]
    for state in wanted:
        if states.may_step(model[-1], state):
            assert ledger.change(made.id, lambda op, state=state: replace(op, state=state)) is not None
            model.append(state)
        else:
            with pytest.raises(ValueError, match="is not a step"):
                ledger.change(made.id, lambda op, state=state: replace(op, state=state))
    assert [e.operation.state for e in ledger.events_after(made.id, 0)] == model
