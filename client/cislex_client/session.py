"""Speaking with the services of one context: submit, watch, cancel, bring files in and results out.

Nothing here knows a particular service: requests are dicts (see ``messages``). A watch survives a broken connection and
a server that was killed; with the managed local server it starts that server again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import grpc
from cislex.artifacts.v1 import artifacts_pb2, artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from google.longrunning import operations_pb2
from google.protobuf.json_format import ParseError

from cislex_client import messages, operations
from cislex_client.channels import Channels
from cislex_client.contexts import Context
from cislex_client.exit_codes import WAIT_TIMED_OUT, CommandError, UsageError
from cislex_client.operations import OperationView
from cislex_client.service_errors import from_rpc_error, is_unavailable

UNARY_DEADLINE_S = 60.0
WATCH_DEADLINE_S = 900.0
_RETRIES = 8
"""Tries while the service is unavailable, 0.2 s apart at first, doubling to 5 s: about 20 s in all."""

T = TypeVar("T")


class Session:
    """One context, opened. Use ``async with Session(context) as session``."""

    def __init__(self, context: Context, channels: Channels | None = None) -> None:
        self.context = context
        self.tenant = context.tenant
        self.parent = f"tenants/{context.tenant}"
        self.channels = channels or Channels(context)
        self._digests: dict[tuple[str, int, int], str] = {}

    async def __aenter__(self) -> Session:
        await self.channels.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.channels.close()

    # requests -----------------------------------------------------------------------------------------------------

    async def submit(
        self,
        task: str,
        request: Mapping[str, Any],
        *,
        request_id: str,
        validate_only: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> OperationView:
        """Start an operation (or find the one of the same ``request_id``). Raises CommandError."""
        body = {**request, "parent": self.parent, "request_id": request_id, "labels": dict(labels or {})}
        if validate_only:
            body["validate_only"] = True
        message = self._message(task, body)
        answer = await self._unary(task.partition(".")[0], messages.method(task), message, where=task)
        return operations.view(answer)

    async def call(self, task: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """A unary rpc that answers at once, as a dict. Raises CommandError."""
        message = self._message(task, request)
        return messages.plain(await self._unary(task.partition(".")[0], messages.method(task), message, where=task))

    def _message(self, task: str, body: Mapping[str, Any]) -> Any:
        try:
            return messages.request_message(task, body)
        except ParseError as error:
            raise UsageError(f"{task}: {error}") from None

    # operations ---------------------------------------------------------------------------------------------------

    async def get(self, name: str) -> OperationView:
        """The operation's present state."""
        stub = operations_pb2.GetOperationRequest(name=name)
        answer = await self._generic(
            "/google.longrunning.Operations/GetOperation", stub, operations_pb2.Operation, name
        )
        return operations.view(answer)

    async def list_operations(self, page_size: int = 50, filter_text: str = "") -> list[OperationView]:
        """Operations of the tenant, newest first, at most ``page_size`` (0 = all)."""
        found: list[OperationView] = []
        token = ""
        while True:
            request = operations_pb2.ListOperationsRequest(
                name=self.parent, filter=filter_text, page_size=page_size or 200, page_token=token
            )
            path = "/google.longrunning.Operations/ListOperations"
            answer = await self._generic(path, request, operations_pb2.ListOperationsResponse, self.parent)
            found += [operations.view(operation) for operation in answer.operations]
            token = answer.next_page_token
            if not token or (page_size and len(found) >= page_size):
                return found[: page_size or None]

    async def cancel(self, name: str) -> None:
        """Ask that an operation be cancelled."""
        from google.protobuf.empty_pb2 import Empty

        request = operations_pb2.CancelOperationRequest(name=name)
        await self._generic("/google.longrunning.Operations/CancelOperation", request, Empty, name)

    async def watch(self, name: str) -> AsyncIterator[OperationView]:
        """States of an operation until it is done; the last one is terminal. Resumes where a connection broke."""
        after = 0
        failures = 0
        while True:
            stub = ops_pb2_grpc.OperationEventsStub(await self.channels.any())
            request = ops_pb2.WatchOperationRequest(name=name, after_sequence=after)
            try:
                async for event in stub.WatchOperation(request, timeout=WATCH_DEADLINE_S, metadata=self._metadata()):
                    failures = 0
                    after = max(after, event.sequence)
                    if event.bookmark:
                        continue
                    state = operations.view(event.operation)
                    yield state
                    if state.done:
                        return
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    continue
                failures += 1
                if not is_unavailable(error) or failures > _RETRIES:
                    raise from_rpc_error(error, where=name) from None
                await self._recover(failures)

    async def wait(self, name: str, timeout_s: float | None = None) -> OperationView:
        """The terminal state. Raises CommandError (exit 124) when the time is over; the operation goes on."""

        async def last() -> OperationView:
            states = [state async for state in self.watch(name)]
            return states[-1]

        try:
            return await asyncio.wait_for(last(), timeout_s)
        except TimeoutError:
            raise CommandError(
                f"{name} did not end within {timeout_s:g} s; it goes on",
                code=WAIT_TIMED_OUT,
                reason="WAIT_TIMED_OUT",
                remedy=f"cislex op wait {name}",
            ) from None

    # files and artifacts ------------------------------------------------------------------------------------------

    async def bring(self, path: Path) -> dict[str, str]:
        """An input file as ``{sha256, path}``: named by place on this machine, uploaded elsewhere.

        Raises UsageError when it is not a readable, non-empty file.
        """
        path = readable(path)
        digest = await asyncio.to_thread(self.digest, path)
        if self.channels.shares_files:
            return {"sha256": digest, "path": str(path)}
        await self._upload(path, digest)
        return {"sha256": digest}

    async def fetch(self, digest: str, cache: Path) -> Path:
        """The folder of an artifact, on this machine: the store's own where it can be seen, else a verified copy."""
        from cislex_client.transfer import pull

        return await pull(await self.artifact_stub(), digest, cache, self._metadata())

    async def stat(self, digest: str) -> artifacts_pb2.StatResponse:
        """Kind, size and files of a digest."""
        stub = await self.artifact_stub()
        request = artifacts_pb2.StatRequest(sha256=digest)
        return await self._retry(partial(stub.Stat, request, **self._options()), digest)

    async def artifact_stub(self) -> artifacts_pb2_grpc.ArtifactServiceStub:
        """The artifact service of this context."""
        return artifacts_pb2_grpc.ArtifactServiceStub(await self.channels.any())

    async def list_artifacts(self, kind: str = "", most: int = 50) -> list[dict[str, Any]]:
        """Resources made by operations, newest first, at most ``most`` (0 = all)."""
        stub = await self.artifact_stub()
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            request = artifacts_pb2.ListArtifactsRequest(
                parent=self.parent, kind=kind, page_size=most or 1000, page_token=token
            )
            answer = await self._retry(partial(stub.ListArtifacts, request, **self._options()), "artifacts")
            found += [messages.plain(entry) for entry in answer.entries]
            token = answer.next_page_token
            if not token or (most and len(found) >= most):
                return found[: most or None]

    async def read_small(self, digest: str, path: str = "", most_bytes: int = 64 << 20) -> bytes:
        """The bytes of one file of an artifact (or of a file). Meant for manifests and tables of a few MB."""
        stub = await self.artifact_stub()
        request = artifacts_pb2.ReadRequest(sha256=digest, path=path, limit_bytes=most_bytes)

        async def once() -> bytes:
            return b"".join([part.data async for part in stub.Read(request, **self._options())])

        return await self._retry(once, f"{path or 'file'} of {digest[:16]}")

    async def _upload(self, path: Path, digest: str) -> None:
        from cislex_client.transfer import push

        await push(await self.artifact_stub(), path, digest, self._metadata())

    def digest(self, path: Path) -> str:
        """sha256 of a file; remembered while size and time stay."""
        from cislex_core.canonical import digest_file

        facts = path.stat()
        key = (str(path), facts.st_size, facts.st_mtime_ns)
        if key not in self._digests:
            self._digests[key] = digest_file(path)
        return self._digests[key]

    # plumbing -----------------------------------------------------------------------------------------------------

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        return self.channels.metadata()

    def _options(self) -> dict[str, Any]:
        return {"timeout": UNARY_DEADLINE_S, "metadata": self._metadata()}

    async def _unary(self, service: str, method: messages.Method, request: Any, where: str) -> Any:
        async def once() -> Any:
            channel = await self.channels.of(service)
            call = channel.unary_unary(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.response.FromString,
            )
            return await call(request, **self._options())

        return await self._retry(once, where)

    async def _generic(self, path: str, request: Any, response: Any, where: str) -> Any:
        async def once() -> Any:
            channel = await self.channels.any()
            call = channel.unary_unary(
                path, request_serializer=type(request).SerializeToString, response_deserializer=response.FromString
            )
            return await call(request, **self._options())

        return await self._retry(once, where)

    async def _retry(self, once: Callable[[], Awaitable[T]], where: str) -> T:
        """Try again while the service is unavailable: every request carries its id or changes nothing."""
        failures = 0
        while True:
            try:
                return await once()
            except grpc.aio.AioRpcError as error:
                failures += 1
                if not is_unavailable(error) or failures > _RETRIES:
                    raise from_rpc_error(error, where=where) from None
                await self._recover(failures)

    async def _recover(self, failures: int) -> None:
        await asyncio.sleep(min(5.0, 0.2 * 2 ** (failures - 1)))
        await self.channels.revive(failures)


def readable(path: Path) -> Path:
    """The absolute path of a readable, non-empty file. Raises UsageError saying what is wrong with it."""
    path = Path(path).expanduser().absolute()
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; a file is needed")
        with open(path, "rb") as handle:
            if not handle.read(1):
                raise UsageError(f"{path} is empty", remedy="name a file that has rows or sequences")
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist", remedy="check the path") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return path
