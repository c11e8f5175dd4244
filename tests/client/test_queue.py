"""``cislex op`` shows where a waiting operation stands and why."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex.ops.v1 import ops_pb2
from cislex_client import contexts
from cislex_client.app import run_command
from cislex_client.operations import OperationView, view
from cislex_client.queue_watch import watch_with_queue
from google.longrunning import operations_pb2

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from running import ServerProcess, a_server


def an_operation(state: str, position: int = 0, reason: str = "UNSPECIFIED", message: str = "") -> OperationView:
    metadata = ops_pb2.OperationMetadata(
        state=f"STATE_{state}", task="toy.Count", queue_position=position, message=message,
        waiting_reason=f"WAITING_REASON_{reason}",
    )  # fmt: skip
    operation = operations_pb2.Operation(name="tenants/local/operations/x")
    operation.metadata.Pack(metadata)
    return view(operation)


@pytest.mark.parametrize(
    "state, position, reason, message, text",
    [
        ("WAITING_FOR_RESOURCES", 2, "NO_FREE_SLOT", "waiting for a free slot",
         "waiting for a free slot (number 2 in the queue)"),
        ("QUEUED", 1, "NO_OWNER", "",
         "no process runs the operations of this service now (number 1 in the queue)"),
        ("QUEUED", 0, "UNSPECIFIED", "", "queued"),
        ("RUNNING", 0, "UNSPECIFIED", "epoch 3", "epoch 3"),
    ],
)  # fmt: skip
def test_a_wait_in_words(state: str, position: int, reason: str, message: str, text: str) -> None:
    assert an_operation(state, position, reason, message).text == text


class FakeSession:
    """Events come when they are let through; ``get`` answers the next of the states given."""

    def __init__(self, gets: list[OperationView]) -> None:
        self.gets = gets
        self.events: asyncio.Queue[OperationView | Exception | None] = asyncio.Queue()

    async def watch(self, name: str) -> AsyncIterator[OperationView]:
        while (event := await self.events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def get(self, name: str) -> OperationView:
        return self.gets.pop(0) if len(self.gets) > 1 else self.gets[0]


async def test_moves_in_the_queue_are_told_once() -> None:
    third, second, first = (an_operation("QUEUED", place, "NO_FREE_SLOT") for place in (3, 2, 1))
    session: Any = FakeSession([third, third, second, second, first])
    session.events.put_nowait(third)
    seen = []
    async for found in watch_with_queue(session, "x", every_s=0.01):
        seen.append((found.state, found.queue_position))
        if found.queue_position == 1:
            session.events.put_nowait(an_operation("RUNNING"))
        if found.state == "running":
            session.events.put_nowait(None)
    assert seen == [("queued", 3), ("queued", 2), ("queued", 1), ("running", 0)]


async def test_a_broken_watch_is_raised() -> None:
    session: Any = FakeSession([an_operation("QUEUED", 1)])
    session.events.put_nowait(an_operation("QUEUED", 1))
    session.events.put_nowait(OSError("the server is gone"))
    with pytest.raises(OSError, match="the server is gone"):
        [found async for found in watch_with_queue(session, "x", every_s=0.01)]


@pytest.fixture
def busy(clean_env: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ServerProcess, list[str]]]:
    """A server whose only heavy slot is taken, and two operations that wait for it."""
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder, a_server(Path(folder)) as server:
        contexts.add(contexts.Context("toy", server.address.replace("unix:", "unix://")))
        monkeypatch.setenv("CISLEX_CONTEXT", "toy")
        names = [server.submit(heavy=True, n=2000, pause_s=0.05, label=f"{i}").name for i in range(3)]
        server.wait_for(names[2], lambda m: m.waiting_reason and m.queue_position == 2)
        yield server, names
        for name in names:
            server.connection.cancel(name)


def test_op_shows_place_and_reason(busy: tuple[ServerProcess, list[str]], capsys) -> None:
    _, names = busy
    assert run_command(["op", "ls", "-o", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert [rows[name]["queue_position"] for name in names] == [None, 1, 2]
    assert rows[names[2]]["waiting_reason"] == "no_free_slot"
    assert rows[names[0]]["waiting_reason"] is None
    assert run_command(["op", "ls"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split()[:6] == ["NAME", "TASK", "STATE", "QUEUE", "WAITING", "PROGRESS"]
    assert "no free slot" in next(line for line in table if line.startswith(names[2]))
    assert run_command(["op", "get", names[2]]) == 0
    shown = capsys.readouterr().out
    assert "no free slot" in shown
    assert "number 2 in the queue" in shown


def test_op_watch_tells_moves(busy: tuple[ServerProcess, list[str]]) -> None:
    server, names = busy
    program = [sys.executable, "-c", "from cislex_client.app import main; main()", "op", "watch", names[2]]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as watch:
        assert watch.stdout is not None
        line = json.loads(watch.stdout.readline())
        while line["waiting_reason"] is None:
            line = json.loads(watch.stdout.readline())
        assert (line["state"], line["queue_position"]) == ("waiting_for_resources", 2)
        server.connection.cancel(names[1])
        line = json.loads(watch.stdout.readline())
        assert (line["state"], line["queue_position"]) == ("waiting_for_resources", 1), "a move makes a line"
        watch.kill()
