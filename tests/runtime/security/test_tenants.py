"""Two tenants on one server: neither learns from any answer what the other has or does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import toy
from cislex.artifacts.v1 import artifacts_pb2 as artifacts
from cislex.artifacts.v1 import artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.calling.client import metadata_of, result_of
from cislex_runtime.names import new_id
from cislex_runtime.security.policy import access_of
from google.longrunning import operations_pb2 as ops
from google.longrunning import operations_pb2_grpc
from s3_server import S3Server, send
from security_scene import Issuer, RefusedError, ask, bearer, reason_of, refusal, serving

ABSENT = "f" * 64
SECRET = b"the peaks of tenant a"


class Desk:
    """One server and the stubs on it; ``of_a`` and ``of_b`` are tokens."""

    def __init__(self, channel: grpc.aio.Channel, issuer: Issuer) -> None:
        self.toy = toy.Stub(channel)
        self.artifacts = artifacts_pb2_grpc.ArtifactServiceStub(channel)
        self.operations = operations_pb2_grpc.OperationsStub(channel)
        self.events = ops_pb2_grpc.OperationEventsStub(channel)
        self.of_a, self.of_b = issuer.token("a", "admin"), issuer.token("b", "admin")

    async def upload(self, data: bytes, token: str, digest: str = "") -> Any:
        """Send a file in one message."""
        request = artifacts.WriteRequest(sha256=digest or hashlib.sha256(data).hexdigest(), data=data, finish=True)
        return await self.artifacts.Write(iter([request]), metadata=bearer(token), timeout=20)

    async def submit(self, token: str, **fields: Any) -> Any:
        """Start a count."""
        return await ask(self.toy.Count, self.toy.m.CountRequest(**fields), token)

    async def run(self, token: str, **fields: Any) -> Any:
        """Start one and wait for its end."""
        return await self.done(await self.submit(token, **fields), token)

    async def done(self, operation: Any, token: str) -> Any:
        """The operation at its end."""
        while not operation.done:
            operation = await ask(
                self.operations.WaitOperation, ops.WaitOperationRequest(name=operation.name), token, 70
            )
        return operation


@pytest.fixture(params=["folder", "s3"])
async def desk(
    request: pytest.FixtureRequest,
    issuer: Issuer,
    short_dir: Path,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Desk]:
    (short_dir / "data" / "a").mkdir(parents=True)
    (short_dir / "data" / "b").mkdir()
    settings = issuer.settings(short_dir, allowed_roots=[short_dir / "data"], light_slots=2)
    if request.param == "s3":
        where = {"store_url": s3_server.url(s3_server.bucket()), "store_endpoint": s3_server.endpoint}
        settings = settings.model_copy(update=where)
        for name, value in where.items():  # for workers
            monkeypatch.setenv(f"CISLEX_{name.upper()}", value)
    async with serving(settings, [toy.register]) as server, open_channel(server.address) as channel:
        yield Desk(channel, issuer)


async def test_what_one_tenant_has_is_absent_for_the_other(desk: Desk) -> None:
    held = hashlib.sha256(SECRET).hexdigest()
    await desk.upload(SECRET, desk.of_a)
    operation = await desk.run(desk.of_a, n=3, source={"sha256": held})
    result = result_of(operation, desk.toy.m.Count)
    made = result.artifact.sha256
    assert await ask(desk.artifacts.Stat, artifacts.StatRequest(sha256=made), desk.of_a)

    for digest in (held, made):
        # FindMissing is no oracle: it says the same of what another has and of what nobody has.
        asked = artifacts.FindMissingRequest(sha256s=[digest, ABSENT])
        assert list((await ask(desk.artifacts.FindMissing, asked, desk.of_b)).missing_sha256s) == [digest, ABSENT]
        assert list((await ask(desk.artifacts.FindMissing, asked, desk.of_a)).missing_sha256s) == [ABSENT]
        asked_write = await ask(desk.artifacts.QueryWrite, artifacts.QueryWriteRequest(sha256=digest), desk.of_b)
        assert asked_write == artifacts.QueryWriteResponse()
        for method, request in (
            (desk.artifacts.Stat, lambda d: artifacts.StatRequest(sha256=d)),
            (desk.artifacts.Read, lambda d: artifacts.ReadRequest(sha256=d)),
            (desk.artifacts.Read, lambda d: artifacts.ReadRequest(sha256=d, path="manifest.json")),
            (desk.artifacts.Read, lambda d: artifacts.ReadRequest(sha256=d, offset_bytes=10**9)),
            (desk.artifacts.CreateDownload, lambda d: artifacts.CreateDownloadRequest(sha256=d)),
            (desk.toy.Count, lambda d: desk.toy.m.CountRequest(n=1, source={"sha256": d})),
            (desk.toy.Count, lambda d: desk.toy.m.CountRequest(n=1, source={"sha256": d}, validate_only=True)),
            (desk.toy.Count, lambda d: desk.toy.m.CountRequest(n=1, parent_count=d)),
        ):
            there = await refusal(method, request(digest), desk.of_b)
            absent = await refusal(method, request(ABSENT), desk.of_b)
            assert there.without(digest) == absent.without(ABSENT)

    # Names: a's own are refused before they are looked up; the same ids under b's name are absent.
    op_id, short = operation.name.rpartition("/")[2], made[:16]
    for method, request in (
        (desk.operations.GetOperation, lambda n: ops.GetOperationRequest(name=f"tenants/b/operations/{n}")),
        (desk.operations.WaitOperation, lambda n: ops.WaitOperationRequest(name=f"tenants/b/operations/{n}")),
        (desk.operations.CancelOperation, lambda n: ops.CancelOperationRequest(name=f"tenants/b/operations/{n}")),
        (desk.operations.DeleteOperation, lambda n: ops.DeleteOperationRequest(name=f"tenants/b/operations/{n}")),
        (desk.events.WatchOperation, lambda n: ops_pb2.WatchOperationRequest(name=f"tenants/b/operations/{n}")),
    ):
        nobodys = new_id()
        there, absent = (
            await refusal(method, request(op_id), desk.of_b),
            await refusal(method, request(nobodys), desk.of_b),
        )
        assert there.without(op_id) == absent.without(nobodys)
        assert there.reason == "NOT_FOUND"
    get = desk.toy.m.GetCountRequest
    for method in (desk.toy.GetCount, desk.toy.DeleteCount):
        assert (await refusal(method, get(name=f"tenants/b/counts/{short}"), desk.of_b)).reason == "NOT_FOUND"
        there = await refusal(method, get(name=f"tenants/a/counts/{short}"), desk.of_b)
        absent = await refusal(method, get(name=f"tenants/a/counts/{ABSENT[:16]}"), desk.of_b)
        assert there.reason == "FORBIDDEN"
        assert there.without(short) == absent.without(ABSENT[:16])
    named = desk.toy.m.CountRequest(n=1, parent_count=f"tenants/b/counts/{short}")
    assert (await refusal(desk.toy.Count, named, desk.of_b)).reason == "NOT_FOUND"
    # Lists are empty, and no page token of a's leads anywhere.
    assert not (await ask(desk.operations.ListOperations, ops.ListOperationsRequest(), desk.of_b)).operations
    assert not (await ask(desk.artifacts.ListArtifacts, artifacts.ListArtifactsRequest(), desk.of_b)).entries
    await desk.run(desk.of_a, n=4)
    page = await ask(desk.operations.ListOperations, ops.ListOperationsRequest(page_size=1), desk.of_a)
    stolen = ops.ListOperationsRequest(page_size=1, page_token=page.next_page_token)
    assert await reason_of(desk.operations.ListOperations, stolen, desk.of_b) == "INVALID_REQUEST"
    # a still has it all.
    assert await ask(desk.toy.GetCount, get(name=result.name), desk.of_a) == result


async def test_who_sends_the_same_bytes_has_them_too(desk: Desk) -> None:
    digest = hashlib.sha256(SECRET).hexdigest()
    half = artifacts.WriteRequest(sha256=digest, data=SECRET[:5])
    await desk.artifacts.Write(iter([half]), metadata=bearer(desk.of_a), timeout=20)
    # A half upload of a's is not told either, nor in b's way.
    asked = artifacts.QueryWriteRequest(sha256=digest)
    assert (await ask(desk.artifacts.QueryWrite, asked, desk.of_a)).committed_bytes == 5
    assert (await ask(desk.artifacts.QueryWrite, asked, desk.of_b)).committed_bytes == 0
    rest = artifacts.WriteRequest(sha256=digest, data=SECRET[5:], offset_bytes=5, finish=True)
    await desk.artifacts.Write(iter([rest]), metadata=bearer(desk.of_a), timeout=20)

    # Naming the digest is not enough: the whole content is asked for, and checked.
    with pytest.raises(grpc.RpcError) as caught:
        await desk.upload(b"something else", desk.of_b, digest)
    assert RefusedError(caught.value).reason == "ARTIFACT_CORRUPT"
    assert await reason_of(desk.artifacts.Stat, artifacts.StatRequest(sha256=digest), desk.of_b) == "NOT_FOUND"
    answer = await desk.upload(SECRET, desk.of_b)
    assert (answer.complete, answer.committed_bytes) == (True, len(SECRET))
    for token in (desk.of_a, desk.of_b):
        chunks = await ask(desk.artifacts.Read, artifacts.ReadRequest(sha256=digest), token)
        assert b"".join(chunk.data for chunk in chunks) == SECRET
        stat = await ask(desk.artifacts.Stat, artifacts.StatRequest(sha256=digest), token)
        assert not stat.local_path  # though the server listens on a socket


async def test_presigned_uploads_are_no_way_round(desk: Desk) -> None:
    digest = hashlib.sha256(SECRET).hexdigest()
    await desk.upload(SECRET, desk.of_a)
    asked = artifacts.CreateUploadRequest(sha256=digest, size_bytes=len(SECRET))
    create, complete = desk.artifacts.CreateUpload, desk.artifacts.CompleteUpload
    assert (await ask(create, asked, desk.of_a)).complete
    absent = artifacts.CreateUploadRequest(sha256=ABSENT, size_bytes=len(SECRET))
    if await reason_of(create, absent, desk.of_b) == "NO_PRESIGNED_URLS":
        assert await reason_of(create, asked, desk.of_b) == "NO_PRESIGNED_URLS"
        return
    made = await ask(create, asked, desk.of_b)
    assert (made.complete, bool(made.url)) == (False, True)
    ended = artifacts.CompleteUploadRequest(sha256=digest, upload_id=made.upload_id, size_bytes=len(SECRET))
    assert await reason_of(complete, ended, desk.of_b) == "ARTIFACT_MISSING"  # nothing was sent
    await asyncio.to_thread(send, made.url, b"?" * len(SECRET))
    assert await reason_of(complete, ended, desk.of_b) == "ARTIFACT_CORRUPT"
    for upload_id in ("", "../files", f"files/{digest[:2]}/{digest}", made.upload_id + ".taken", digest[:32]):
        forged = artifacts.CompleteUploadRequest(sha256=digest, upload_id=upload_id, size_bytes=len(SECRET))
        assert await reason_of(complete, forged, desk.of_b) in ("INVALID_REQUEST", "ARTIFACT_MISSING")
    assert await reason_of(desk.artifacts.Stat, artifacts.StatRequest(sha256=digest), desk.of_b) == "NOT_FOUND"
    made = await ask(create, asked, desk.of_b)
    await asyncio.to_thread(send, made.url, SECRET)
    ended.upload_id = made.upload_id
    assert (await ask(complete, ended, desk.of_b)).file.sha256 == digest
    assert (await ask(desk.artifacts.CreateDownload, artifacts.CreateDownloadRequest(sha256=digest), desk.of_b)).url


async def test_results_are_shared_within_a_tenant_only(desk: Desk) -> None:
    first = metadata_of(await desk.run(desk.of_a, n=5))
    again = metadata_of(await desk.run(desk.of_a, n=5))
    other = metadata_of(await desk.run(desk.of_b, n=5))
    assert (first.cache_hit, again.cache_hit, other.cache_hit) == (False, True, False)
    assert first.spec_digest == other.spec_digest
    assert metadata_of(await desk.run(desk.of_b, n=5, validate_only=True)).cache_hit
    assert not metadata_of(await desk.run(desk.of_b, n=6, validate_only=True)).cache_hit

    # Nor does b wait for an equal operation of a's that runs.
    running = [await desk.submit(token, n=20, pause_s=0.1) for token in (desk.of_a, desk.of_b)]
    ended = await asyncio.gather(
        *(desk.done(op, token) for op, token in zip(running, (desk.of_a, desk.of_b), strict=True))
    )
    assert [metadata_of(operation).cache_hit for operation in ended] == [False, False]
    assert [metadata_of(operation).attempt for operation in ended] == [1, 1]


async def test_the_tenant_is_the_tokens(desk: Desk) -> None:
    assert (await desk.run(desk.of_b, n=1)).name.startswith("tenants/b/operations/")
    assert (await desk.run(desk.of_b, n=1, parent="tenants/b")).name.startswith("tenants/b/operations/")
    for parent in ("tenants/a", "tenants/local", "tenants/", "tenants/b/x"):
        refused = await refusal(desk.toy.Count, desk.toy.m.CountRequest(n=1, parent=parent), desk.of_b)
        assert refused.reason in ("FORBIDDEN", "INVALID_REQUEST")
        assert (refused.reason == "INVALID_REQUEST") == (parent == "tenants/b/x")
    label = {"project": "tenants/a"}
    assert (await desk.run(desk.of_b, n=1, labels=label)).done  # labels are no names


async def test_paths_lie_in_the_tenants_own_folder(desk: Desk, short_dir: Path) -> None:
    own, others = short_dir / "data" / "b" / "own.bin", short_dir / "data" / "a" / "peaks.bin"
    own.write_bytes(b"own")
    others.write_bytes(SECRET)
    assert (await desk.run(desk.of_b, n=1, source={"path": str(own)})).HasField("response")
    (short_dir / "data" / "b" / "link").symlink_to(others)
    for path in (
        "data/a/peaks.bin",
        "data/a/none",
        "data/b/../a/peaks.bin",
        "data/b/link",
        "data/common.bin",
        "/etc/hostname",
    ):
        request = desk.toy.m.CountRequest(n=1, source={"path": str(short_dir / path)})
        assert await reason_of(desk.toy.Count, request, desk.of_b) == "PATH_NOT_ALLOWED", path


async def test_rpcs_without_a_policy_are_for_nobody(desk: Desk) -> None:
    assert access_of("/cislex.toy.v1.ToyService/Crash") is None
    refused = await refusal(desk.toy.Crash, desk.toy.m.GetCountRequest(), desk.of_a)
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "FORBIDDEN")
