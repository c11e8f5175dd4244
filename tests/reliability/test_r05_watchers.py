"""R5 and R6: a thousand watchers that come and go, three restarts, and a health check that stays quick meanwhile."""

from __future__ import annotations

import asyncio
import random
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from cislex_runtime import states
from cislex_runtime.calling.channel import open_channel, open_sync_channel
from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.ledger import Event
from grpc_health.v1 import health_pb2, health_pb2_grpc
from histories import all_events, check_history, ledger_of, op_id

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(1800)]
WATCHERS, OPERATIONS, RESTARTS, CHANNELS = 1000, 50, 3, 20
HEALTH_S = 0.050
Seen = list[tuple[int, str]]


async def watch(stub: Any, name: str) -> tuple[Seen, int]:
    """Follow one operation to its end, going away now and then; answers (sequence, state) of every event and the
    number of streams it took."""
    seen: Seen = []
    streams = 0
    while not (seen and seen[-1][1] in states.TERMINAL):
        last = seen[-1][0] if seen else 0
        leave_at = time.monotonic() + random.uniform(0.5, 20)
        request = ops_pb2.WatchOperationRequest(name=name, after_sequence=last)
        call = stub.WatchOperation(request, timeout=60)
        streams += 1
        try:
            async for item in call:
                if not item.bookmark:
                    seen.append((item.sequence, state_name(metadata_of(item.operation))))
                if time.monotonic() > leave_at:
                    call.cancel()
                    break
        except grpc.aio.AioRpcError as error:
            if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise
            await asyncio.sleep(random.uniform(0.1, 0.5))
    return seen, streams


def check(seen: Seen, events: list[Event]) -> None:
    """No gap, no repeat, no other order: all of the ledger's events but progress that was merged while it waited."""
    sequences = [sequence for sequence, _ in seen]
    assert sequences == sorted(set(sequences)), "repeated or out of order"
    held = {event.seq: event.operation.state for event in events}
    assert dict(seen).items() <= held.items()
    marks = [(event.operation.state, event.operation.attempt) for event in events]
    changes = {event.seq for event, mark, before in zip(events, marks, [None, *marks], strict=False) if mark != before}
    # Of several waiting events with one state the last is sent, so a change is seen as any event of its stretch.
    stretches: list[set[int]] = []
    for event in events:
        if event.seq in changes:
            stretches.append(set())
        stretches[-1].add(event.seq)
    assert all(stretch & set(sequences) for stretch in stretches), "a state change was not told"
    assert sequences[-1] == events[-1].seq


class Pulse(threading.Thread):
    """Asks for the server's health all the time; keeps the seconds of each answer, apart from restarts."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.channel = open_sync_channel(address)
        self.seconds: list[float] = []
        self.paused = threading.Event()
        self.over = threading.Event()

    def run(self) -> None:
        stub = health_pb2_grpc.HealthStub(self.channel)
        while not self.over.is_set():
            began = time.monotonic()
            try:
                stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
                if not self.paused.is_set():
                    self.seconds.append(time.monotonic() - began)
            except grpc.RpcError:
                assert self.paused.is_set(), "no answer between restarts"
            time.sleep(0.05)
        self.channel.close()


async def restart_now_and_then(server: Any, pulse: Pulse) -> None:
    """SIGKILL and start again, three times."""
    for _ in range(RESTARTS):
        await asyncio.sleep(12)
        pulse.paused.set()
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await asyncio.sleep(2)  # the pulse's channel has its own back-off, the crowd comes back at once
        pulse.paused.clear()


def test_a_thousand_watchers(make_server: Callable[..., Any], record: Callable[..., None]) -> None:
    async def crowd(server: Any, names: list[str], pulse: Pulse) -> tuple[list[tuple[Seen, int]], list[str]]:
        channels = [open_channel(server.address) for _ in range(CHANNELS)]
        stubs = [ops_pb2_grpc.OperationEventsStub(channel) for channel in channels]
        watched = [names[i % len(names)] for i in range(WATCHERS)]
        tasks = [watch(stubs[i % CHANNELS], name) for i, name in enumerate(watched)]
        found, _ = await asyncio.gather(asyncio.gather(*tasks), restart_now_and_then(server, pulse))
        for channel in channels:
            await channel.close()
        return found, watched

    with make_server(CISLEX_MAX_WATCHES_PER_TENANT="2000", CISLEX_MAX_CONCURRENT_RPCS="3000") as server:
        server.patience_s = 120
        names = [server.submit(n=15, pause_s=0.1, label=f"op{i}").name for i in range(OPERATIONS)]
        pulse = Pulse(server.address)
        pulse.start()
        found, watched = asyncio.run(crowd(server, names, pulse))
        pulse.over.set()
        pulse.join()
        ledger = ledger_of(server)
        events = {name: all_events(ledger, op_id(name)) for name in names}
        ledger.close()
    assert {check_history(history) for history in events.values()} == {"SUCCEEDED"}
    for (seen, _), name in zip(found, watched, strict=True):
        check(seen, events[name])
    quick = sorted(pulse.seconds)
    record(watchers=WATCHERS, streams=sum(streams for _, streams in found), restarts=RESTARTS,
           events_told=sum(len(seen) for seen, _ in found), health_checks=len(quick),
           health_ms_median=1e3 * statistics.median(quick), health_ms_p99=1e3 * quick[int(0.99 * len(quick))],
           health_ms_max=1e3 * quick[-1])  # fmt: skip
    assert quick[int(0.99 * len(quick))] < HEALTH_S
