"""How fast operations are accepted: seconds of one submission under a steady load, and submissions a second at most."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import toy
from cislex_runtime.calling.channel import open_channel
from histories import ledger_of
from running import ServerProcess

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]
STEADY_PER_S, STEADY_S, BURST = 50, 20, 3000
P99_S, LEAST_PER_S = 0.050, 500


async def steady(server: ServerProcess) -> list[float]:
    """Seconds of each submission when so many come a second, whatever the earlier ones do."""
    async with open_channel(server.address) as channel:
        stub = toy.Stub(channel)

        async def one() -> float:
            began = time.monotonic()
            request = stub.m.CountRequest(n=1, label=uuid.uuid4().hex, request_id=str(uuid.uuid4()))
            await stub.Count(request, timeout=30)
            return time.monotonic() - began

        await one()
        began = time.monotonic()
        tasks = []
        for i in range(STEADY_PER_S * STEADY_S):
            await asyncio.sleep(max(0.0, began + i / STEADY_PER_S - time.monotonic()))
            tasks.append(asyncio.create_task(one()))
        return sorted(await asyncio.gather(*tasks))


async def burst(server: ServerProcess) -> float:
    """Seconds for so many submissions, 64 in flight."""
    async with open_channel(server.address) as channel:
        stub = toy.Stub(channel)
        requests = iter([stub.m.CountRequest(n=1, label=uuid.uuid4().hex, request_id=str(uuid.uuid4()))
                         for _ in range(BURST)])  # fmt: skip

        async def caller() -> None:
            for request in requests:
                await stub.Count(request, timeout=60)

        began = time.monotonic()
        await asyncio.gather(*[caller() for _ in range(64)])
        return time.monotonic() - began


def test_submissions(make_server: Callable[..., Any], record: Callable[..., None], ledger_env: dict[str, str]) -> None:
    with make_server() as server:
        seconds = asyncio.run(steady(server))
        took = asyncio.run(burst(server))
        ledger = ledger_of(server)
        held = ledger.count_operations(
            "local", ("QUEUED", "WAITING_FOR_RESOURCES", "INITIALIZING", "RUNNING", "SUCCEEDED")
        )
        ledger.close()
        server.kill()  # thousands of operations wait: nobody needs their results
        server.start()
    p99 = seconds[int(0.99 * len(seconds))]
    record(submit_ms_median=1e3 * seconds[len(seconds) // 2], submit_ms_p99=1e3 * p99, per_s=BURST / took)
    assert held == 1 + STEADY_PER_S * STEADY_S + BURST
    assert p99 < P99_S
    if not ledger_env:
        assert BURST / took >= LEAST_PER_S
