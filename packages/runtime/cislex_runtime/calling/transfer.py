"""Bytes between a client and a server's store: resumable upload, download verified against digests.

What is asked for by digest is trusted only by digest: an artifact's manifest must hash to its name, and each file to
what that manifest says.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from cislex.artifacts.v1 import artifacts_pb2
from cislex_core.canonical import digest_file
from cislex_core.errors import Code, Reason

from cislex_runtime.calling import presigned
from cislex_runtime.calling.problem import RpcProblem

if TYPE_CHECKING:
    from cislex_runtime.calling.client import Client

CHUNK_BYTES = 512 << 10
STREAM_TIMEOUT_S = 3600.0
# As in cislex_core.manifests, which loads pyarrow.
MANIFEST = "manifest.json"

Ref = artifacts_pb2.ArtifactRef | str


def digest_of(ref: Ref) -> str:
    """The sha256 of a reference."""
    return ref if isinstance(ref, str) else ref.sha256


def visible(stat: artifacts_pb2.StatResponse) -> Path | None:
    """Where the store keeps it, when that place is on this machine."""
    place = Path(stat.local_path) if stat.local_path else None
    return place if place is not None and place.exists() else None


async def upload(client: Client, path: Path, sha256: str = "") -> str:
    """See ``Client.upload``."""
    digest = sha256 or await asyncio.to_thread(digest_file, path)
    patience = client.patience()
    reached = 0
    while True:
        held = await client.call(client.artifacts.QueryWrite, artifacts_pb2.QueryWriteRequest(sha256=digest))
        if held.complete or (not held.committed_bytes and await presigned.send(client, path, digest)):
            return digest
        if held.committed_bytes > reached:
            reached = held.committed_bytes
            patience.heard()
        parts = _parts(path, digest, held.committed_bytes)
        try:
            answer = await client.artifacts.Write(parts, **client.options(STREAM_TIMEOUT_S))
        except grpc.RpcError as error:
            await patience.endure(error)
            continue
        if not answer.complete:
            raise RpcProblem(Code.INTERNAL.value, f"{path}: the store took {answer.committed_bytes} bytes, not all")
        return digest


async def fetch(client: Client, ref: Ref, dest: Path) -> Path:
    """See ``Client.fetch``."""
    if dest.exists() and not (dest.is_dir() and not any(dest.iterdir())):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(dest))
    stat = await client.stat(digest_of(ref))
    digest, local = stat.artifact.sha256, visible(stat)
    dest.parent.mkdir(parents=True, exist_ok=True)
    staged = dest.parent / f".{uuid.uuid4().hex}.part"
    try:
        if not stat.kind:
            await _bring(client, digest, "", digest, local, staged, stat.artifact.size_bytes)
        else:
            staged.mkdir()
            await _bring(client, digest, MANIFEST, digest, local and local / MANIFEST, staged / MANIFEST)
            for entry in json.loads((staged / MANIFEST).read_bytes())["files"]:
                name = entry["path"]
                place = _inside(staged, name)
                place.parent.mkdir(parents=True, exist_ok=True)
                await _bring(client, digest, name, entry["sha256"], local and local / name, place, entry["size_bytes"])
        os.rename(staged, dest)
    finally:
        if staged.is_dir():
            shutil.rmtree(staged, ignore_errors=True)
        else:
            staged.unlink(missing_ok=True)
    return dest


async def fetch_cached(client: Client, ref: Ref, cache: Path) -> Path:
    """See ``Client.fetch_cached``."""
    local = await client.local_path(ref)
    if local is not None:
        return local
    target = cache / digest_of(ref)
    if not (target / MANIFEST).is_file():
        try:
            await fetch(client, ref, target)
        except OSError:
            # Another process filled the same place meanwhile: what is there was verified under the same digest.
            if not (target / MANIFEST).is_file():
                raise
    return target


async def read(client: Client, sha256: str, path: str = "", most_bytes: int = 0) -> bytes:
    """See ``Client.read``; 0 = all."""
    request = artifacts_pb2.ReadRequest(sha256=sha256, path=path, limit_bytes=most_bytes)
    patience = client.patience()
    while True:
        try:
            stream = client.artifacts.Read(request, **client.options(STREAM_TIMEOUT_S))
            return b"".join([part.data async for part in stream])
        except grpc.RpcError as error:
            await patience.endure(error)


async def _bring(
    client: Client, digest: str, name: str, sha256: str, local: Path | None, place: Path, size: int = 0
) -> None:
    """One file to ``place``, from the store's own folder or over the wire, verified; absent when it is corrupt."""
    if local is not None:
        await asyncio.to_thread(shutil.copyfile, local, place)
    elif not await presigned.fetch(client, digest, name, place, size):
        await _download(client, digest, name, place)
    got = await asyncio.to_thread(digest_file, place)
    if got != sha256:
        raise RpcProblem(
            Code.DATA_LOSS.value,
            f"{name or digest} arrived with sha256 {got[:16]}…, expected {sha256[:16]}…",
            Reason.ARTIFACT_CORRUPT.name,
            metadata={"path": name, "digest": digest},
        )


async def _download(client: Client, digest: str, name: str, place: Path) -> None:
    patience = client.patience()
    with open(place, "ab") as out:
        while True:
            request = artifacts_pb2.ReadRequest(sha256=digest, path=name, offset_bytes=out.tell())
            try:
                async for part in client.artifacts.Read(request, **client.options(STREAM_TIMEOUT_S)):
                    out.write(part.data)
                    patience.heard()
                return
            except grpc.RpcError as error:
                await patience.endure(error)


async def _parts(path: Path, digest: str, start: int) -> AsyncIterator[artifacts_pb2.WriteRequest]:
    size = path.stat().st_size
    with open(path, "rb") as handle:
        handle.seek(start)
        offset = start
        while True:
            data = handle.read(CHUNK_BYTES)
            # A file that shrank meanwhile ends too; the store then refuses it by its digest.
            end = offset + len(data) >= size or not data
            yield artifacts_pb2.WriteRequest(sha256=digest, offset_bytes=offset, data=data, finish=end)
            offset += len(data)
            if end:
                return


def _inside(folder: Path, name: str) -> Path:
    """A path below ``folder``; a manifest that names a place outside is refused."""
    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise RpcProblem(
            Code.DATA_LOSS.value, f"the artifact names a file outside its folder: {name!r}",
            Reason.ARTIFACT_CORRUPT.name, metadata={"path": name},
        )  # fmt: skip
    return place
