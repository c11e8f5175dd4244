"""What is written together with a change of an operation, in its transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from cislex_core.errors import CislexError, Reason
from sqlalchemy.engine import Connection

from cislex_runtime.ledger import schema
from cislex_runtime.ledger.records import Resource

Insert = Callable[[sa.Table], Any]


class Write(Protocol):
    """Something written together with a change of an operation."""

    def apply(self, connection: Connection, insert: Insert) -> None:
        """Write within the transaction."""


@dataclass(frozen=True)
class StartAttempt:
    """An attempt is handed to an engine."""

    op_id: str
    attempt: int
    engine: str
    ref: str
    at: float

    def apply(self, connection: Connection, insert: Insert) -> None:
        """Insert the row."""
        row = {"op_id": self.op_id, "attempt": self.attempt, "engine": self.engine, "ref": self.ref}
        connection.execute(insert(schema.attempts).values(**row, started_at=self.at))


@dataclass(frozen=True)
class EndAttempt:
    """An attempt ended; the first record of it stays."""

    op_id: str
    attempt: int
    outcome: dict[str, Any]
    at: float

    def apply(self, connection: Connection, insert: Insert) -> None:
        """Fill the row."""
        table = schema.attempts
        update = sa.update(table).where(
            table.c.op_id == self.op_id, table.c.attempt == self.attempt, table.c.finished_at.is_(None)
        )
        connection.execute(update.values(finished_at=self.at, outcome=json.dumps(self.outcome)))


@dataclass(frozen=True)
class StoreResult:
    """A result gets its name and its place in the cache; a newer one replaces it (the older artifact may be gone)."""

    cache_key: str
    resource: Resource

    def apply(self, connection: Connection, insert: Insert) -> None:
        """Insert or replace both rows."""
        store_resource(connection, insert, self.resource)
        values = {"artifact": self.resource.digest, "created_at": self.resource.created_at}
        row = insert(schema.result_cache).values(cache_key=self.cache_key, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["cache_key"], set_=values))


@dataclass(frozen=True)
class AddUsage:
    """What an attempt used is added to its tenant's day (UTC, ``2026-11-21``)."""

    tenant: str
    day: str
    gpu_s: float
    cpu_s: float
    wall_s: float

    def apply(self, connection: Connection, insert: Insert) -> None:
        """Insert the day, or add to it."""
        table = schema.usage
        values: dict[str, Any] = {"gpu_s": self.gpu_s, "cpu_s": self.cpu_s, "wall_s": self.wall_s, "attempts": 1}
        row = insert(table).values(tenant=self.tenant, day=self.day, **values)
        more = {name: table.c[name] + value for name, value in values.items()}
        connection.execute(row.on_conflict_do_update(index_elements=["tenant", "day"], set_=more))


def store_resource(connection: Connection, insert: Insert, resource: Resource) -> None:
    """Insert a resource unless it is there. Raises INTERNAL when its name stands for another digest."""
    table = schema.resources
    row = {**resource.__dict__, "summary": json.dumps(resource.summary)}
    connection.execute(insert(table).values(**row).on_conflict_do_nothing(index_elements=["name"]))
    held = connection.execute(sa.select(table.c.digest).where(table.c.name == resource.name)).scalar()
    if held != resource.digest:
        raise CislexError(
            Reason.INTERNAL, f"{resource.name} stands for {held} already, not for {resource.digest}", name=resource.name
        )
