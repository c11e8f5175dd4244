"""A connection for clients: call, submit, wait with resume, cancel, upload, fetch.

    with Connection("unix:/home/me/.cislex/server.sock") as connection:
        stub = encoder_pb2_grpc.EncoderServiceStub(connection.channel)
        operation = connection.submit(stub.BuildDataset, encoder_pb2.BuildDatasetRequest(...))
        operation = connection.wait(operation.name, on_event=lambda op, metadata: print(metadata.progress.done))
        dataset = connection.result(operation, encoder_pb2.Dataset)
        connection.fetch(dataset.artifact, Path("out/dataset"))

Everything that fails raises RpcProblem.
"""

from __future__ import annotations

import hashlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import grpc
from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cislex_runtime.channel import RpcProblem, open_channel

DEFAULT_TIMEOUT_S = 30.0
CHUNK_BYTES = 512 << 10
M = TypeVar("M", bound=Message)
OnEvent = Callable[[operations_pb2.Operation, ops_pb2.OperationMetadata], None]
_NO_SERVER = (grpc.StatusCode.UNAVAILABLE,)


class WaitTimeoutError(Exception):
    """The operation is not done yet; it runs on. Exit code 124."""

    exit_code = 124


class Connection:
    """One server. Thread-safe as far as grpc channels are."""

    def __init__(self, address: str, credentials: grpc.ChannelCredentials | None = None) -> None:
        self.address = address
        self.channel = open_channel(address, credentials)
        self.operations = operations_pb2_grpc.OperationsStub(self.channel)
        self.events = ops_pb2_grpc.OperationEventsStub(self.channel)
        self.artifacts = artifacts_pb2_grpc.ArtifactServiceStub(self.channel)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel; operations run on."""
        self.channel.close()

    def is_ready(self, timeout_s: float = 2.0) -> bool:
        """True when the server says that ledger and store are usable."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service="ready"), timeout=timeout_s)
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def call(self, method: Callable[..., Any], request: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> Any:
        """A unary rpc with a deadline."""
        try:
            return method(request, timeout=timeout_s)
        except grpc.RpcError as error:
            raise RpcProblem.from_rpc(error) from None

    def submit(self, method: Callable[..., Any], request: Any, timeout_s: float = 600.0) -> operations_pb2.Operation:
        """Start an operation. A request without request_id gets one, so that a repeat after a broken call is safe.

        The deadline is long since the server hashes new input files before it answers.
        """
        if not request.request_id:
            request.request_id = str(uuid.uuid4())
        return self.call(method, request, timeout_s)

    def wait(
        self, name: str, on_event: OnEvent | None = None, timeout_s: float | None = None, patience_s: float = 60.0
    ) -> operations_pb2.Operation:
        """Watch until the operation is done, across reconnects and restarts of the server.

        Raises WaitTimeoutError after ``timeout_s``; RpcProblem when the server stays away for ``patience_s``. A failed
        operation is answered, not raised: see ``result``.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        sequence, away_since, pause = 0, None, 0.1
        while True:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise WaitTimeoutError(f"{name} is not done after {timeout_s:.0f} s; it runs on")
            request = ops_pb2.WatchOperationRequest(name=name, after_sequence=sequence)
            try:
                for event in self.events.WatchOperation(request, timeout=left):
                    away_since, pause = None, 0.1
                    if event.bookmark:
                        continue
                    sequence = event.sequence
                    if on_event is not None:
                        on_event(event.operation, metadata_of(event.operation))
                    if event.operation.done:
                        return event.operation
            except grpc.RpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED and end is not None:
                    continue
                away_since = away_since or time.monotonic()
                if error.code() not in _NO_SERVER or time.monotonic() - away_since > patience_s:
                    raise RpcProblem.from_rpc(error) from None
                time.sleep(pause)
                pause = min(2.0, pause * 2)

    def result(self, operation: operations_pb2.Operation, message: type[M]) -> M:
        """The response of a done operation; raises RpcProblem when it failed or was cancelled."""
        if operation.HasField("error"):
            raise RpcProblem.from_status(operation.error)
        answer = message()
        if not operation.response.Unpack(answer):
            raise RpcProblem(13, f"{operation.name} answered {operation.response.type_url}, not {message.__name__}")
        return answer

    def get(self, name: str) -> operations_pb2.Operation:
        """The operation now."""
        return self.call(self.operations.GetOperation, operations_pb2.GetOperationRequest(name=name))

    def cancel(self, name: str) -> None:
        """Ask to cancel."""
        self.call(self.operations.CancelOperation, operations_pb2.CancelOperationRequest(name=name))

    # ---- bytes ------------------------------------------------------------------------------------------------

    def stat(self, sha256: str) -> artifacts_pb2.StatResponse:
        """Kind, size, files and, on the same machine, the place of a file or artifact."""
        return self.call(self.artifacts.Stat, artifacts_pb2.StatRequest(sha256=sha256))

    def local_path(self, ref: artifacts_pb2.ArtifactRef | str) -> Path | None:
        """The store's own folder or file when the server is on this machine (read-only), else None."""
        told = self.stat(_digest(ref)).local_path
        return Path(told) if told and Path(told).exists() else None

    def fetch(self, ref: artifacts_pb2.ArtifactRef | str, dest: Path, only: list[str] | None = None) -> Path:
        """Copy an artifact's files (or ``only`` some) and manifest into the folder ``dest``, or a file to ``dest``.

        Resumes broken streams and verifies every digest. Answers ``dest``.
        """
        stat = self.stat(_digest(ref))
        local = Path(stat.local_path) if stat.local_path and Path(stat.local_path).exists() else None
        if not stat.kind:
            dest.parent.mkdir(parents=True, exist_ok=True)
            self._fetch_file(stat.artifact.sha256, "", stat.artifact.sha256, local, dest)
            return dest
        wanted = [(f.path, f.sha256) for f in stat.files if only is None or f.path in only]
        for name, sha256 in [*wanted, ("manifest.json", stat.artifact.sha256)]:
            target = dest / name
            target.parent.mkdir(parents=True, exist_ok=True)
            source = None if local is None else local / name
            self._fetch_file(stat.artifact.sha256, name, sha256, source, target)
        return dest

    def upload(self, path: Path) -> str:
        """Put a file into the server's store unless it is there; resumes. Answers its sha256."""
        sha = hashlib.sha256()
        with open(path, "rb") as handle:
            while chunk := handle.read(1 << 20):
                sha.update(chunk)
        digest = sha.hexdigest()
        for attempt in range(5):
            known = self.call(self.artifacts.QueryWrite, artifacts_pb2.QueryWriteRequest(sha256=digest))
            if known.complete:
                return digest
            try:
                answer = self.artifacts.Write(_chunks(path, digest, known.committed_bytes), timeout=3600)
                if answer.complete:
                    return digest
            except grpc.RpcError as error:
                if error.code() not in _NO_SERVER or attempt == 4:
                    raise RpcProblem.from_rpc(error) from None
                time.sleep(0.5 * 2**attempt)
        raise RpcProblem(14, f"{path} could not be uploaded whole")

    def _fetch_file(self, digest: str, name: str, sha256: str, local: Path | None, target: Path) -> None:
        partial = target.with_name(target.name + ".part")
        if local is not None:
            shutil.copyfile(local, partial)
        else:
            self._download(digest, name, partial)
        with open(partial, "rb") as handle:
            got = hashlib.file_digest(handle, "sha256").hexdigest()
        if got != sha256:
            partial.unlink()
            raise RpcProblem(15, f"{name or digest} arrived with sha256 {got}, expected {sha256}", "ARTIFACT_CORRUPT")
        partial.replace(target)

    def _download(self, digest: str, name: str, partial: Path) -> None:
        failures = 0
        with open(partial, "wb") as out:
            while True:
                request = artifacts_pb2.ReadRequest(sha256=digest, path=name, offset_bytes=out.tell())
                try:
                    for chunk in self.artifacts.Read(request, timeout=3600):
                        out.write(chunk.data)
                    return
                except grpc.RpcError as error:
                    failures += 1
                    if error.code() not in _NO_SERVER or failures > 5:
                        raise RpcProblem.from_rpc(error) from None
                    time.sleep(0.2 * 2**failures)


def metadata_of(operation: operations_pb2.Operation) -> ops_pb2.OperationMetadata:
    """The operation's metadata message."""
    metadata = ops_pb2.OperationMetadata()
    operation.metadata.Unpack(metadata)
    return metadata


def state_name(metadata: ops_pb2.OperationMetadata) -> str:
    """``RUNNING`` and the like."""
    return ops_pb2.OperationMetadata.State.Name(metadata.state).removeprefix("STATE_")


def _digest(ref: artifacts_pb2.ArtifactRef | str) -> str:
    return ref if isinstance(ref, str) else ref.sha256


def _chunks(path: Path, digest: str, offset: int) -> Iterator[artifacts_pb2.WriteRequest]:
    with open(path, "rb") as handle:
        handle.seek(offset)
        while True:
            data = handle.read(CHUNK_BYTES)
            last = len(data) < CHUNK_BYTES
            yield artifacts_pb2.WriteRequest(sha256=digest, offset_bytes=offset, data=data, finish=last)
            offset += len(data)
            if last:
                return
