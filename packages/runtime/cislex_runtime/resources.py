"""Named results: which message a kind has, Get/List/Delete for all of them, and page tokens."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import Any, TypeVar

from cislex.artifacts.v1 import artifacts_pb2
from cislex_core.canonical import digest_json
from cislex_core.errors import CislexError, Reason, UserError
from google.protobuf import empty_pb2, json_format
from google.protobuf.message import Message

from cislex_runtime import names
from cislex_runtime.ledger import Ledger, Resource
from cislex_runtime.stub_messages import shown_in

DEFAULT_PAGE = 50
MAX_PAGE = 1000
M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Kind:
    """How results of a kind are named and shown."""

    kind: str
    collection: str
    message: type[Message]


def media_type(kind: str) -> str:
    """Media type of an artifact."""
    return f"application/x-cislex-{kind}"


def page_size(value: int) -> int:
    """Rows of a page: 0 = default, large values are capped, negative is INVALID_REQUEST."""
    if value < 0:
        raise UserError(Reason.INVALID_REQUEST, f"page_size {value} is negative", field="page_size")
    return min(value or DEFAULT_PAGE, MAX_PAGE)


def encode_token(last: tuple[float, str], query: dict[str, Any]) -> str:
    """An opaque keyset token, bound to its query."""
    value = json.dumps([last[0], last[1], digest_json(query)[:16]])
    return base64.urlsafe_b64encode(value.encode()).decode()


def decode_token(token: str, query: dict[str, Any]) -> tuple[float, str] | None:
    """Where the page starts; None for the first one. Raises INVALID_REQUEST for a token of another query."""
    if not token:
        return None
    try:
        at, last, bound = json.loads(base64.urlsafe_b64decode(token.encode()))
        if bound != digest_json(query)[:16]:
            raise ValueError
        return float(at), str(last)
    except (ValueError, TypeError) as error:
        message = "page_token is not one that this list gave for this query; start again without it"
        raise UserError(Reason.INVALID_REQUEST, message, field="page_token") from error


class Resources:
    """The registry of kinds, and the resources themselves."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kinds: dict[str, Kind] = {}

    def register(self, kind: str, collection: str, message: type[Message]) -> None:
        """Say that results of ``kind`` are named ``tenants/{t}/{collection}/…`` and shown as ``message``."""
        first = [field.name for field in message.DESCRIPTOR.fields[:2]]
        if first != ["name", "artifact"]:
            raise ValueError(f"{message.DESCRIPTOR.full_name} must start with name and artifact, has {first}")
        self._kinds[kind] = Kind(kind, collection, message)

    def collection(self, kind: str) -> str:
        """Collection of a kind; ``artifacts`` for one that no service here shows."""
        known = self._kinds.get(kind)
        return known.collection if known else "artifacts"

    def check_summary(self, kind: str, summary: dict[str, Any]) -> None:
        """Raise INTERNAL when a summary does not parse into the kind's message."""
        known = self._kinds.get(kind)
        if known is None:
            return
        try:
            json_format.ParseDict(summary, known.message())
        except json_format.ParseError as error:
            raise CislexError(
                Reason.INTERNAL,
                f"the summary of a {kind} does not fit {known.message.DESCRIPTOR.full_name}: {error}",
                kind=kind,
            ) from error

    def to_message(self, resource: Resource) -> Message:
        """The resource as its message, also when another service makes that kind; an ArtifactRef when none does."""
        ref = artifacts_pb2.ArtifactRef(
            sha256=resource.digest, size_bytes=resource.size_bytes, media_type=media_type(resource.kind)
        )
        known = self._kinds.get(resource.kind)
        shown = known.message if known else shown_in().get(resource.collection)
        if shown is None:
            return ref
        message: Any = shown()
        json_format.ParseDict(resource.summary, message)
        message.name = resource.name
        message.artifact.CopyFrom(ref)
        return message

    # ---- the three methods every collection has; services call them in one line each ---------------------------

    async def get(self, kind: str, request: Any, context: Any = None) -> Any:
        """Answer the resource that ``request.name`` names. Errors: INVALID_REQUEST, NOT_FOUND."""
        return await asyncio.to_thread(lambda: self.to_message(self._find(kind, request.name)))

    async def list(self, kind: str, request: Any, response: M, context: Any = None) -> M:
        """Fill a list response (repeated field named as the collection, ``next_page_token``), newest first."""
        return await asyncio.to_thread(self._list, kind, request, response)

    async def delete(self, kind: str, request: Any, context: Any = None) -> empty_pb2.Empty:
        """Remove the name; the collector removes the bytes once nothing refers to them. Errors: INVALID_REQUEST,
        NOT_FOUND."""
        await asyncio.to_thread(self._delete, kind, request.name)
        return empty_pb2.Empty()

    def _find(self, kind: str, name: str) -> Resource:
        known = self._kinds[kind]
        _, collection, _ = names.parse_name(name)
        resource = self._ledger.get_resource(name) if collection == known.collection else None
        if resource is None:
            raise UserError(Reason.NOT_FOUND, f"there is no {kind} {name}", name=name, type=kind)
        return resource

    def _list(self, kind: str, request: Any, response: M) -> M:
        known = self._kinds[kind]
        tenant = names.tenant_of(request.parent)
        query = {"tenant": tenant, "collection": known.collection}
        size = page_size(request.page_size)
        rows = self._ledger.list_resources(
            tenant, size + 1, decode_token(request.page_token, query), collection=known.collection
        )
        answer: Any = response
        getattr(answer, known.collection).extend(self.to_message(row) for row in rows[:size])
        if len(rows) > size:
            last = rows[size - 1]
            answer.next_page_token = encode_token((last.created_at, last.name), query)
        return response

    def _delete(self, kind: str, name: str) -> None:
        resource = self._find(kind, name)
        still_named = self._ledger.delete_resource(name)
        if not still_named:
            self._ledger.forget_results(resource.digest)
