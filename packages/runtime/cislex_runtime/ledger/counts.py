"""What stands in the ledger now, counted: for metrics, queues and those who run a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from cislex_runtime import states
from cislex_runtime.ledger import schema
from cislex_runtime.ledger.database import Database


@dataclass(frozen=True)
class Count:
    """Operations of one task in one state."""

    task: str
    state: str
    n: int


class Counts(Database):
    """The part of the ledger that counts."""

    def count_by_state(self, tasks: Sequence[str]) -> list[Count]:
        """How many operations of each task are in each state; those with none are left out."""
        table = schema.operations
        query = (
            sa.select(table.c.task, table.c.state, sa.func.count())
            .where(table.c.task.in_(tasks))
            .group_by(table.c.task, table.c.state)
        )
        with self._read() as connection:
            return [Count(task, state, n) for task, state, n in connection.execute(query)]

    def oldest_in(self, wanted: Sequence[str], tasks: Sequence[str]) -> dict[str, float]:
        """By task, when the oldest operation in these states was made (epoch seconds)."""
        table = schema.operations
        query = (
            sa.select(table.c.task, sa.func.min(table.c.created_at).label("at"))
            .where(table.c.state.in_(wanted), table.c.task.in_(tasks))
            .group_by(table.c.task)
        )
        with self._read() as connection:
            return {row.task: row.at for row in connection.execute(query)}

    def waiting(self, tasks: Sequence[str]) -> list[tuple[str, bool]]:
        """(id, heavy) of the operations that wait, oldest first. The specs stay in the database."""
        table = schema.operations
        query = (
            sa.select(table.c.id, self._is_heavy())
            .where(table.c.state.in_(states.PENDING), table.c.task.in_(tasks))
            .order_by(table.c.created_at, table.c.id)
        )
        with self._read() as connection:
            return [(op_id, heavy in (True, 1, "true")) for op_id, heavy in connection.execute(query)]

    def _is_heavy(self) -> Any:
        request = schema.operations.c.request
        if self.is_sqlite:
            return sa.func.json_extract(request, "$.heavy")
        return sa.cast(request, sa.JSON)["heavy"].as_string()

    def server(self) -> tuple[str, float]:
        """(product and version of the database, its clock as epoch seconds)."""
        if self.is_sqlite:
            query = sa.text("SELECT 'SQLite ' || sqlite_version(), (julianday('now') - 2440587.5) * 86400.0")
        else:
            query = sa.text("SELECT 'PostgreSQL ' || current_setting('server_version'), extract(epoch FROM now())")
        with self._read() as connection:
            product, now = connection.execute(query).one()
        return str(product), float(now)

    def try_write(self) -> None:
        """Take the lock of a writer and commit a change of nothing; raises when the ledger cannot be written."""
        with self._write() as connection:
            connection.execute(sa.delete(schema.result_cache).where(schema.result_cache.c.cache_key == ""))

    def advisory_lock_is_held(self, key: int) -> bool:
        """Whether any session of this PostgreSQL database holds the advisory lock of a 64-bit key."""
        query = sa.text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND classid::bigint = :high AND objid::bigint = :low"
        )
        halves = {"high": (key >> 32) & 0xFFFFFFFF, "low": key & 0xFFFFFFFF}
        with self._read() as connection:
            return bool(connection.execute(query, halves).scalar())
