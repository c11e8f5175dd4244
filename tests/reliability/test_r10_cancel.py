"""R10: cancel in every state ends within grace + 5 s and leaves no process of the task behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from cislex_runtime.calling.client import metadata_of, state_name
from histories import all_events, check_history, ledger_of, op_id
from running import gone

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]
GRACE_S = 1.0  # running.py's CISLEX_STOP_GRACE_S
STATES = ["QUEUED", "WAITING_FOR_RESOURCES", "INITIALIZING", "RUNNING", "RUNNING and deaf", "CANCELLING", "SUCCEEDED"]


@pytest.mark.parametrize("state", STATES)
def test_cancel(make_server: Callable[..., Any], record: Callable[..., None], state: str) -> None:
    with make_server(CISLEX_HEAVY_SLOTS="1", CISLEX_LIGHT_SLOTS="1") as server:
        busy = []
        if state in ("QUEUED", "WAITING_FOR_RESOURCES"):
            busy = [server.submit(n=600, pause_s=0.05, label=f"busy {i}").name for i in range(2)]
            for name in busy:
                server.wait_for(name, lambda metadata: state_name(metadata) == "RUNNING")
        deaf = state == "RUNNING and deaf"
        fields: dict[str, Any] = {"misbehave": "deaf"} if deaf else {"pause_s": 0.05}
        name = server.submit(n=1 if state == "SUCCEEDED" else 600, label="doomed", **fields).name
        if state == "SUCCEEDED":
            server.connection.wait(name)
        elif state not in ("QUEUED", "INITIALIZING"):  # those are left at once: cancelled straight after the submission
            wanted = "RUNNING" if state in ("RUNNING and deaf", "CANCELLING") else state
            server.wait_for(name, lambda metadata: state_name(metadata) == wanted)
        before = set(server.processes())
        began = time.monotonic()
        server.connection.cancel(name)
        if state == "CANCELLING":
            server.connection.cancel(name)
        done = server.connection.wait(name)
        took = time.monotonic() - began
        assert state_name(metadata_of(done)) == ("SUCCEEDED" if state == "SUCCEEDED" else "CANCELLED")
        assert took < GRACE_S + 5
        if deaf:
            assert gone([pid for pid in before if pid not in server.processes()])
        for other in busy:
            server.connection.cancel(other)
            server.connection.wait(other)
        ledger = ledger_of(server)
        check_history(all_events(ledger, op_id(name)))
        ledger.close()
    assert gone(server.processes())
    record(state=state.replace(" ", "_"), took_s=took)
