"""R4: one request id from 16 threads, a hundred times each, makes one operation."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cislex_runtime import states
from histories import ledger_of

pytestmark = pytest.mark.reliability


def test_one_request_id(make_server: Callable[..., Any], record: Callable[..., None]) -> None:
    with make_server() as server, ThreadPoolExecutor(16) as pool:
        stub, request_id = server.stub, str(uuid.uuid4())

        def submit(_: int) -> set[str]:
            request = stub.m.CountRequest(n=3, request_id=request_id)
            return {server.connection.submit(stub.Count, request).name for _ in range(100)}

        names = set().union(*pool.map(submit, range(16)))
        ledger = ledger_of(server)
        held = ledger.in_states(states.ALL)
        ledger.close()
    assert len(names) == len(held) == 1
    record(calls=1600, operations=len(held))
