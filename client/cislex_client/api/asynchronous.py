"""``AsyncClient``: everything that the services do, awaited.

async with AsyncClient() as client:
    dataset = await client.run(calls.simulate_dataset(n_sequences=400))
    job = await client.submit(calls.train_model(dataset=dataset, seeds=[0]))
    async for state in job.watch():
        print(state.state, state.share)
    model = await job.result()
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from cislex.info.v1 import info_pb2, info_pb2_grpc
from cislex_runtime.calling.client import Client as Transport
from cislex_runtime.calling.client import metadata_of, result_of
from google.longrunning import operations_pb2
from google.protobuf.json_format import ParseError
from google.protobuf.message import Message

from cislex_client import contexts, messages
from cislex_client.api import requests
from cislex_client.api.call import Call, Question, Ref
from cislex_client.api.errors import InvalidRequestError, telling
from cislex_client.api.states import JobState, state_of
from cislex_client.request_ids import fresh_request_id
from cislex_client.session import Session

M = TypeVar("M", bound=Message)
_INVALID_ARGUMENT = 3


@dataclass(frozen=True)
class _Given(contexts.Context):
    """A context whose token was handed over, and is never written or shown."""

    secret: str = field(default="", repr=False)

    def token(self) -> str:
        return self.secret or super().token()


def chosen(
    address: str,
    context: str,
    token: str,
    tenant: str,
    services: Mapping[str, str] | None,
    files: Mapping[str, Path | str | None],
) -> contexts.Context:
    """The context that a client's arguments mean: an address, else a name, else the current one."""
    if not address and not services:
        return contexts.chosen(context or None)
    given = {name: str(path) for name, path in files.items() if path is not None}
    return _Given(
        "given", address=address, tenant=tenant or contexts.LOCAL, services=dict(services or {}), secret=token, **given
    )


class AsyncClient:
    """One place to work at. With nothing given: the current context of ``cislex context``, at first the server of this
    machine, which is started when none runs.

    ``address``: ``grpcs://host[:port]``, ``grpc://host:port`` or ``unix:///path``, with ``token`` and ``tenant``;
    ``services``: an address per service where no gateway stands before them; ``ca_file``, ``cert_file``, ``key_file``:
    PEM files for TLS. ``context``: a name of ``cislex context ls``.
    """

    def __init__(
        self,
        address: str = "",
        *,
        context: str = "",
        token: str = "",
        tenant: str = "",
        services: Mapping[str, str] | None = None,
        ca_file: Path | str | None = None,
        cert_file: Path | str | None = None,
        key_file: Path | str | None = None,
    ) -> None:
        files = {"ca_file": ca_file, "cert_file": cert_file, "key_file": key_file}
        with telling():
            self._session = Session(chosen(address, context, token, tenant, services, files))
        self._opening = asyncio.Lock()
        self._is_open = False

    @property
    def parent(self) -> str:
        """``tenants/{tenant}``."""
        return self._session.parent

    async def __aenter__(self) -> AsyncClient:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect; start the server of this machine when that is meant and none runs. The first call does it, too."""
        async with self._opening:
            if not self._is_open:
                with telling():
                    await self._session.channels.open()
                self._is_open = True

    async def close(self) -> None:
        """Close the channels; jobs run on."""
        await self._session.channels.close()
        self._is_open = False

    # work -----------------------------------------------------------------------------------------------------------

    async def submit(
        self, call: Call[M], *, labels: Mapping[str, str] | None = None, request_id: str = ""
    ) -> AsyncJob[M]:
        """Start it. ``request_id``, a UUID4: the same one again answers the same job."""
        fields = {"labels": dict(labels or {}), "request_id": request_id or fresh_request_id()}
        operation = await self._send(call, fields)
        return AsyncJob(await self._transport(), operation, call.response)

    async def run(self, call: Call[M], *, labels: Mapping[str, str] | None = None, timeout_s: float | None = None) -> M:
        """Start it, wait, and answer its result. Raises ServiceError, and WaitTimeoutError (it runs on)."""
        return await (await self.submit(call, labels=labels)).result(timeout_s)

    async def validate(self, call: Call[Any]) -> dict[str, Any]:
        """What would run, with all defaults; nothing does."""
        operation = await self._send(call, {"validate_only": True})
        found: dict[str, Any] = json.loads(metadata_of(operation).spec_json or "{}")
        return found

    async def ask(self, question: Question[M]) -> M:
        """Something that is answered at once."""
        answer: M = await self._send(question, {})
        return answer

    # jobs and results -----------------------------------------------------------------------------------------------

    async def job(self, name: str, response: type[M]) -> AsyncJob[M]:
        """One that was started before; ``response`` is the message of its result."""
        with telling(name):
            transport = await self._transport()
            return AsyncJob(transport, await transport.get(name), response)

    async def jobs(self, most: int = 50, filter_text: str = "") -> list[JobState]:
        """The tenant's, newest first; ``filter_text``: ``state=RUNNING AND task=trainer.TrainModel``."""
        with telling():
            found = await (await self._transport()).list_operations(self.parent, most, filter_text)
        return [state_of(operation) for operation in found]

    async def get(self, kind: type[M], name: str) -> M:
        """A result by its name: ``await client.get(encoder_pb2.Dataset, "tenants/…/datasets/…")``."""
        task = f"{_area(kind)}.Get{kind.DESCRIPTOR.name}"
        answer: M = await self._send(Question(task, kind, {"name": name}), {})
        return answer

    async def results(self, kind: type[M], most: int = 50) -> list[M]:
        """The tenant's results of a kind, newest first, at most ``most`` (0 = all)."""
        task, rows = _listing(kind)
        found: list[M] = []
        fields: dict[str, Any] = {"page_size": most or 1000}
        while True:
            page: Any = await self._send(Question(task, kind, fields), {})
            found += getattr(page, rows)
            fields["page_token"] = page.next_page_token
            if not page.next_page_token or (most and len(found) >= most):
                return found[: most or None]

    async def fetch(self, result: Ref, dest: Path | str) -> Path:
        """Copy a result's files, verified, to the folder ``dest``: complete or absent. FileExistsError when there."""
        with telling():
            return await (await self._transport()).fetch(requests.digest(result), Path(dest))

    async def folder(self, result: Ref) -> Path:
        """A result's files to read: the store's own where it can be seen, else a verified copy in a cache."""
        from cislex_client.local_server import cache_folder

        with telling():
            return await (await self._transport()).fetch_cached(requests.digest(result), cache_folder())

    async def read(self, result: Ref, path: str) -> bytes:
        """One small file of a result."""
        with telling():
            return await (await self._transport()).read(requests.digest(result), path)

    async def upload(self, path: Path | str) -> str:
        """Put a file into the store; answers its sha256. Files of calls are brought by themselves."""
        with telling():
            return await (await self._transport()).upload(Path(path))

    async def service_info(self, service: str = "encoder") -> info_pb2.GetServiceInfoResponse:
        """What the server of a service is and offers (GA4GH service-info)."""
        await self.open()
        client = self._session.channels.of(service)
        stub = info_pb2_grpc.ServiceInfoStub(client.channel)
        with telling():
            return await client.call(stub.GetServiceInfo, info_pb2.GetServiceInfoRequest())

    # inside ---------------------------------------------------------------------------------------------------------

    async def _transport(self) -> Transport:
        await self.open()
        return self._session.channels.any()

    async def _send(self, call: Call[Any] | Question[Any], more: Mapping[str, Any]) -> Any:
        await self.open()
        with telling():
            fields = {**await requests.body(self._session, call.task, call.fields), **more}
            if messages.has_field(call.task, "parent"):
                fields["parent"] = self.parent
            try:
                request: Any = messages.request_message(call.task, fields)
            except ParseError as error:
                raise InvalidRequestError(_INVALID_ARGUMENT, f"{call.task}: {error}", "INVALID_REQUEST") from None
            client, stub = self._session.channels.rpc(call.task)
            if messages.has_field(call.task, "request_id"):
                return await client.submit(stub, request)
            return await client.call(stub, request)


class AsyncJob(Generic[M]):
    """Work that was started; it goes on without this program."""

    def __init__(self, transport: Transport, operation: operations_pb2.Operation, response: type[M]) -> None:
        self._transport = transport
        self._operation = operation
        self._response = response

    @property
    def name(self) -> str:
        """``tenants/…/operations/…``."""
        return self._operation.name

    @property
    def state(self) -> JobState:
        """As last heard of."""
        return state_of(self._operation)

    async def refresh(self) -> JobState:
        """As it is now."""
        with telling(self.name):
            self._operation = await self._transport.get(self.name)
        return self.state

    async def watch(self, timeout_s: float | None = None) -> AsyncGenerator[JobState, None]:
        """Each state until it is done; none is told twice or left out, across broken connections. WaitTimeoutError."""
        with telling(self.name):
            async for operation in self._transport.watch(self.name, timeout_s=timeout_s):
                self._operation = operation
                yield self.state

    async def wait(self, timeout_s: float | None = None) -> JobState:
        """The terminal state. A job that failed is told, not raised. WaitTimeoutError."""
        if not self._operation.done:
            async for _ in self.watch(timeout_s):
                pass
        return self.state

    async def result(self, timeout_s: float | None = None) -> M:
        """Wait, and answer what it gave. Raises the ServiceError that it failed with, and WaitTimeoutError."""
        await self.wait(timeout_s)
        with telling(self.name):
            return result_of(self._operation, self._response)

    async def cancel(self) -> None:
        """Ask that it stops; ``wait`` tells when it did."""
        with telling(self.name):
            await self._transport.cancel(self.name)


def _area(kind: type[Message]) -> str:
    return str(kind.DESCRIPTOR.file.package).split(".")[1]


def _listing(kind: type[Message]) -> tuple[str, str]:
    """(task, repeated field) of the rpc that lists a kind."""
    for service in kind.DESCRIPTOR.file.services_by_name.values():
        for method in service.methods:
            rows = [f.name for f in method.output_type.fields if f.message_type is kind.DESCRIPTOR and f.is_repeated]
            if method.name.startswith("List") and rows:
                return f"{_area(kind)}.{method.name}", rows[0]
    raise ValueError(f"{kind.DESCRIPTOR.full_name} is not listed by any service")
