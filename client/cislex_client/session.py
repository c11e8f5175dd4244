"""Speaking with the services of one context as a command does: requests from dicts, states as plain values, errors as
CommandError with where and remedy. The transport is ``cislex_runtime.calling.client``.

Nothing here knows a particular service (see ``messages``). A watch survives a broken connection and a server that was
killed; with the managed local server it starts that server again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from cislex.artifacts.v1 import artifacts_pb2
from cislex_core.canonical import digest_file
from cislex_runtime.calling.client import SUBMIT_TIMEOUT_S
from cislex_runtime.calling.problem import WaitTimeoutError
from google.protobuf.json_format import ParseError

from cislex_client import messages, operations
from cislex_client.channels import Channels
from cislex_client.contexts import Context
from cislex_client.exit_codes import WAIT_TIMED_OUT, CommandError, UsageError
from cislex_client.operations import OperationView
from cislex_client.service_errors import telling


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
        return operations.view(await self._call(task, body))

    async def call(self, task: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """A unary rpc that answers at once, as a dict. Raises CommandError."""
        return messages.plain(await self._call(task, request))

    async def _call(self, task: str, body: Mapping[str, Any]) -> Any:
        request = self._message(task, body)
        client, stub = self.channels.rpc(task)
        with telling(task):
            return await client.call(stub, request, SUBMIT_TIMEOUT_S)

    def _message(self, task: str, body: Mapping[str, Any]) -> Any:
        try:
            return messages.request_message(task, body)
        except ParseError as error:
            raise UsageError(f"{task}: {error}") from None

    # operations ---------------------------------------------------------------------------------------------------

    async def get(self, name: str) -> OperationView:
        """The operation's present state."""
        with telling(name):
            return operations.view(await self.channels.any().get(name))

    async def list_operations(self, page_size: int = 50, filter_text: str = "") -> list[OperationView]:
        """Operations of the tenant, newest first, at most ``page_size`` (0 = all)."""
        with telling(self.parent):
            found = await self.channels.any().list_operations(self.parent, page_size, filter_text)
        return [operations.view(operation) for operation in found]

    async def cancel(self, name: str) -> None:
        """Ask that an operation be cancelled."""
        with telling(name):
            await self.channels.any().cancel(name)

    async def delete_operation(self, name: str) -> None:
        """Forget an operation that is done; its result stays."""
        with telling(name):
            await self.channels.any().delete_operation(name)

    async def watch(self, name: str, timeout_s: float | None = None) -> AsyncIterator[OperationView]:
        """States of an operation until it is done; the last one is terminal. Resumes where a connection broke.

        Raises CommandError (exit 124) when the time is over; the operation goes on.
        """
        try:
            with telling(name):
                async for operation in self.channels.any().watch(name, timeout_s=timeout_s):
                    yield operations.view(operation)
        except WaitTimeoutError as late:
            raise CommandError(
                str(late), code=WAIT_TIMED_OUT, reason="WAIT_TIMED_OUT", remedy=f"cislex op wait {name}"
            ) from None

    async def wait(self, name: str, timeout_s: float | None = None) -> OperationView:
        """The terminal state. Raises as ``watch``."""
        return [state async for state in self.watch(name, timeout_s)][-1]

    # files and artifacts ------------------------------------------------------------------------------------------

    async def bring(self, path: Path) -> dict[str, str]:
        """An input file as ``{sha256, path}``: named by place on this machine, uploaded elsewhere.

        Raises UsageError when it is not a readable, non-empty file.
        """
        path = readable(path)
        digest = await asyncio.to_thread(self.digest, path)
        if self.channels.shares_files:
            return {"sha256": digest, "path": str(path)}
        await self.upload(path, digest)
        return {"sha256": digest}

    async def upload(self, path: Path, digest: str) -> None:
        """Put a file into the store unless it is there."""
        with telling(f"upload of {path}"):
            await self.channels.any().upload(path, digest)

    async def fetch(self, digest: str, cache: Path) -> Path:
        """The folder of an artifact, on this machine: the store's own where it can be seen, else a verified copy."""
        with telling(f"artifact {digest[:16]}"):
            return await self.channels.any().fetch_cached(digest, cache)

    async def stat(self, digest: str) -> artifacts_pb2.StatResponse:
        """Kind, size and files of a digest."""
        with telling(digest):
            return await self.channels.any().stat(digest)

    async def collect_garbage(self, dry_run: bool) -> artifacts_pb2.CollectGarbageResponse:
        """What a collection removed from the store, or would."""
        with telling("collection"):
            return await self.channels.any().collect_garbage(dry_run)

    async def pull(self, digest: str, to: Path) -> Path:
        """A verified copy of an artifact, or of a file, at ``to``."""
        with telling(f"artifact {digest[:16]}"):
            return await self.channels.any().fetch(digest, to)

    async def list_artifacts(self, kind: str = "", most: int = 50) -> list[dict[str, Any]]:
        """Resources made by operations, newest first, at most ``most`` (0 = all)."""
        with telling("artifacts"):
            return [messages.plain(e) for e in await self.channels.any().list_artifacts(self.parent, kind, most)]

    async def read_small(self, digest: str, path: str = "") -> bytes:
        """The bytes of one file of an artifact (or of a file). Meant for manifests and tables of a few MB."""
        with telling(f"{path or 'file'} of {digest[:16]}"):
            return await self.channels.any().read(digest, path)

    def digest(self, path: Path) -> str:
        """sha256 of a file; remembered while size and time stay."""
        facts = path.stat()
        key = (str(path), facts.st_size, facts.st_mtime_ns)
        if key not in self._digests:
            self._digests[key] = digest_file(path)
        return self._digests[key]


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
