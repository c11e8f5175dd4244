"""Every rpc of every service that a server registers, called by those who must not: generated from the descriptors.

What is called here is what the server says it serves, so a new rpc is covered, and refused until it has a policy.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from cislex_embedded.services import registers
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.security.policy import Access, access_of
from cislex_runtime.serving.server import Server
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.message import Message
from security_scene import Issuer, ask, reason_of, refusal, serving

HEALTH = "grpc.health.v1.Health"
#: What changes nothing, by the words that rpcs begin with; all else must need more than a reader.
READS = re.compile(r"(Get|List|Find|Stat|Read|Watch|Wait|Diagnose|Compare(?=Genomes)|Encode|Server|CreateDownload|"
                   r"Model(?=Ready|Metadata))")  # fmt: skip


@dataclass(frozen=True)
class Rpc:
    """One method, callable without its stub."""

    descriptor: MethodDescriptor

    @property
    def path(self) -> str:
        """As it travels."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    def request(self, **values: Any) -> Any:
        """A request message."""
        return message_factory.GetMessageClass(self.descriptor.input_type)(**values)

    def on(self, channel: grpc.aio.Channel) -> Any:
        """A callable that takes one request, whatever the streaming."""
        kinds = {(False, False): "unary_unary", (False, True): "unary_stream",
                 (True, False): "stream_unary", (True, True): "stream_stream"}  # fmt: skip
        kind = kinds[self.descriptor.client_streaming, self.descriptor.server_streaming]
        answer = message_factory.GetMessageClass(self.descriptor.output_type)
        method = getattr(channel, kind)(
            self.path, request_serializer=lambda m: m.SerializeToString(), response_deserializer=answer.FromString
        )
        if self.descriptor.client_streaming:
            return lambda request, **options: method(_left_open(request), **options)
        return method


async def _left_open(request: Message) -> AsyncIterator[Message]:
    """A stream of one request that its caller does not end: a refusal may come before the request is written, and
    gRPC's client then calls whatever it would still send an error of its own."""
    yield request
    await asyncio.Event().wait()


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A folder with a path that is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
async def server(issuer: Issuer, short_dir: Path) -> AsyncIterator[Server]:
    settings = issuer.settings(short_dir, public_reflection=False, default_deadline_s=10)
    async with serving(settings, registers()) as made:
        yield made


@pytest.fixture
async def channel(server: Server) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(server.address) as made:
        yield made


def rpcs(server: Server) -> list[Rpc]:
    """All that the server serves."""
    pool = descriptor_pool.Default()
    found = [Rpc(method) for name in server.services for method in pool.FindServiceByName(name).methods]
    assert len(found) > 100
    assert {"google.longrunning.Operations", "cislex.ops.v1.OperationEvents", "cislex.artifacts.v1.ArtifactService",
            "cislex.trainer.v1.TrainerService"} < set(server.services)  # fmt: skip
    return found


def texts(message: Descriptor, depth: int = 3) -> Iterator[list[Any]]:
    """Ways to the text fields of a message: lists of field descriptors. Labels are not names."""
    for field in message.fields:
        if field.name == "labels":
            continue
        if field.type == field.TYPE_STRING:
            yield [field]
        elif field.type == field.TYPE_MESSAGE and depth and not field.message_type.GetOptions().map_entry:
            for rest in texts(field.message_type, depth - 1):
                yield [field, *rest]


def put(message: Message, way: list[Any], text: str) -> None:
    """Set the text at the end of the way."""
    field, *rest = way
    if not rest:
        if field.is_repeated:
            getattr(message, field.name).append(text)
        else:
            setattr(message, field.name, text)
        return
    inner = getattr(message, field.name)
    put(inner.add() if field.is_repeated else inner, rest, text)


async def test_without_a_valid_token_every_rpc_is_refused(
    issuer: Issuer, server: Server, channel: grpc.aio.Channel
) -> None:
    now = int(time.time())
    tokens = {
        "none at all": "",
        "garbage": "garbage",
        "expired": issuer.token(role="admin", exp=now - 600, iat=now - 1200),
        "alg=none": issuer.unsigned_token(role="admin"),
        "a MAC keyed with the public key": issuer.mac_token(kid="first"),
        "of another issuer": issuer.token(role="admin", iss="https://elsewhere.example.org"),
        "for another service": issuer.token(role="admin", aud="elsewhere"),
    }
    public = []
    for rpc in rpcs(server):
        for what, token in tokens.items():
            if rpc.path.startswith(f"/{HEALTH}/"):
                public.append(rpc.path)
                break
            refused = await refusal(rpc.on(channel), rpc.request(), token)
            assert (refused.code, refused.reason) == ("UNAUTHENTICATED", "UNAUTHENTICATED"), f"{rpc.path}: {what}"
            assert not token or token not in refused.message
    assert sorted(public) == [f"/{HEALTH}/{name}" for name in ("Check", "List", "Watch")]
    assert (await ask(Rpc(descriptor_pool.Default().FindMethodByName(f"{HEALTH}.Check")).on(channel), _health())).status


def _health() -> Any:
    from grpc_health.v1 import health_pb2

    return health_pb2.HealthCheckRequest()


async def test_a_token_without_tenant_is_refused_everywhere(
    issuer: Issuer, server: Server, channel: grpc.aio.Channel
) -> None:
    token = issuer.token(cislex_tenant=None, role="admin")
    for rpc in rpcs(server):
        if not rpc.path.startswith(f"/{HEALTH}/"):
            refused = await refusal(rpc.on(channel), rpc.request(), token)
            assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "FORBIDDEN"), rpc.path


async def test_names_of_another_tenant_are_refused_in_every_field(
    issuer: Issuer, server: Server, channel: grpc.aio.Channel
) -> None:
    token = issuer.token("b", "admin")
    n_tried, without_text = 0, set()
    for rpc in rpcs(server):
        if rpc.path.startswith(f"/{HEALTH}/"):
            continue
        ways = list(texts(rpc.descriptor.input_type))
        if not ways:
            without_text.add(rpc.descriptor.name)
        for way in ways:
            for name in ("tenants/a", "tenants/a/datasets/0123456789abcdef", "tenants/", "tenants/b2/x/y"):
                request = rpc.request()
                put(request, way, name)
                refused = await refusal(rpc.on(channel), request, token)
                where = f"{rpc.path} {'.'.join(field.name for field in way)}={name}"
                assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "FORBIDDEN"), where
                n_tried += 1
    assert n_tried > 1000
    assert without_text == {"ServerLive", "ServerReady", "ServerMetadata", "GetServiceInfo", "CollectGarbage"}


async def test_readers_change_nothing_and_users_do_not_rule(
    issuer: Issuer, server: Server, channel: grpc.aio.Channel
) -> None:
    reader, user = issuer.token("a", "reader"), issuer.token("a", "user")
    submissions = 0
    for rpc in rpcs(server):
        if rpc.path.startswith(f"/{HEALTH}/"):
            continue
        access = access_of(rpc.path)
        assert access is not None, f"{rpc.path} has no policy"
        reads = READS.match(rpc.descriptor.name) is not None or rpc.descriptor.name == "ServerReflectionInfo"
        assert (access is Access.READ) == reads, f"{rpc.path} is {access}"
        if reads:
            continue
        refused = await refusal(rpc.on(channel), rpc.request(), reader)
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "FORBIDDEN"), rpc.path
        if access is Access.ADMIN:
            assert (await refusal(rpc.on(channel), rpc.request(), user)).reason == "FORBIDDEN", rpc.path
        if access is Access.SUBMIT:
            submissions += 1
            # Asked only what would run, a reader gets an answer: here that required fields are missing, or the spec.
            assert await reason_of(rpc.on(channel), rpc.request(validate_only=True), reader) in ("", "INVALID_REQUEST")
    assert submissions > 20


def test_the_policy_is_documented(repo_dir: Path) -> None:
    spec = importlib.util.spec_from_file_location("policy_table", repo_dir / "scripts" / "policy_table.py")
    assert spec is not None
    assert spec.loader is not None
    policy_table = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(policy_table)
    assert policy_table.table() in (repo_dir / "docs" / "security.md").read_text(), (
        "run scripts/policy_table.py --write and look at what changed"
    )
