"""A client of any cislex server: call, submit, watch with resume, wait, cancel, upload, fetch.

    async with connect("grpcs://lab.example:443", token="…") as client:
        stub = encoder_pb2_grpc.EncoderServiceStub(client.channel)
        operation = await client.submit(stub.BuildDataset, encoder_pb2.BuildDatasetRequest(parent="tenants/local", …))
        async for operation in client.watch(operation.name):
            print(metadata_of(operation).progress.done)
        dataset = result_of(operation, encoder_pb2.Dataset)
        await client.fetch(dataset.artifact, Path("out/dataset"))

Everything that fails raises RpcProblem. While a server is away every call is tried again (``patience_s``), which is
safe: a submission carries its request id, all else changes nothing. For programs without an event loop there is
``connection.Connection``. Calls are spans of the program's own OpenTelemetry traces, if it has any (``tracing``).
Light: no pyarrow, SQLAlchemy or service is imported from here.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import grpc
from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc

from cislex_runtime.calling import transfer
from cislex_runtime.calling.channel import TlsFiles, open_channel
from cislex_runtime.calling.patience import OnAway, Patience
from cislex_runtime.calling.problem import RpcProblem, WaitTimeoutError
from cislex_runtime.telemetry import tracing

CALL_TIMEOUT_S = 60.0
SUBMIT_TIMEOUT_S = 600.0
"""The server hashes new input files before it answers."""
COLLECT_TIMEOUT_S = 3600.0
WATCH_TIMEOUT_S = 900.0
"""Of one stream; a watch opens the next one by itself."""
PATIENCE_S = 30.0

Entry = artifacts_pb2.ListArtifactsResponse.Entry
T = TypeVar("T")
M = TypeVar("M", bound=Message)


def connect(
    address: str,
    *,
    ca_file: Path | None = None,
    cert_file: Path | None = None,
    key_file: Path | None = None,
    token: str = "",
    patience_s: float = PATIENCE_S,
    on_away: OnAway | None = None,
) -> Client:
    """A client of the server at ``address`` (forms: see ``channel``); call it within a running event loop."""
    tls = TlsFiles(ca_file, cert_file, key_file)
    return Client(open_channel(address, tls), token=token, patience_s=patience_s, on_away=on_away)


class Client:
    """One server, through a channel that is closed with it. ``token`` rides along as bearer token."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        token: str = "",
        patience_s: float = PATIENCE_S,
        on_away: OnAway | None = None,
    ) -> None:
        self.channel = channel
        self.operations = operations_pb2_grpc.OperationsStub(channel)
        self.events = ops_pb2_grpc.OperationEventsStub(channel)
        self.artifacts = artifacts_pb2_grpc.ArtifactServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._patience_s = patience_s
        self._on_away = on_away
        #: Large files go straight to and from the server's store, until that is known not to work.
        self.direct = True

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel; operations run on."""
        await self.channel.close()

    async def is_ready(self, timeout_s: float = 2.0) -> bool:
        """True when the server says that ledger and store are usable."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        try:
            answer = await stub.Check(health_pb2.HealthCheckRequest(service="ready"), timeout=timeout_s)
        except grpc.RpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    # calls ----------------------------------------------------------------------------------------------------------

    def options(self, timeout_s: float) -> dict[str, Any]:
        """Deadline and metadata, for stubs that are called without ``call``."""
        return {"timeout": timeout_s, "metadata": (*self._metadata, *tracing.carrier().items())}

    def patience(self, seconds: float | None = None) -> Patience:
        """For one call or stream."""
        return Patience(self._patience_s if seconds is None else seconds, self._on_away)

    async def call(self, method: Callable[..., Awaitable[T]], request: Message, timeout_s: float = CALL_TIMEOUT_S) -> T:
        """A unary rpc, a stub's method, with a deadline for each try."""
        patience = self.patience()
        with tracing.span(request.DESCRIPTOR.full_name.removesuffix("Request"), tracing.CLIENT):
            while True:
                try:
                    return await method(request, **self.options(timeout_s))
                except grpc.RpcError as error:
                    await patience.endure(error)

    async def submit(
        self,
        method: Callable[..., Awaitable[operations_pb2.Operation]],
        request: Any,
        timeout_s: float = SUBMIT_TIMEOUT_S,
    ) -> operations_pb2.Operation:
        """Start an operation. A request without request_id gets one, so that a repeat after a broken call is safe."""
        if not request.request_id:
            request.request_id = str(uuid.uuid4())
        return await self.call(method, request, timeout_s)

    # operations -----------------------------------------------------------------------------------------------------

    async def watch(
        self, name: str, *, timeout_s: float | None = None, patience_s: float | None = None
    ) -> AsyncGenerator[operations_pb2.Operation, None]:
        """States of an operation until it is done, the last one terminal; none is told twice or left out, across broken
        connections and restarts of the server.

        Raises WaitTimeoutError after ``timeout_s``. An operation that failed is told, not raised: see ``result_of``.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        patience = self.patience(patience_s)
        sequence = 0
        while True:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise WaitTimeoutError(f"{name} is not done after {timeout_s:g} s; it goes on")
            request = ops_pb2.WatchOperationRequest(name=name, after_sequence=sequence)
            deadline_s = WATCH_TIMEOUT_S if left is None else min(left, WATCH_TIMEOUT_S)
            try:
                async for event in self.events.WatchOperation(request, **self.options(deadline_s)):
                    patience.heard()
                    if event.bookmark:
                        continue
                    sequence = max(sequence, event.sequence)
                    yield event.operation
                    if event.operation.done:
                        return
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                    await patience.endure(error, at_most_s=left)

    async def wait(
        self, name: str, *, timeout_s: float | None = None, patience_s: float | None = None
    ) -> operations_pb2.Operation:
        """The terminal state: ``watch`` to its end."""
        states = [state async for state in self.watch(name, timeout_s=timeout_s, patience_s=patience_s)]
        return states[-1]

    async def get(self, name: str) -> operations_pb2.Operation:
        """The operation now."""
        return await self.call(self.operations.GetOperation, operations_pb2.GetOperationRequest(name=name))

    async def cancel(self, name: str) -> None:
        """Ask to cancel."""
        await self.call(self.operations.CancelOperation, operations_pb2.CancelOperationRequest(name=name))

    async def delete_operation(self, name: str) -> None:
        """Forget one that is done; its result stays."""
        await self.call(self.operations.DeleteOperation, operations_pb2.DeleteOperationRequest(name=name))

    async def list_operations(
        self, parent: str, most: int = 0, filter_text: str = ""
    ) -> list[operations_pb2.Operation]:
        """Operations of a tenant, newest first, at most ``most`` (0 = all)."""
        request = operations_pb2.ListOperationsRequest(name=parent, filter=filter_text, page_size=most or 200)
        return await self._pages(self.operations.ListOperations, request, "operations", most)

    async def _pages(self, method: Callable[..., Awaitable[Any]], request: Any, rows: str, most: int) -> list[Any]:
        """The rows of all pages, at most ``most`` (0 = all); ``rows`` names the answer's repeated field."""
        found: list[Any] = []
        while True:
            answer = await self.call(method, request)
            found += getattr(answer, rows)
            request.page_token = answer.next_page_token
            if not request.page_token or (most and len(found) >= most):
                return found[: most or None]

    # bytes ----------------------------------------------------------------------------------------------------------

    async def list_artifacts(self, parent: str, kind: str = "", most: int = 0) -> list[Entry]:
        """Named results of a tenant, newest first, at most ``most`` (0 = all)."""
        request = artifacts_pb2.ListArtifactsRequest(parent=parent, kind=kind, page_size=most or 1000)
        return await self._pages(self.artifacts.ListArtifacts, request, "entries", most)

    async def stat(self, sha256: str) -> artifacts_pb2.StatResponse:
        """Kind, size, files and, on the same machine, the place of a file or artifact."""
        return await self.call(self.artifacts.Stat, artifacts_pb2.StatRequest(sha256=sha256))

    async def local_path(self, ref: artifacts_pb2.ArtifactRef | str) -> Path | None:
        """The store's own folder or file when the server is on this machine (read-only), else None."""
        return transfer.visible(await self.stat(transfer.digest_of(ref)))

    async def upload(self, path: Path, sha256: str = "") -> str:
        """Put a file into the store unless it is there; a broken stream goes on where it stopped. Answers its sha256
        (computed here when it is not given)."""
        return await transfer.upload(self, path, sha256)

    async def fetch(self, ref: artifacts_pb2.ArtifactRef | str, dest: Path) -> Path:
        """Copy an artifact to the folder ``dest``, or a plain file to ``dest``, verified against the digests.

        ``dest`` is complete or absent. Raises FileExistsError when it is there already (an empty folder may be).
        """
        return await transfer.fetch(self, ref, dest)

    async def fetch_cached(self, ref: artifacts_pb2.ArtifactRef | str, cache: Path) -> Path:
        """The folder of an artifact: the store's own where it can be seen, else a verified copy, ``cache/<sha256>``."""
        return await transfer.fetch_cached(self, ref, cache)

    async def collect_garbage(self, dry_run: bool = False) -> artifacts_pb2.CollectGarbageResponse:
        """Remove what nothing refers to any more from the server's store (for administrators), or say what would go."""
        request = artifacts_pb2.CollectGarbageRequest(dry_run=dry_run)
        return await self.call(self.artifacts.CollectGarbage, request, COLLECT_TIMEOUT_S)

    async def read(self, sha256: str, path: str = "", most_bytes: int = 64 << 20) -> bytes:
        """The bytes of one file of an artifact (or of a plain file), unverified. For manifests and small tables."""
        return await transfer.read(self, sha256, path, most_bytes)


def result_of(operation: operations_pb2.Operation, message: type[M]) -> M:
    """The response of a done operation; raises RpcProblem when it failed or was cancelled."""
    if operation.HasField("error"):
        raise RpcProblem.from_status(operation.error)
    answer = message()
    if not operation.response.Unpack(answer):
        raise RpcProblem(13, f"{operation.name} answered {operation.response.type_url}, not {message.__name__}")
    return answer


def metadata_of(operation: operations_pb2.Operation) -> ops_pb2.OperationMetadata:
    """The operation's metadata message (empty when it has none)."""
    metadata = ops_pb2.OperationMetadata()
    operation.metadata.Unpack(metadata)
    return metadata


def state_name(metadata: ops_pb2.OperationMetadata) -> str:
    """``RUNNING`` and the like."""
    return ops_pb2.OperationMetadata.State.Name(metadata.state).removeprefix("STATE_")
