"""Bytes in and out: resumable upload of a file, verified download of an artifact."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex_core.artifacts import MANIFEST
from cislex_core.canonical import digest_bytes, digest_file

from cislex_client.exit_codes import FAILED, CommandError
from cislex_client.service_errors import from_rpc_error, is_unavailable

CHUNK_BYTES = 1 << 20
DEADLINE_S = 3600.0
_TRIES = 5

Metadata = tuple[tuple[str, str], ...]


async def push(stub: artifacts_pb2_grpc.ArtifactServiceStub, path: Path, digest: str, metadata: Metadata = ()) -> None:
    """Upload a file unless the store holds it; a broken stream goes on where it stopped. Raises CommandError."""
    failures = 0
    while True:
        try:
            held = await stub.QueryWrite(artifacts_pb2.QueryWriteRequest(sha256=digest), timeout=60, metadata=metadata)
            if held.complete:
                return
            parts = _parts(path, digest, held.committed_bytes)
            answer = await stub.Write(parts, timeout=DEADLINE_S, metadata=metadata)
            if answer.complete:
                return
        except grpc.aio.AioRpcError as error:
            failures += 1
            if not is_unavailable(error) or failures >= _TRIES:
                raise from_rpc_error(error, where=f"upload of {path}") from None
            await asyncio.sleep(0.2 * 2**failures)


async def pull(stub: artifacts_pb2_grpc.ArtifactServiceStub, digest: str, cache: Path, metadata: Metadata = ()) -> Path:
    """The folder of an artifact: the server's own when it lies on this machine, else ``cache/<digest>``, verified.

    The copy is complete or absent: it is made beside its place and renamed. Raises CommandError.
    """
    try:
        facts = await stub.Stat(artifacts_pb2.StatRequest(sha256=digest), timeout=60, metadata=metadata)
        if facts.local_path and Path(facts.local_path).exists():
            return Path(facts.local_path)
        target = cache / digest
        if (target / MANIFEST).is_file():
            return target
        staged = cache / f".{uuid.uuid4().hex}"
        staged.mkdir(parents=True)
        try:
            await _download(stub, digest, MANIFEST, staged / MANIFEST, metadata)
            _check(digest_bytes((staged / MANIFEST).read_bytes()), digest, MANIFEST)
            for entry in facts.files:
                place = _inside(staged, entry.path)
                place.parent.mkdir(parents=True, exist_ok=True)
                await _download(stub, digest, entry.path, place, metadata)
                _check(await asyncio.to_thread(digest_file, place), entry.sha256, entry.path)
            if not target.exists():
                os.rename(staged, target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        return target
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error, where=f"artifact {digest[:16]}") from None


async def _download(
    stub: artifacts_pb2_grpc.ArtifactServiceStub, digest: str, name: str, place: Path, metadata: Metadata
) -> None:
    failures = 0
    with open(place, "wb") as out:
        while True:
            request = artifacts_pb2.ReadRequest(sha256=digest, path=name, offset_bytes=out.tell())
            try:
                async for part in stub.Read(request, timeout=DEADLINE_S, metadata=metadata):
                    out.write(part.data)
                return
            except grpc.aio.AioRpcError as error:
                failures += 1
                if not is_unavailable(error) or failures >= _TRIES:
                    raise
                await asyncio.sleep(0.2 * 2**failures)


async def _parts(path: Path, digest: str, start: int) -> AsyncIterator[artifacts_pb2.WriteRequest]:
    size = path.stat().st_size
    with open(path, "rb") as handle:
        handle.seek(start)
        offset = start
        while True:
            data = handle.read(CHUNK_BYTES)
            end = offset + len(data) >= size
            yield artifacts_pb2.WriteRequest(sha256=digest, offset_bytes=offset, data=data, finish=end)
            offset += len(data)
            if end:
                return


def _inside(folder: Path, name: str) -> Path:
    """A path below ``folder``; a manifest that names a place outside is refused."""
    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise CommandError(f"the artifact names a file outside its folder: {name!r}", code=FAILED)
    return place


def _check(got: str, expected: str, name: str) -> None:
    if got != expected:
        raise CommandError(
            f"{name} arrived with sha256 {got[:16]}…, expected {expected[:16]}…",
            code=FAILED, reason="ARTIFACT_CORRUPT", remedy="run the command again",
        )  # fmt: skip
