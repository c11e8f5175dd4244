"""Bytes straight between this machine and the store of a server, through URLs that the server gives.

A shortcut for large files only. Whatever goes wrong here, the caller goes on through the server: it may be that the
store cannot be reached from this machine. URLs are capabilities: none of them is logged, or part of an error.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from cislex.artifacts.v1 import artifacts_pb2
from cislex_core.errors import Code, Reason

from cislex_runtime.calling.problem import RpcProblem

if TYPE_CHECKING:
    from cislex_runtime.calling.client import Client

log = logging.getLogger("cislex.client")
WORTH_BYTES = 8 << 20
"""Smaller files are as quick through the server."""
MOST_BYTES = 5 << 30
"""S3 takes no more in one request."""
COMPLETE_TIMEOUT_S = 900.0
_IDLE_TIMEOUT_S = 60.0
_READ_BYTES = 1 << 20
_BROKEN = (OSError, http.client.HTTPException)


async def send(client: Client, path: Path, digest: str) -> bool:
    """Upload a whole file; False when it has to go through the server. Raises RpcProblem when it is refused."""
    size = path.stat().st_size
    if not client.direct or not WORTH_BYTES <= size <= MOST_BYTES:
        return False
    try:
        request = artifacts_pb2.CreateUploadRequest(sha256=digest, size_bytes=size)
        created = await client.call(client.artifacts.CreateUpload, request)
        if created.complete:
            return True
        await asyncio.to_thread(_put, created.url, path, size)
        done = artifacts_pb2.CompleteUploadRequest(sha256=digest, upload_id=created.upload_id, size_bytes=size)
        await client.call(client.artifacts.CompleteUpload, done, COMPLETE_TIMEOUT_S)
    except _BROKEN as error:
        _give_up(client, error)
        return False
    except RpcProblem as problem:
        # ARTIFACT_MISSING: a first CompleteUpload was heard, its answer was not; the caller asks what is there.
        if _has_none(client, problem) or problem.reason == Reason.ARTIFACT_MISSING.name:
            return False
        raise
    return True


async def fetch(client: Client, digest: str, name: str, place: Path, size: int) -> bool:
    """Download one file to ``place``, going on with what is there; False when the rest has to come through the server.

    Nothing is verified here.
    """
    if not client.direct or size < WORTH_BYTES:
        return False
    try:
        while (start := place.stat().st_size if place.exists() else 0) < size:
            request = artifacts_pb2.CreateDownloadRequest(sha256=digest, path=name)
            created = await client.call(client.artifacts.CreateDownload, request)
            broken: Exception = EOFError()
            try:
                await asyncio.to_thread(_get, created.url, place, start)
            except _BROKEN as error:
                broken = error
            if not place.exists() or place.stat().st_size <= start:  # no byte came: this way leads nowhere
                _give_up(client, broken)
                return False
    except RpcProblem as problem:
        if _has_none(client, problem):
            return False
        raise
    return True


def _has_none(client: Client, problem: RpcProblem) -> bool:
    """True when the server gives no URLs, now and later: its store is a folder, or it is an older one."""
    if problem.reason == Reason.NO_PRESIGNED_URLS.name or problem.code == Code.UNIMPLEMENTED.value:
        client.direct = False
        return True
    return False


def _give_up(client: Client, error: Exception) -> None:
    what = f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
    log.info("the server's store does not serve this machine (%s); bytes go through the server", what)
    client.direct = False


def _put(url: str, path: Path, size: int) -> None:
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    with open(path, "rb") as data:
        request = urllib.request.Request(url, data, headers, method="PUT")
        with urllib.request.urlopen(request, timeout=_IDLE_TIMEOUT_S) as answer:
            answer.read()


def _get(url: str, place: Path, start: int) -> None:
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with urllib.request.urlopen(request, timeout=_IDLE_TIMEOUT_S) as answer, open(place, "ab") as out:
        if start and answer.status != 206:
            out.truncate(0)  # the whole file comes again
        while data := answer.read(_READ_BYTES):
            out.write(data)
