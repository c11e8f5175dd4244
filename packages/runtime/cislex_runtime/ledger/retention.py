"""What the ledger still needs, and forgetting what it no longer does."""

from __future__ import annotations

import json
import uuid
from typing import Any

import sqlalchemy as sa

from cislex_runtime import states
from cislex_runtime.ledger import schema
from cislex_runtime.ledger.database import Database


class Retention(Database):
    """The part of the ledger that a collector asks."""

    def identity(self) -> str:
        """An id that this ledger keeps for ever."""
        return self._fact("id", uuid.uuid4().hex)

    def collected_at(self) -> float:
        """When the store was last collected, epoch seconds; 0 = never."""
        return float(self._fact("collected_at", "0"))

    def mark_collected(self, at: float) -> None:
        """Remember that the store was collected."""
        self._fact("collected_at", "0")
        update = sa.update(schema.facts).where(schema.facts.c.name == "collected_at")
        with self._write() as connection:
            connection.execute(update.values(value=repr(at)))

    def named_digests(self) -> set[str]:
        """Digests of the resources of all tenants."""
        with self._read() as connection:
            return set(connection.execute(sa.select(schema.resources.c.digest).distinct()).scalars())

    def files_since(self, at: float) -> set[str]:
        """Files that a tenant sent (again) since then."""
        table = schema.tenant_files
        query = sa.select(table.c.sha256).where(table.c.created_at >= at).distinct()
        with self._read() as connection:
            return set(connection.execute(query).scalars())

    def unfinished_requests(self) -> list[tuple[str, float]]:
        """(request as JSON text, when it was accepted; infinity before the first attempt) of operations in flight."""
        table = schema.operations
        query = sa.select(table.c.request, table.c.created_at, table.c.attempt).where(
            table.c.state.in_((*states.PENDING, *states.ACTIVE))
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return [(row.request, row.created_at if row.attempt else float("inf")) for row in rows]

    def forget_file(self, sha256: str, before: float) -> None:
        """The file is gone: nobody owns it, unless it was sent again since ``before``."""
        table = schema.tenant_files
        delete = sa.delete(table).where(table.c.sha256 == sha256, table.c.created_at < before)
        with self._write() as connection:
            connection.execute(delete)

    def ended_before(self, at: float, limit: int = 500) -> list[str]:
        """Ids of operations that ended before then, oldest first, at most so many."""
        table = schema.operations
        query = (
            sa.select(table.c.id, table.c.created_at, table.c.snapshot)
            .where(table.c.state.in_(states.TERMINAL), table.c.created_at < at)
            .order_by(table.c.created_at, table.c.id)
        )
        with self._read() as connection:
            rows = connection.execution_options(yield_per=limit).execute(query)
            ended: list[str] = []
            for row in rows:
                if _finished_at(row) < at:
                    ended.append(row.id)
                if len(ended) == limit:
                    break
            return ended

    def _fact(self, name: str, first: str) -> str:
        """The value of a fact, which becomes ``first`` when it has none."""
        table = schema.facts
        query = sa.select(table.c.value).where(table.c.name == name)
        with self._read() as connection:
            value = connection.execute(query).scalar()
        if value is not None:
            return str(value)
        with self._write() as connection:
            insert = self._insert(table).values(name=name, value=first)
            connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
            return str(connection.execute(query).scalar())


def _finished_at(row: Any) -> float:
    timings = json.loads(row.snapshot).get("timings", {})
    return float(timings.get("finished", row.created_at))
