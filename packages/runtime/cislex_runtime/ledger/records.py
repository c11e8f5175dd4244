"""What the ledger keeps: operations, their events, resources; and how they stand in its rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.engine import Connection, RowMapping

from cislex_runtime import states


@dataclass(frozen=True)
class Operation:
    """A row of the ledger. ``request`` never changes; ``snapshot`` is what watchers see."""

    id: str
    tenant: str
    task: str
    state: str
    attempt: int = 0
    failures: int = 0
    cancel_requested: bool = False
    not_before: float = 0.0
    created_at: float = 0.0
    seq: int = 0
    request: dict[str, Any] = field(default_factory=dict)
    snapshot: dict[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """True in a terminal state."""
        return self.state in states.TERMINAL

    def with_snapshot(self, **changes: Any) -> Operation:
        """A copy with some snapshot entries replaced."""
        return replace(self, snapshot={**self.snapshot, **changes})

    def with_time(self, name: str, at: float) -> Operation:
        """A copy with one of the timings set."""
        return self.with_snapshot(timings={**self.snapshot.get("timings", {}), name: at})


@dataclass(frozen=True)
class NewOperation:
    """An operation that is to be written under the request id of its method and tenant.

    ``check`` runs in the same transaction and may raise a CislexError, e.g. because the tenant's queue is full.
    """

    operation: Operation
    method: str
    request_id: str
    body_digest: str
    check: Callable[[Connection], None] | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What may be there once only: tenant, method, request id."""
        return self.operation.tenant, self.method, self.request_id

    def request_row(self) -> dict[str, Any]:
        """The columns of its request id."""
        row = dict(zip(("tenant", "method", "request_id"), self.key, strict=True))
        return {**row, "body_digest": self.body_digest, "op_id": self.operation.id}


@dataclass(frozen=True)
class Event:
    """One event: the operation as it was at ``seq``."""

    seq: int
    operation: Operation


@dataclass(frozen=True)
class Resource:
    """A named result."""

    name: str
    tenant: str
    collection: str
    kind: str
    digest: str
    size_bytes: int
    summary: dict[str, Any]
    op_id: str
    created_at: float


def row_of(operation: Operation) -> dict[str, Any]:
    """The columns of an operation."""
    row = dict(operation.__dict__)
    row["request"] = json.dumps(operation.request)
    row["snapshot"] = json.dumps(operation.snapshot)
    return row


def operation_of(row: RowMapping) -> Operation:
    """The operation of a row; ``row_of`` turned round."""
    values = dict(row)
    values["request"] = json.loads(values["request"])
    values["snapshot"] = json.loads(values["snapshot"])
    return Operation(**values)


def resource_of(row: RowMapping) -> Resource:
    """The resource of a row."""
    return Resource(**{**dict(row), "summary": json.loads(row["summary"])})
