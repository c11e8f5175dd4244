"""What one server takes at once, each limit by itself, and that clients know what to do about it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import toy
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from cislex_core.errors import Reason, RetryableError
from cislex_core.settings import Settings
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.calling.client import Client
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.security import limits
from cislex_runtime.serving.server import Server
from google.longrunning import operations_pb2 as ops
from google.longrunning import operations_pb2_grpc
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from security_scene import Issuer, RefusedError, ask, bearer, refusal, serving

Started = Callable[..., AbstractAsyncContextManager[tuple[Server, grpc.aio.Channel]]]


@pytest.fixture
def started(short_dir: Path) -> Started:
    """A server without tokens: the limits hold for everybody."""

    @asynccontextmanager
    async def make(listen: str = "", **values: Any) -> AsyncIterator[tuple[Server, grpc.aio.Channel]]:
        settings = Settings(home=short_dir, drain_grace_s=1, stop_grace_s=1, **values)
        async with serving(settings, [toy.register], listen) as server, open_channel(server.address) as channel:
            yield server, channel

    return make


def retry_s(refused: RefusedError) -> float:
    """The delay that the server asks for."""
    info = error_details_pb2.RetryInfo()
    assert any(detail.Unpack(info) for detail in refused.status.details)
    return info.retry_delay.ToTimedelta().total_seconds()


async def running(channel: grpc.aio.Channel) -> Any:
    """An operation that goes on for the whole test."""
    stub = toy.Stub(channel)
    return await ask(stub.Count, stub.m.CountRequest(n=10_000, pause_s=0.1))


async def test_message_size(started: Started) -> None:
    async with started() as (_, channel):
        stub = toy.Stub(channel)
        fits = stub.m.CountRequest(n=1, label="x" * (3 << 20), validate_only=True)
        await ask(stub.Count, fits, timeout=60)
        refused = await refusal(stub.Count, stub.m.CountRequest(n=1, label="x" * (4 << 20)))
        assert refused.code == "RESOURCE_EXHAUSTED"
        assert "larger than max" in refused.message
        await ask(stub.Count, stub.m.CountRequest(n=1))


async def test_metadata_size(started: Started) -> None:
    async with started(max_metadata_bytes=8192) as (_, channel):
        method, request = operations_pb2_grpc.OperationsStub(channel).ListOperations, ops.ListOperationsRequest()
        await method(request, timeout=10, metadata=(("x-long", "x" * 6000),))
        with pytest.raises(grpc.RpcError) as caught:
            await method(request, timeout=10, metadata=(("x-long", "x" * 9000),))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await method(request, timeout=10)


async def test_concurrent_rpcs(started: Started) -> None:
    async with started(max_concurrent_rpcs=2) as (server, channel):
        operation = await running(channel)
        stub = operations_pb2_grpc.OperationsStub(channel)
        waits = [
            asyncio.create_task(ask(stub.WaitOperation, ops.WaitOperationRequest(name=operation.name))) for _ in "12"
        ]
        while server._gate.limits._rpcs < 2:
            await asyncio.sleep(0.01)
        refused = await refusal(stub.GetOperation, ops.GetOperationRequest(name=operation.name))
        assert (refused.code, refused.reason) == ("UNAVAILABLE", "RATE_LIMITED")
        assert retry_s(refused) == limits.RETRY_S
        # Health is told all the same, and watches have a limit of their own.
        health = health_pb2_grpc.HealthStub(channel)
        assert (await health.Check(health_pb2.HealthCheckRequest(service="ready"), timeout=5)).status
        async for _ in ops_pb2_grpc.OperationEventsStub(channel).WatchOperation(
            ops_pb2.WatchOperationRequest(name=operation.name), timeout=10
        ):
            break
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        # Nothing leaks: a client that is patient gets through.
        async with Client(open_channel(server.address)) as client:
            assert (await client.get(operation.name)).name == operation.name


async def test_concurrent_watches_of_a_tenant(started: Started) -> None:
    async with started(max_watches_per_tenant=2) as (server, channel):
        operation = await running(channel)
        other_tenant = toy.Stub(channel)
        foreign = await ask(other_tenant.Count, other_tenant.m.CountRequest(parent="tenants/b", n=10_000, pause_s=0.1))
        watch = ops_pb2_grpc.OperationEventsStub(channel).WatchOperation
        request = ops_pb2.WatchOperationRequest(name=operation.name)
        open_ones = [watch(request, timeout=30) for _ in range(2)]
        for call in open_ones:
            await anext(aiter(call))
        refused = await refusal(watch, request)
        assert (refused.code, refused.reason) == ("UNAVAILABLE", "RATE_LIMITED")
        assert (refused.metadata["subject"], retry_s(refused)) == ("tenant:local", limits.RETRY_S)
        of_b = watch(ops_pb2.WatchOperationRequest(name=foreign.name), timeout=30)
        await anext(aiter(of_b))
        open_ones[0].cancel()
        while server._gate.limits._watches["local"] > 1:
            await asyncio.sleep(0.01)
        again = watch(request, timeout=30)
        await anext(aiter(again))
        for call in (open_ones[1], of_b, again):
            call.cancel()
        while server._gate.limits._watches.total():
            await asyncio.sleep(0.01)


def test_watches_of_all_tenants_together(tmp_path: Path) -> None:
    counted = limits.Limits(Settings(home=tmp_path, max_watches_per_tenant=1))
    with ExitStack() as open_ones:
        last = [open_ones.enter_context(ExitStack()) for _ in "abcd"]
        for tenant, stack in zip("abcd", last, strict=True):
            stack.enter_context(counted.watch(tenant))
        with pytest.raises(RetryableError, match="all tenants together") as refused, counted.watch("e"):
            pass
        assert (refused.value.reason, refused.value.metadata["limit"]) == (Reason.RATE_LIMITED, "4")
        last[0].close()
        with counted.watch("e"), pytest.raises(RetryableError, match="all tenants together"), counted.watch("a"):
            pass
    assert counted._watches == {}, "nothing leaks"


async def test_health_watches_of_strangers_are_bounded(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PUBLIC_RPCS", 3)
    async with started() as (_, channel):
        health = health_pb2_grpc.HealthStub(channel)
        calls = [health.Watch(health_pb2.HealthCheckRequest(), timeout=20) for _ in range(3)]
        for call in calls:
            await anext(aiter(call))
        assert (await refusal(health.Watch, health_pb2.HealthCheckRequest())).reason == "RATE_LIMITED"
        for call in calls:
            call.cancel()


async def test_a_deadline_is_required_where_the_server_says_so(started: Started) -> None:
    async with started(require_deadline=True) as (_, channel):
        stub = operations_pb2_grpc.OperationsStub(channel)
        refused = await refusal(stub.ListOperations, ops.ListOperationsRequest(), timeout=None)
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "DEADLINE_REQUIRED")
        await ask(stub.ListOperations, ops.ListOperationsRequest(), timeout=10)
        health = health_pb2_grpc.HealthStub(channel)
        assert (await health.Check(health_pb2.HealthCheckRequest())).status


async def test_who_pings_without_end_is_cut_off(started: Started) -> None:
    def frames(raw: socket.socket) -> Any:
        data = b""
        while chunk := raw.recv(65536):
            data += chunk
            while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3]):
                length = int.from_bytes(data[:3])
                yield data[3], data[9 : 9 + length]
                data = data[9 + length :]

    def ping(port: int) -> int | None:
        """The error code of the GOAWAY that answers a flood of HTTP/2 pings."""
        frame = struct.pack(">I", 8)[1:] + bytes([6, 0]) + bytes(4) + bytes(8)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            raw.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + bytes([4, 0]) + bytes(4))
            raw.sendall(frame * 50)
            for kind, payload in frames(raw):
                if kind == 7:
                    return int.from_bytes(payload[4:8])
        return None

    enhance_your_calm = 0xB
    async with started("127.0.0.1:0") as (server, channel):
        port = int(server.address.rpartition(":")[2])
        assert await asyncio.to_thread(ping, port) == enhance_your_calm
        await ask(operations_pb2_grpc.OperationsStub(channel).ListOperations, ops.ListOperationsRequest())


async def test_a_client_gives_up_at_once_when_it_may_not(issuer: Issuer, short_dir: Path) -> None:
    async with serving(issuer.settings(short_dir), [toy.register]) as server:
        for token, reason in (("", "UNAUTHENTICATED"), ("garbage", "UNAUTHENTICATED"),
                              (issuer.token("b"), "FORBIDDEN")):  # fmt: skip
            async with Client(open_channel(server.address), token=token, patience_s=60) as client:
                asked: list[int] = []

                async def counted(
                    request: Any, client: Client = client, asked: list[int] = asked, **options: Any
                ) -> Any:
                    asked.append(1)
                    return await client.operations.GetOperation(request, **options)

                request = ops.GetOperationRequest(name="tenants/a/operations/01ARZ3NDEKTSV4RRFFQ69G5FAV")
                with pytest.raises(RpcProblem) as caught:
                    await client.call(counted, request)
                assert (caught.value.reason, caught.value.exit_code, len(asked)) == (reason, 4, 1)


@pytest.mark.parametrize("public", [True, False])
async def test_reflection_is_public_when_the_server_says_so(issuer: Issuer, short_dir: Path, public: bool) -> None:
    settings = issuer.settings(short_dir, public_reflection=public)
    async with serving(settings, [toy.register]) as server, open_channel(server.address) as channel:

        async def services(token: str) -> Any:
            method = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            return await ask(lambda r, **options: method(iter([r]), **options), request, token)

        if not public:
            with pytest.raises(RefusedError, match="UNAUTHENTICATED"):
                await services("")
        (answer,) = await services("" if public else issuer.token(role="reader"))
        names = {service.name for service in answer.list_services_response.service}
        assert {"cislex.toy.v1.ToyService", "google.longrunning.Operations"} < names


async def test_several_tokens_are_none(issuer: Issuer, short_dir: Path) -> None:
    async with serving(issuer.settings(short_dir), [toy.register]) as server, open_channel(server.address) as channel:
        method = operations_pb2_grpc.OperationsStub(channel).ListOperations
        for metadata in (
            bearer(issuer.token("a")) + bearer(issuer.token("b")), (("authorization", issuer.token("a")),),
            (("authorization", f"Basic {issuer.token('a')}"),), (("authorization", "Bearer "),),
        ):  # fmt: skip
            with pytest.raises(grpc.RpcError) as caught:
                await method(ops.ListOperationsRequest(), metadata=metadata, timeout=10)
            assert RefusedError(caught.value).reason == "UNAUTHENTICATED"
        await method(
            ops.ListOperationsRequest(), metadata=(("authorization", f"bearer {issuer.token('a')}"),), timeout=10
        )
