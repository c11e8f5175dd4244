"""R7: SIGTERM with twenty calls in flight, again and again: none fails for a client that retries."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cislex_runtime.calling.client import metadata_of, state_name

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]
CALLERS, RESTARTS = 20, 5


def test_none_fails(make_server: Callable[..., Any], record: Callable[..., None]) -> None:
    with make_server() as server, ThreadPoolExecutor(CALLERS) as pool:
        server.patience_s = 60
        # Always one operation of each kind in flight: a unary call that waits on the server, and submissions.
        over = time.monotonic() + 3600

        def call(_: int) -> int:
            calls = 0
            while time.monotonic() < over:
                done = server.connection.wait(server.submit(n=2, pause_s=0.05, label=uuid.uuid4().hex).name)
                assert state_name(metadata_of(done)) == "SUCCEEDED"
                server.connection.get(done.name)
                calls += 3
            return calls

        callers = [pool.submit(call, i) for i in range(CALLERS)]
        drains = []
        for _ in range(RESTARTS):
            time.sleep(4)
            began = time.monotonic()
            server.process.terminate()
            assert server.process.wait(30) == 0
            drains.append(time.monotonic() - began)
            server.start()
        time.sleep(4)
        over = time.monotonic()
        calls = sum(caller.result(timeout=120) for caller in callers)
    record(calls=calls, failed=0, drains=RESTARTS, drain_s_max=max(drains))
