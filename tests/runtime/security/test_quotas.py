"""Each quota is held, is said with its limit and use, and leaves the other tenant alone."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
import toy
from cislex.artifacts.v1 import artifacts_pb2 as artifacts
from cislex.artifacts.v1 import artifacts_pb2_grpc
from cislex_core.errors import CislexError, Reason
from cislex_runtime import states
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.engines.engine import Exit, Outcome
from cislex_runtime.ledger import Ledger, Operation
from cislex_runtime.security.quotas import Quotas, today, usage_of
from cislex_runtime.serving import operations
from cislex_runtime.serving.server import Server
from cislex_runtime.serving.status import to_status
from google.longrunning import operations_pb2 as ops
from google.longrunning import operations_pb2_grpc
from google.rpc import error_details_pb2
from security_scene import Issuer, RefusedError, ask, bearer, refusal, serving


def details(refused: RefusedError, kind: Any) -> Any:
    """The detail of that type, or None."""
    found = kind()
    return found if any(detail.Unpack(found) for detail in refused.status.details) else None


class Desk:
    """A server whose quotas file the test writes."""

    def __init__(self, server: Server, channel: grpc.aio.Channel, issuer: Issuer, file: Path) -> None:
        self.server, self.file = server, file
        self.ledger: Ledger = server.platform.ledger
        self.toy = toy.Stub(channel)
        self.operations = operations_pb2_grpc.OperationsStub(channel)
        self.artifacts = artifacts_pb2_grpc.ArtifactServiceStub(channel)
        self.of_a, self.of_b = issuer.token("a"), issuer.token("b")

    def allow(self, text: str) -> None:
        """New limits, from now on."""
        staged = self.file.with_suffix(".new")
        staged.write_text(text)
        os.replace(staged, self.file)

    def count(self, **fields: Any) -> Any:
        """A request."""
        return self.toy.m.CountRequest(**fields)

    async def meta(self, operation: Any, token: str) -> Any:
        """The operation's metadata now."""
        return metadata_of(await ask(self.operations.GetOperation, ops.GetOperationRequest(name=operation.name), token))

    async def until(self, operation: Any, token: str, good: Callable[[Any], bool]) -> Any:
        """Poll until the metadata is as wanted."""
        for _ in range(600):
            if good(found := await self.meta(operation, token)):
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{operation.name} stayed {found}")


@pytest.fixture
async def desk(issuer: Issuer, short_dir: Path) -> AsyncIterator[Desk]:
    file = short_dir / "quotas.toml"
    file.write_text("")
    settings = issuer.settings(short_dir, quotas_file=file, light_slots=3, heavy_slots=1)
    async with serving(settings, [toy.register]) as server, open_channel(server.address) as channel:
        yield Desk(server, channel, issuer, file)


async def test_operations_over_the_limit_wait_and_say_why(desk: Desk) -> None:
    desk.allow("[tenants.a]\nmax_running = 1\n")
    first = await ask(desk.toy.Count, desk.count(n=200, pause_s=0.05, label="1"), desk.of_a)
    await desk.until(first, desk.of_a, lambda m: state_name(m) == "RUNNING")
    second = await ask(desk.toy.Count, desk.count(n=1, label="2"), desk.of_a)
    waiting = await desk.until(second, desk.of_a, lambda m: state_name(m) == "WAITING_FOR_RESOURCES")
    assert waiting.message == "tenant a runs 1 operations, as many as its quota allows"
    other = await ask(desk.toy.Count, desk.count(n=1, label="3"), desk.of_b)
    await desk.until(other, desk.of_b, lambda m: state_name(m) == "SUCCEEDED")
    assert state_name(await desk.meta(second, desk.of_a)) == "WAITING_FOR_RESOURCES"
    await ask(desk.operations.CancelOperation, ops.CancelOperationRequest(name=first.name), desk.of_a)
    await desk.until(second, desk.of_a, lambda m: state_name(m) == "SUCCEEDED")


async def test_a_full_queue_refuses(desk: Desk) -> None:
    desk.allow("[default]\nmax_running = 0\n[tenants.a]\nmax_queued = 2\n")
    queued = [await ask(desk.toy.Count, desk.count(n=i), desk.of_a) for i in (1, 2)]
    refused = await refusal(desk.toy.Count, desk.count(n=3), desk.of_a)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    failure = details(refused, error_details_pb2.QuotaFailure)
    assert [(v.subject, v.description) for v in failure.violations] == [
        ("tenant:a", "2 operations of tenant a wait, and 2 may; wait for some to start")
    ]
    assert details(refused, error_details_pb2.RetryInfo) is None
    # A repeat of an accepted request is no new operation; the other tenant queues on.
    again = desk.count(n=9, request_id="7f2a8e3e-7a51-4f0e-9d5e-0e3f1b2c4d5e")
    assert (await refusal(desk.toy.Count, again, desk.of_a)).reason == "QUOTA_EXCEEDED"
    await ask(desk.operations.CancelOperation, ops.CancelOperationRequest(name=queued[0].name), desk.of_a)
    await desk.until(queued[0], desk.of_a, lambda m: state_name(m) == "CANCELLED")
    accepted = await ask(desk.toy.Count, again, desk.of_a)
    assert (await ask(desk.toy.Count, again, desk.of_a)).name == accepted.name
    for number in range(4):
        await ask(desk.toy.Count, desk.count(n=number), desk.of_b)


async def test_gpu_seconds_of_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No GPU is needed: the toy is declared one that uses a GPU, and what workers report is given."""
    on_gpu = replace(toy.SPECS["toy.Count"], gpu=True)
    monkeypatch.setattr(operations, "find_info", lambda task: on_gpu if task == "toy.Count" else toy.SPECS[task])
    desk.allow("[default]\ngpu_seconds_per_day = 100\n")
    await ask(desk.toy.Count, desk.count(n=1), desk.of_a)
    desk.ledger.add_usage("a", today(), 100.0, 10.0, 100.0)
    refused = await refusal(desk.toy.Count, desk.count(n=2), desk.of_a)
    assert refused.reason == "QUOTA_EXCEEDED"
    assert "has used 100 of 100 GPU seconds of today (UTC)" in refused.message
    assert details(refused, error_details_pb2.QuotaFailure).violations[0].subject == "tenant:a"
    await ask(desk.toy.HeavyCount, desk.count(n=2), desk.of_a)  # uses none
    await ask(desk.toy.Count, desk.count(n=2), desk.of_b)
    desk.ledger.add_usage("b", "2020-01-01", 1e6, 0.0, 0.0)  # another day
    await ask(desk.toy.Count, desk.count(n=3), desk.of_b)


def test_operations_that_would_use_a_gpu_wait_for_the_next_day(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    (tmp_path / "quotas.toml").write_text("[default]\ngpu_seconds_per_day = 10\n")
    turns = Quotas(tmp_path / "quotas.toml", ledger).turns()
    ledger.add_usage("a", today(), 10.5, 0.0, 0.0)
    on_gpu = Operation(id="1", tenant="a", task="t", state=states.QUEUED, request={"gpu": True})
    on_cpu = Operation(id="2", tenant="a", task="t", state=states.QUEUED, request={"gpu": False})
    other = Operation(id="3", tenant="b", task="t", state=states.QUEUED, request={"gpu": True})
    assert turns.why_wait(on_gpu) == "tenant a has used 10 of 10 GPU seconds of today (UTC); it starts tomorrow"
    assert [turns.why_wait(operation) for operation in (on_cpu, other)] == ["", ""]
    ledger.close()


async def test_what_attempts_used_is_added_to_the_day(desk: Desk) -> None:
    operation = await ask(desk.toy.Count, desk.count(n=10, pause_s=0.02), desk.of_a)
    await desk.until(operation, desk.of_a, lambda m: state_name(m) == "SUCCEEDED")
    used = desk.ledger.usage_of("a", today())
    assert used["attempts"] == 1
    assert used["wall_s"] >= 0.2
    assert used["gpu_s"] == 0


def test_what_a_worker_said_or_how_long_a_lost_one_worked() -> None:
    timings = {"queued": 10.0, "started": 90.0, "running": 100.0}
    operation = Operation("o", "a", "t", states.RUNNING, request={"gpu": True}, snapshot={"timings": timings})
    said = Outcome(Exit.OK, usage={"device": "cuda:0 NVIDIA H200", "wall_s": 2.5, "cpu_s": 1.0})
    used = usage_of(operation, said, True, 130.0)
    assert (used.tenant, used.gpu_s, used.wall_s, used.cpu_s) == ("a", 2.5, 2.5, 1.0)
    lost = Outcome(Exit.RETRY)
    assert (usage_of(operation, lost, True, 130.0).gpu_s, usage_of(operation, lost, True, 130.0).wall_s) == (30.0, 30.0)
    assert usage_of(operation, Outcome(Exit.OUT_OF_MEMORY), True, 130.0).gpu_s == 30.0
    assert usage_of(operation, lost, False, 130.0).gpu_s == 0.0, "the engine has no GPU"
    assert usage_of(replace(operation, request={"gpu": False}), lost, True, 130.0).gpu_s == 0.0
    assert usage_of(operation, Outcome(Exit.PREEMPTED), True, 130.0).wall_s == 0.0, "nobody saw when it ended"
    assert usage_of(operation.with_time("started", 120.0), lost, True, 130.0).wall_s == 0.0, "it had not begun"


async def test_bytes_stored(desk: Desk) -> None:
    async def upload(data: bytes, token: str) -> Any:
        request = artifacts.WriteRequest(sha256=hashlib.sha256(data).hexdigest(), data=data, finish=True)
        return await desk.artifacts.Write(iter([request]), metadata=bearer(token), timeout=20)

    desk.allow("[tenants.a]\nmax_bytes = 1000\n")
    await upload(b"x" * 600, desk.of_a)
    with pytest.raises(grpc.RpcError) as caught:
        await upload(b"y" * 600, desk.of_a)  # would be 1,200
    refused = RefusedError(caught.value)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    assert details(refused, error_details_pb2.QuotaFailure).violations[0].subject == "tenant:a"
    await upload(b"z" * 400, desk.of_a)
    refused = await refusal(desk.toy.Count, desk.count(n=1), desk.of_a)
    assert "stores 1000 of 1000 bytes" in refused.message
    await upload(b"y" * 600, desk.of_b)
    await upload(b"y" * 6000, desk.of_b)


async def test_calls_a_second(desk: Desk) -> None:
    desk.allow("[tenants.a]\ncalls_per_s = 2\n")
    request = ops.ListOperationsRequest()
    answers = []
    for _ in range(12):
        try:
            await ask(desk.operations.ListOperations, request, desk.of_a)
            answers.append(None)
        except RefusedError as refused:
            answers.append(refused)
        await ask(desk.operations.ListOperations, request, desk.of_b)  # the other one is never slowed
    refusals = [answer for answer in answers if answer is not None]
    assert answers[0] is None
    assert refusals
    refused = refusals[0]
    assert (refused.code, refused.reason) == ("UNAVAILABLE", "RATE_LIMITED")
    retry = details(refused, error_details_pb2.RetryInfo).retry_delay.ToTimedelta().total_seconds()
    assert 0 < retry <= 0.5
    assert details(refused, error_details_pb2.QuotaFailure).violations[0].subject == "tenant:a"
    await asyncio.sleep(retry + 0.05)
    await ask(desk.operations.ListOperations, request, desk.of_a)


def test_the_file_and_its_defaults(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    path = tmp_path / "quotas.toml"
    path.write_text('[default]\nmax_running = 2\nmax_queued = 9\n[tenants.a]\nmax_running = inf\nroots = ["/data/a"]\n')
    quotas = Quotas(path, ledger)
    assert (quotas.of("a").max_running, quotas.of("a").max_queued) == (float("inf"), 9)
    assert (quotas.of("z").max_running, quotas.of("z").roots) == (2, [])
    assert quotas.of("a").roots == [Path("/data/a")]
    path.write_text("[default]\nmax_runing = 2\n")
    assert quotas.of("z").max_running == 2  # the former ones stay
    with pytest.raises(CislexError, match="max_runing"):
        Quotas(path, ledger)
    assert Quotas(None, ledger).of("a").calls_per_s == float("inf")
    ledger.close()


def test_every_quota_error_names_its_subject() -> None:
    status = to_status(CislexError(Reason.QUOTA_EXCEEDED, "m", subject="tenant:x"))
    failure = error_details_pb2.QuotaFailure()
    assert any(detail.Unpack(failure) for detail in status.details)
    assert failure.violations[0].subject == "tenant:x"
