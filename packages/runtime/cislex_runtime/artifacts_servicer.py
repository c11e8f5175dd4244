"""cislex.artifacts.v1.ArtifactService over the local store; the contract is in artifacts.proto."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex_core.artifacts import MANIFEST, LocalStore
from cislex_core.errors import CislexError, Reason, UserError

from cislex_runtime import names
from cislex_runtime.ledger import Ledger
from cislex_runtime.outcomes import is_disk_full
from cislex_runtime.resources import decode_token, encode_token, media_type, page_size

CHUNK_BYTES = 512 << 10
MAX_DIGESTS = 10_000


class ArtifactServicer(artifacts_pb2_grpc.ArtifactServiceServicer):
    """``tell_paths``: Stat names local paths (the server listens on a Unix socket only)."""

    def __init__(self, store: LocalStore, ledger: Ledger, tell_paths: bool) -> None:
        self._store = store
        self._ledger = ledger
        self._tell_paths = tell_paths
        self._uploads = store.root / "uploads"
        self._uploads.mkdir(exist_ok=True)
        self._writing: set[str] = set()

    async def FindMissing(self, request: Any, context: Any) -> artifacts_pb2.FindMissingResponse:  # noqa: N802
        """Digests of the request that the store lacks."""
        if len(request.sha256s) > MAX_DIGESTS:
            message = f"{len(request.sha256s)} digests are more than {MAX_DIGESTS}; ask in parts"
            raise UserError(Reason.INVALID_REQUEST, message, field="sha256s")
        missing = await asyncio.to_thread(lambda: [d for d in request.sha256s if not self._store.has(d)])
        return artifacts_pb2.FindMissingResponse(missing_sha256s=missing)

    async def Stat(self, request: Any, context: Any) -> artifacts_pb2.StatResponse:  # noqa: N802
        """Kind, size, files and, on a Unix socket, the place."""
        return await asyncio.to_thread(self._stat, request.sha256)

    async def Read(self, request: Any, context: Any) -> AsyncIterator[artifacts_pb2.ReadResponse]:  # noqa: N802
        """Chunks of one file, which is verified first."""
        path = await asyncio.to_thread(self._locate, request.sha256, request.path)
        total = path.stat().st_size
        offset, limit = request.offset_bytes, request.limit_bytes
        if not 0 <= offset <= total or limit < 0:
            message = f"offset_bytes {offset} with limit_bytes {limit} is not within the file's {total} bytes"
            raise UserError(Reason.INVALID_REQUEST, message, field="offset_bytes")
        end = min(total, offset + limit) if limit else total
        with open(path, "rb") as handle:
            handle.seek(offset)
            while True:
                data = await asyncio.to_thread(handle.read, min(CHUNK_BYTES, end - offset))
                yield artifacts_pb2.ReadResponse(offset_bytes=offset, data=data, total_bytes=total)
                offset += len(data)
                if offset >= end or not data:
                    return

    async def Write(self, requests: AsyncIterator[Any], context: Any) -> artifacts_pb2.WriteResponse:  # noqa: N802
        """Receive one file; what arrived of a broken stream stays."""
        digest, handle, offset = "", None, 0
        try:
            async for message in requests:
                if handle is None:
                    digest = message.sha256
                    if self._has_file(digest):
                        return artifacts_pb2.WriteResponse(committed_bytes=self._size(digest), complete=True)
                    if digest in self._writing:
                        raise UserError(Reason.UNAVAILABLE, f"another upload of {digest} is running", digest=digest)
                    self._writing.add(digest)
                    handle = await asyncio.to_thread(open, self._upload(digest), "ab")
                    offset = handle.tell()
                if message.offset_bytes != offset or len(message.data) > 1 << 20:
                    text = f"offset_bytes {message.offset_bytes}, expected {offset}; at most 1 MiB of data a message"
                    raise UserError(Reason.INVALID_REQUEST, text, field="offset_bytes", expected=offset)
                await asyncio.to_thread(handle.write, message.data)
                offset += len(message.data)
                if message.finish:
                    handle.close()
                    await asyncio.to_thread(self._finish, digest)
                    return artifacts_pb2.WriteResponse(committed_bytes=offset, complete=True)
            return artifacts_pb2.WriteResponse(committed_bytes=offset)
        except OSError as error:
            if not is_disk_full(error):
                raise
            text = "the server's disk is full; free some space and go on with the upload"
            raise CislexError(Reason.DISK_FULL, text) from error
        finally:
            if handle is not None:
                handle.close()
                self._writing.discard(digest)

    async def QueryWrite(self, request: Any, context: Any) -> artifacts_pb2.QueryWriteResponse:  # noqa: N802
        """Where an upload stands."""
        if self._has_file(request.sha256):
            return artifacts_pb2.QueryWriteResponse(committed_bytes=self._size(request.sha256), complete=True)
        upload = self._upload(request.sha256)
        return artifacts_pb2.QueryWriteResponse(committed_bytes=upload.stat().st_size if upload.exists() else 0)

    async def ListArtifacts(self, request: Any, context: Any) -> artifacts_pb2.ListArtifactsResponse:  # noqa: N802
        """A page of resources of all kinds, newest first."""
        return await asyncio.to_thread(self._list, request)

    # ---- inside -----------------------------------------------------------------------------------------------

    def _has_file(self, digest: str) -> bool:
        try:
            self._store.open_file(digest)
        except UserError as error:
            if error.reason is Reason.ARTIFACT_MISSING:
                return False
            raise
        return True

    def _size(self, digest: str) -> int:
        return self._store.open_file(digest).stat().st_size

    def _upload(self, digest: str) -> Path:
        return self._uploads / digest

    def _finish(self, digest: str) -> None:
        upload = self._upload(digest)
        try:
            self._store.put_file(upload, digest)
        finally:
            upload.unlink(missing_ok=True)

    def _stat(self, digest: str) -> artifacts_pb2.StatResponse:
        if not self._store.has(digest):
            raise UserError(Reason.NOT_FOUND, f"the store holds nothing named {digest}", name=digest, type="artifact")
        response = artifacts_pb2.StatResponse()
        response.artifact.sha256 = digest
        if self._has_file(digest):
            place = self._store.open_file(digest)
            response.artifact.size_bytes = place.stat().st_size
        else:
            artifact = self._store.open_artifact(digest)
            place = artifact.dir
            response.kind = artifact.kind
            response.artifact.size_bytes = artifact.manifest.total_bytes
            response.artifact.media_type = media_type(artifact.kind)
            for entry in artifact.manifest.files:
                response.files.add(path=entry.path, sha256=entry.sha256, size_bytes=entry.size_bytes)
        if self._tell_paths:
            response.local_path = os.path.abspath(place)
        return response

    def _locate(self, digest: str, name: str) -> Path:
        if not self._store.has(digest):
            raise UserError(Reason.NOT_FOUND, f"the store holds nothing named {digest}", name=digest, type="artifact")
        if self._has_file(digest):
            if name:
                raise UserError(Reason.INVALID_REQUEST, f"{digest} is a file: leave path empty", field="path")
            return self._store.open_file(digest)
        artifact = self._store.open_artifact(digest)
        if not name:
            raise UserError(Reason.INVALID_REQUEST, "path is required: which file of the artifact?", field="path")
        return artifact.dir / MANIFEST if name == MANIFEST else artifact.path(name)

    def _list(self, request: Any) -> artifacts_pb2.ListArtifactsResponse:
        tenant = names.tenant_of(request.parent)
        query = {"tenant": tenant, "kind": request.kind}
        size = page_size(request.page_size)
        rows = self._ledger.list_resources(tenant, size + 1, decode_token(request.page_token, query), kind=request.kind)
        response = artifacts_pb2.ListArtifactsResponse()
        for row in rows[:size]:
            entry = response.entries.add(name=row.name, kind=row.kind)
            entry.artifact.sha256, entry.artifact.size_bytes = row.digest, row.size_bytes
            entry.artifact.media_type = media_type(row.kind)
            entry.create_time = datetime.fromtimestamp(row.created_at, UTC).isoformat(timespec="milliseconds")
        if len(rows) > size:
            response.next_page_token = encode_token((rows[size - 1].created_at, rows[size - 1].name), query)
        return response
