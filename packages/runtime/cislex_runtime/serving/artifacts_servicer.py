"""cislex.artifacts.v1.ArtifactService over any store; the contract is in artifacts.proto."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex_core.errors import CislexError, Reason, RetryableError, UserError
from cislex_core.manifests import MANIFEST, Artifact, checked_digest
from cislex_core.stores import Store
from cislex_core.stores.local import LocalStore

from cislex_runtime import names
from cislex_runtime.ledger import Ledger
from cislex_runtime.owning.collector import Collector
from cislex_runtime.resources import decode_token, encode_token, media_type, page_size
from cislex_runtime.security import identity
from cislex_runtime.security.quotas import Quotas, bytes_exceeded
from cislex_runtime.serving.uploads import Upload, place_of
from cislex_runtime.working.outcomes import is_disk_full

CHUNK_BYTES = 512 << 10
MAX_DIGESTS = 10_000
MAX_PRESIGNED_BYTES = 5 << 30
URL_EXPIRES_S = 900.0


class ArtifactServicer(artifacts_pb2_grpc.ArtifactServiceServicer):
    """``tell_paths``: Stat names local paths (the server listens on a Unix socket only)."""

    def __init__(self, store: Store, ledger: Ledger, tell_paths: bool, quotas: Quotas, collector: Collector) -> None:
        self._store = store
        self._ledger = ledger
        # What lies in a bucket has no path of its own: the local copy may be evicted.
        self._tell_paths = tell_paths and isinstance(store, LocalStore)
        self._collector = collector
        self._quotas = quotas

    async def FindMissing(self, request: Any, context: Any) -> artifacts_pb2.FindMissingResponse:  # noqa: N802
        """Digests of the request that the store lacks."""
        if len(request.sha256s) > MAX_DIGESTS:
            message = f"{len(request.sha256s)} digests are more than {MAX_DIGESTS}; ask in parts"
            raise UserError(Reason.INVALID_REQUEST, message, field="sha256s")
        missing = await asyncio.to_thread(self._missing, list(request.sha256s))
        return artifacts_pb2.FindMissingResponse(missing_sha256s=missing)

    async def Stat(self, request: Any, context: Any) -> artifacts_pb2.StatResponse:  # noqa: N802
        """Kind, size, files and, on a Unix socket, the place."""
        return await asyncio.to_thread(self._stat, request.sha256)

    async def Read(self, request: Any, context: Any) -> AsyncIterator[artifacts_pb2.ReadResponse]:  # noqa: N802
        """Chunks of one file, which is verified first."""
        path = await asyncio.to_thread(self._locate, request.sha256, request.path)
        offset, limit = request.offset_bytes, request.limit_bytes
        with open(path, "rb") as handle:
            total = os.fstat(handle.fileno()).st_size
            if not 0 <= offset <= total or limit < 0:
                message = f"offset_bytes {offset} with limit_bytes {limit} is not within the file's {total} bytes"
                raise UserError(Reason.INVALID_REQUEST, message, field="offset_bytes")
            end = min(total, offset + limit) if limit else total
            handle.seek(offset)
            while True:
                data = await asyncio.to_thread(handle.read, min(CHUNK_BYTES, end - offset))
                yield artifacts_pb2.ReadResponse(offset_bytes=offset, data=data, total_bytes=total)
                offset += len(data)
                if offset >= end or not data:
                    return

    async def Write(self, requests: AsyncIterator[Any], context: Any) -> artifacts_pb2.WriteResponse:  # noqa: N802
        """Receive one file; what arrived of a broken stream stays."""
        upload: Upload | None = None
        try:
            async for message in requests:
                if upload is None:
                    held = await asyncio.to_thread(self._held_bytes, message.sha256)
                    if held is not None:
                        return artifacts_pb2.WriteResponse(committed_bytes=held, complete=True)
                    upload = await asyncio.to_thread(self._open_upload, message.sha256)
                await asyncio.to_thread(upload.add, message)
                if message.finish:
                    await asyncio.to_thread(self._finish, upload)
                    return artifacts_pb2.WriteResponse(committed_bytes=upload.size_bytes, complete=True)
            return artifacts_pb2.WriteResponse(committed_bytes=upload.size_bytes if upload is not None else 0)
        except OSError as error:
            raise _full(error) from error
        finally:
            if upload is not None:
                upload.close()

    async def QueryWrite(self, request: Any, context: Any) -> artifacts_pb2.QueryWriteResponse:  # noqa: N802
        """Where an upload stands."""
        return await asyncio.to_thread(self._query_write, request.sha256)

    async def ListArtifacts(self, request: Any, context: Any) -> artifacts_pb2.ListArtifactsResponse:  # noqa: N802
        """A page of resources of all kinds, newest first."""
        return await asyncio.to_thread(self._list, request)

    async def CreateUpload(self, request: Any, context: Any) -> artifacts_pb2.CreateUploadResponse:  # noqa: N802
        """A URL to send one file to, unless it is here."""
        return await asyncio.to_thread(self._create_upload, request)

    async def CompleteUpload(self, request: Any, context: Any) -> artifacts_pb2.CompleteUploadResponse:  # noqa: N802
        """Check what was sent, and make it visible to the caller's tenant."""
        return await asyncio.to_thread(self._complete_upload, request)

    async def CreateDownload(self, request: Any, context: Any) -> artifacts_pb2.CreateDownloadResponse:  # noqa: N802
        """A URL that answers one file."""
        url = await asyncio.to_thread(self._create_download, request.sha256, request.path)
        return artifacts_pb2.CreateDownloadResponse(url=url, expire_time=_time(time.time() + URL_EXPIRES_S))

    async def CollectGarbage(self, request: Any, context: Any) -> artifacts_pb2.CollectGarbageResponse:  # noqa: N802
        """Remove what nothing refers to, now."""
        done = await asyncio.to_thread(self._collector.collect, request.dry_run)
        return artifacts_pb2.CollectGarbageResponse(**asdict(done))

    # ---- who sees what ----------------------------------------------------------------------------------------

    def _visible(self, digests: Sequence[str]) -> set[str]:
        """Those that the caller may know of: a tenant's are what it sent or made. Says nothing of the store."""
        who = identity.current()
        return self._ledger.owned(who.tenant, digests) if who.scoped else set(digests)

    def _missing(self, digests: list[str]) -> list[str]:
        for digest in digests:
            checked_digest(digest)
        visible = self._visible(digests)
        absent = set(self._store.missing([digest for digest in digests if digest in visible]))
        return [digest for digest in digests if digest not in visible or digest in absent]

    def _held_bytes(self, digest: str) -> int | None:
        """Size of a file that the caller has here; None for what it has to send."""
        return self._store.file_size(digest) if checked_digest(digest) in self._visible([digest]) else None

    def _open(self, digest: str) -> Artifact | int:
        """The artifact, or the size of the file. Raises NOT_FOUND."""
        if checked_digest(digest) in self._visible([digest]):
            size = self._store.file_size(digest)
            if size is not None:
                return size
            try:
                return self._store.open_artifact(digest)
            except UserError as error:
                if error.reason is not Reason.ARTIFACT_MISSING:
                    raise
        raise UserError(Reason.NOT_FOUND, f"the store holds nothing named {digest}", name=digest, type="artifact")

    # ---- inside -----------------------------------------------------------------------------------------------

    def _stat(self, digest: str) -> artifacts_pb2.StatResponse:
        opened = self._open(digest)
        response = artifacts_pb2.StatResponse()
        response.artifact.sha256 = digest
        if isinstance(opened, int):
            response.artifact.size_bytes = opened
        else:
            response.kind = opened.kind
            response.artifact.size_bytes = opened.manifest.total_bytes
            response.artifact.media_type = media_type(opened.kind)
            for entry in opened.manifest.files:
                response.files.add(path=entry.path, sha256=entry.sha256, size_bytes=entry.size_bytes)
        if self._tell_paths:
            place = self._store.open_file(digest) if isinstance(opened, int) else opened.dir
            response.local_path = os.path.abspath(place)
        return response

    def _locate(self, digest: str, name: str) -> Path:
        opened = self._open(digest)
        _check_path(opened, digest, name)
        if isinstance(opened, int):
            return self._store.open_file(digest)
        return opened.folder / MANIFEST if name == MANIFEST else opened.path(name)

    def _create_download(self, digest: str, name: str) -> str:
        _check_path(self._open(digest), digest, name)
        return self._store.presign_download(digest, name, URL_EXPIRES_S)

    def _query_write(self, digest: str) -> artifacts_pb2.QueryWriteResponse:
        held = self._held_bytes(digest)
        if held is not None:
            return artifacts_pb2.QueryWriteResponse(committed_bytes=held, complete=True)
        waiting = place_of(self._store.uploads, names.tenant_of(""), digest)
        return artifacts_pb2.QueryWriteResponse(committed_bytes=waiting.stat().st_size if waiting.exists() else 0)

    def _open_upload(self, digest: str) -> Upload:
        tenant = names.tenant_of("")
        return Upload(self._store.uploads, tenant, digest, self._quotas.bytes_left(tenant))

    def _finish(self, upload: Upload) -> None:
        upload.flush()
        try:
            self._store.put_file(upload.path, upload.digest)
        except RetryableError:
            raise  # the store is away, and what came is whole: it is kept
        except CislexError:
            upload.drop()
            raise
        self._ledger.add_file(names.tenant_of(""), upload.digest, upload.size_bytes)
        upload.drop()

    def _create_upload(self, request: Any) -> artifacts_pb2.CreateUploadResponse:
        if not 0 <= request.size_bytes <= MAX_PRESIGNED_BYTES:
            text = (
                f"size_bytes {request.size_bytes} is not within 0 and {MAX_PRESIGNED_BYTES}; use Write for larger files"
            )
            raise UserError(Reason.INVALID_REQUEST, text, field="size_bytes")
        if self._held_bytes(request.sha256) is not None:
            return artifacts_pb2.CreateUploadResponse(complete=True)
        self._check_room(request.size_bytes)
        upload = self._store.presign_upload(URL_EXPIRES_S)
        return artifacts_pb2.CreateUploadResponse(
            url=upload.url, upload_id=upload.upload_id, expire_time=_time(time.time() + URL_EXPIRES_S)
        )

    def _complete_upload(self, request: Any) -> artifacts_pb2.CompleteUploadResponse:
        digest = checked_digest(request.sha256)
        self._check_room(request.size_bytes)
        self._store.finish_upload(request.upload_id, digest, request.size_bytes)
        self._ledger.add_file(names.tenant_of(""), digest, request.size_bytes)
        ref = artifacts_pb2.ArtifactRef(sha256=digest, size_bytes=request.size_bytes)
        return artifacts_pb2.CompleteUploadResponse(file=ref)

    def _check_room(self, size_bytes: int) -> None:
        tenant = names.tenant_of("")
        if size_bytes > self._quotas.bytes_left(tenant):
            raise bytes_exceeded(tenant)

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
            entry.create_time = _time(row.created_at)
        if len(rows) > size:
            response.next_page_token = encode_token((rows[size - 1].created_at, rows[size - 1].name), query)
        return response


def _check_path(opened: Artifact | int, digest: str, name: str) -> None:
    """Raise unless ``name`` is right: empty for a file, a file's name for an artifact."""
    if isinstance(opened, int):
        if name:
            raise UserError(Reason.INVALID_REQUEST, f"{digest} is a file: leave path empty", field="path")
    elif not name:
        raise UserError(Reason.INVALID_REQUEST, "path is required: which file of the artifact?", field="path")
    elif name != MANIFEST:
        opened.entry(name)


def _full(error: OSError) -> Exception:
    if not is_disk_full(error):
        return error
    return CislexError(Reason.DISK_FULL, "the server's disk is full; free some space and go on with the upload")


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
