"""google.longrunning.Operations and cislex.ops.v1.OperationEvents, on every port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from cislex_core.errors import Reason, RetryableError, UserError
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from cislex_runtime import names, states
from cislex_runtime.ledger import Event, Ledger
from cislex_runtime.resources import decode_token, encode_token, page_size
from cislex_runtime.security.limits import Limits
from cislex_runtime.serving.operations import OperationsManager
from cislex_runtime.serving.watch import Changes

MAX_WAIT_S = 60.0
BOOKMARK_S = 15.0
MAX_STREAM_S = 900.0
LEDGER_FULL_S = 3.0
"""How long the ledger may be unwritable for want of space before watchers are told: they would wait in silence."""


class OperationsServicer:
    """google.longrunning.Operations."""

    def __init__(self, operations: OperationsManager, ledger: Ledger, changes: Changes) -> None:
        self._operations = operations
        self._ledger = ledger
        self._changes = changes

    async def GetOperation(self, request: Any, context: Any) -> operations_pb2.Operation:  # noqa: N802
        """The latest state. Errors: INVALID_REQUEST, NOT_FOUND."""
        return await self._operations.get(request.name)

    async def ListOperations(self, request: Any, context: Any) -> operations_pb2.ListOperationsResponse:  # noqa: N802
        """Newest first. ``name`` = ``tenants/{t}``; ``filter`` = ``state=RUNNING`` and/or ``task=…``, joined by AND."""
        return await asyncio.to_thread(self._list, request)

    async def CancelOperation(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Ask to cancel. Idempotent; no effect on one that is done."""
        await self._operations.cancel(request.name)
        return empty_pb2.Empty()

    async def DeleteOperation(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Forget one that is done; its result stays. Errors: NOT_FOUND, INVALID_REQUEST when it is not done."""
        operation = await asyncio.to_thread(self._operations.find, request.name)
        if not await asyncio.to_thread(self._ledger.delete_operation, operation.id):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"{request.name} is {operation.state}; cancel it or wait, then delete it",
                field="name",
                name=request.name,
                state=operation.state,
            )
        return empty_pb2.Empty()

    async def WaitOperation(self, request: Any, context: Any) -> operations_pb2.Operation:  # noqa: N802
        """Answer when done, or the latest state after ``timeout`` (at most 60 s, and before the rpc's deadline)."""
        limit = request.timeout.ToTimedelta().total_seconds() if request.HasField("timeout") else MAX_WAIT_S
        remaining = context.time_remaining()
        if remaining is not None:
            limit = min(limit, remaining - 0.2)
        end = time.monotonic() + min(limit, MAX_WAIT_S)
        operation = await asyncio.to_thread(self._operations.find, request.name)
        event = self._changes.subscribe(operation.id)
        try:
            while True:
                operation = await asyncio.to_thread(self._operations.find, request.name)
                left = end - time.monotonic()
                if operation.done or left <= 0 or self._changes.closed:
                    return await asyncio.to_thread(self._operations.proto, operation)
                await self._changes.wait(event, left)
        finally:
            self._changes.unsubscribe(operation.id, event)

    def _list(self, request: Any) -> operations_pb2.ListOperationsResponse:
        tenant = names.tenant_of(request.name.removesuffix("/operations"))
        wanted = _parse_filter(request.filter)
        query = {"tenant": tenant, "filter": wanted}
        size = page_size(request.page_size)
        rows = self._ledger.list_operations(
            tenant, size + 1, decode_token(request.page_token, query), wanted.get("state", ""), wanted.get("task", "")
        )
        response = operations_pb2.ListOperationsResponse()
        response.operations.extend(self._operations.proto(row) for row in rows[:size])
        if len(rows) > size:
            last = rows[size - 1]
            response.next_page_token = encode_token((last.created_at, last.id), query)
        return response


class OperationEventsServicer(ops_pb2_grpc.OperationEventsServicer):
    """cislex.ops.v1.OperationEvents: the contract is in ops.proto."""

    def __init__(self, operations: OperationsManager, ledger: Ledger, changes: Changes, limits: Limits) -> None:
        self._operations = operations
        self._ledger = ledger
        self._changes = changes
        self._limits = limits

    async def WatchOperation(  # noqa: N802
        self, request: ops_pb2.WatchOperationRequest, context: Any
    ) -> AsyncIterator[ops_pb2.WatchOperationResponse]:
        """Stream events after a sequence until the terminal one."""
        operation = await asyncio.to_thread(self._operations.find, request.name)
        if request.after_sequence < 0 or request.after_sequence > operation.seq:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"after_sequence {request.after_sequence} is not between 0 and {operation.seq}, the latest",
                field="after_sequence",
            )
        if operation.done and request.after_sequence == operation.seq:
            return
        with self._limits.watch(operation.tenant):
            async for response in self._follow(operation.id, request.after_sequence):
                yield response

    async def _follow(self, op_id: str, sequence: int) -> AsyncIterator[ops_pb2.WatchOperationResponse]:
        """Events after ``sequence``, with bookmarks in silence, until the terminal one or the stream's end."""
        end = time.monotonic() + MAX_STREAM_S
        joined_at = spoke_at = time.monotonic()
        event, news = self._changes.subscribe(op_id), True
        try:
            while True:
                events = await asyncio.to_thread(self._ledger.events_after, op_id, sequence) if news else []
                for item in merge_progress(events):
                    message = await asyncio.to_thread(self._operations.proto, item.operation)
                    yield ops_pb2.WatchOperationResponse(sequence=item.seq, operation=message)
                    sequence, spoke_at = item.seq, time.monotonic()
                    if item.operation.done:
                        return
                now = time.monotonic()
                if now > end or self._changes.closed:
                    return
                if min(self._ledger.full_for_s(), now - joined_at) > LEDGER_FULL_S:
                    raise RetryableError(
                        Reason.DISK_FULL,
                        "the disk of the server's home is full, so what becomes of this operation cannot be written "
                        "down. Free some space: it goes on by itself, and nothing is lost",
                    )
                if now - spoke_at >= BOOKMARK_S:
                    yield ops_pb2.WatchOperationResponse(sequence=sequence, bookmark=True)
                    spoke_at = now
                pause = min(LEDGER_FULL_S, max(0.0, spoke_at + BOOKMARK_S - now))
                news = await self._changes.wait(event, pause)
        finally:
            self._changes.unsubscribe(op_id, event)


def merge_progress(events: list[Event]) -> list[Event]:
    """Leave out a progress event when the next waiting one has the same state and attempt; state changes all stay."""

    def mark(event: Event) -> tuple[str, int]:
        return event.operation.state, event.operation.attempt

    return [
        event
        for index, event in enumerate(events)
        if index == 0 or index + 1 == len(events) or mark(event) != mark(events[index + 1])
        or mark(event) != mark(events[index - 1])
    ]  # fmt: skip


def _parse_filter(text: str) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(" AND "))):
        key, separator, value = part.partition("=")
        key, value = key.strip(), value.strip().strip('"')
        if not separator or key not in ("state", "task") or (key == "state" and value not in states.ALL):
            message = f"filter {part!r} is not state=<one of {', '.join(states.ALL)}> or task=<service.Method>"
            raise UserError(Reason.INVALID_REQUEST, message, field="filter")
        wanted[key] = value
    return wanted
