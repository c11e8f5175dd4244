"""Where an operation stands while it waits, and why."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cislex.ops.v1 import ops_pb2
from cislex_core.settings import Settings
from cislex_core.stores.local import LocalStore
from cislex_runtime import states
from cislex_runtime.engines.engine import Capacity
from cislex_runtime.ledger import Ledger, Operation
from cislex_runtime.owning.owner import Ownership
from cislex_runtime.owning.reconciler import Reconciler
from cislex_runtime.resources import Resources
from cislex_runtime.serving import waiting
from cislex_runtime.serving.operation_proto import to_metadata
from cislex_runtime.serving.waiting import WaitingRoom
from postgres import ledger_on
from running import ServerProcess

TASKS = ["toy.Count", "toy.HeavyCount"]


def an_operation(name: str, at: float, heavy: bool = True, **values: Any) -> Operation:
    request = {"heavy": heavy, "cache_key": name * 64, "request_id": name, "spec": {"heavy": not heavy}, "files": {}}
    task = "toy.HeavyCount" if heavy else "toy.Count"
    return Operation(name.ljust(26, "0"), "local", task, states.QUEUED, created_at=at, request=request, **values)


def put(ledger: Ledger, *operations: Operation) -> None:
    for operation in operations:
        ledger.create(operation, "m", operation.id, "d")


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with ledger_on(request.param, tmp_path) as made:
        yield made


def test_places_count_by_weight_oldest_first(ledger: Ledger) -> None:
    put(
        ledger,
        an_operation("A", 3.0),
        an_operation("B", 1.0),
        an_operation("C", 2.0, heavy=False),
        replace(an_operation("D", 0.0), state=states.RUNNING),
        replace(an_operation("E", 4.0), state=states.WAITING),
        replace(an_operation("F", 0.5), task="other.Service"),
    )
    assert [(op_id[0], heavy) for op_id, heavy in ledger.waiting(TASKS)] == [
        ("B", True), ("C", False), ("A", True), ("E", True),
    ]  # fmt: skip


def a_room(ledger: Ledger, home: Path) -> tuple[WaitingRoom, Ownership]:
    ownership = Ownership(ledger, home)
    return WaitingRoom(ledger, ownership, lambda: TASKS), ownership


def test_the_room_tells_place_and_owner(ledger: Ledger, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(waiting, "CACHE_S", 0.0)
    monkeypatch.setattr(waiting, "REST", 0)
    room, ours = a_room(ledger, tmp_path)
    first, second = an_operation("A", 1.0), replace(an_operation("B", 2.0), state=states.WAITING)
    second = second.with_snapshot(waiting="NO_FREE_SLOT")
    put(ledger, first, second)
    assert (room.place(first), room.place(second)) == (1, 2)
    assert room.reason(second) == "NO_OWNER", "nobody runs these"
    other = Ownership(ledger, tmp_path)
    assert other.try_acquire("toy")
    try:
        assert ours.is_owned("toy")
        assert not ours.is_owned("nobody")
        assert room.reason(second) == "NO_FREE_SLOT"
        assert room.reason(first) == "", "nobody has looked at it yet"
    finally:
        other.release()
    assert room.reason(second) == "NO_OWNER"
    assert ours.try_acquire("toy"), "asking has not taken the lock"
    assert room.reason(second) == "NO_FREE_SLOT"
    ours.release()
    running = replace(first, state=states.RUNNING)
    assert (room.place(running), room.reason(running)) == (0, "")


def test_a_burst_of_questions_reads_the_ledger_once(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    operations = [an_operation(name, i) for i, name in enumerate("ABCDE")]
    put(ledger, *operations)
    asked = []
    read = ledger.waiting
    ledger.waiting = lambda tasks: asked.append(1) or read(tasks)  # type: ignore[method-assign]
    room, _ = a_room(ledger, tmp_path)
    assert [room.place(op) for op in operations for _ in range(20)][::20] == [1, 2, 3, 4, 5]
    assert len(asked) == 1
    ledger.close()


def test_a_long_queue_is_read_less_often(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    asked = []

    def slow(tasks: Any) -> list[tuple[str, bool]]:
        asked.append(1)
        time.sleep(0.2)
        return []

    ledger.waiting = slow  # type: ignore[method-assign]
    room, _ = a_room(ledger, tmp_path)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert room.place(an_operation("A", 1.0)) == 0, "each is a new one, of which nothing is known"
    assert len(asked) == 1
    ledger.close()


class Full:
    """An engine without a free place."""

    name, gpus, no_cuda, away = "full", 0, True, ""

    def observe(self, refs: Any) -> dict[str, Any]:
        return {}

    def capacity(self) -> Capacity:
        return Capacity(0, 0)


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[tuple[Ledger, Reconciler, Full]]:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    store, engine = LocalStore(tmp_path / "store"), Full()
    resources = Resources(ledger)
    yield (
        ledger,
        Reconciler(ledger, engine, store, resources, Settings(home=tmp_path, backoff_s=100), lambda: TASKS),
        engine,
    )  # type: ignore[arg-type]
    ledger.close()


def metadata(ledger: Ledger, operation: Operation, home: Path) -> ops_pb2.OperationMetadata:
    room, ownership = a_room(ledger, home)
    ownership.try_acquire("toy")
    try:
        row = ledger.get(operation.id)
        assert row is not None
        return to_metadata(row, room)
    finally:
        ownership.release()


@pytest.mark.parametrize(
    "case, reason, said",
    [
        ("full", "NO_FREE_SLOT", "waiting for a free slot"),
        ("away", "ENGINE_AWAY", "full takes nothing now: the head is down"),
        ("back_off", "BACK_OFF", "attempt 1 failed"),
        ("equal", "EQUAL_OPERATION", "an equal operation is running"),
        ("quota", "QUOTA", "tenant local runs 1 operations"),
    ],
)
def test_every_reason(looking: Any, tmp_path: Path, case: str, reason: str, said: str) -> None:
    ledger, reconciler, engine = looking
    operation = an_operation("B", 2.0)
    running = replace(an_operation("A", 1.0), state=states.RUNNING)
    if case == "away":
        engine.away = "the head is down"
    if case == "back_off":
        operation = replace(operation, not_before=time.time() + 60).with_snapshot(message="attempt 1 failed")
    if case == "equal":
        running = replace(running, request={**running.request, "cache_key": operation.request["cache_key"]})
    if case == "quota":
        from cislex_runtime.security.quotas import Quotas

        file = tmp_path / "quotas.toml"
        file.write_text("[default]\nmax_running = 1\n")
        reconciler._starter._quotas = Quotas(file, ledger)
    put(ledger, running, operation)
    reconciler.look()
    found = metadata(ledger, operation, tmp_path)
    assert ops_pb2.WaitingReason.Name(found.waiting_reason) == f"WAITING_REASON_{reason}"
    assert said in found.message
    assert found.queue_position == 1
    assert found.state == ops_pb2.OperationMetadata.STATE_WAITING_FOR_RESOURCES
    before = ledger.get(operation.id)
    reconciler.look()
    assert ledger.get(operation.id) == before, "waiting on makes no events"


def test_the_document_explains_every_reason(repo_dir: Path) -> None:
    text = (repo_dir / "docs" / "operations.md").read_text()
    section = text.partition("## Why does it wait?")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:4]] for line in section.splitlines() if line.startswith("| ")]
    explained = {reason.upper().replace(" ", "_"): (meaning, helps) for reason, meaning, helps in rows[1:]}
    known = {name.removeprefix("WAITING_REASON_") for name in ops_pb2.WaitingReason.DESCRIPTOR.values_by_name} - {
        "UNSPECIFIED"
    }
    assert set(explained) == known
    assert all(meaning and helps for meaning, helps in explained.values())


def test_over_the_wire(server: ServerProcess) -> None:
    slow = server.submit(heavy=True, n=400, pause_s=0.05, label="holds the slot")
    try:
        waiting_ones = [server.submit(heavy=True, n=2, label=f"waits {i}") for i in range(3)]
        last = server.wait_for(waiting_ones[2].name, lambda m: m.waiting_reason and m.queue_position == 3)
        assert last.waiting_reason == ops_pb2.WAITING_REASON_NO_FREE_SLOT
        server.connection.cancel(waiting_ones[0].name)
        assert server.wait_for(waiting_ones[2].name, lambda m: m.queue_position == 2)
        light = server.run(n=2, label="light ones pass")[1]
        assert (light.queue_position, light.waiting_reason) == (0, 0)
    finally:
        for operation in (slow, *waiting_ones):
            server.connection.cancel(operation.name)
