"""The ledger's database: connections, transactions and their errors, on SQLite (WAL) and PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from cislex_core.errors import CislexError, Reason, RetryableError, UserError, first_line
from sqlalchemy.engine import Connection

from cislex_runtime.ledger import schema
from cislex_runtime.telemetry import metrics

Listener = Callable[[str], None]
#: A connection to PostgreSQL that is silent for 20 s is asked; one that does not answer is given up after 30 s.
KEEPALIVES = {
    "connect_timeout": 5, "keepalives": 1, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 2,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
#: Below the deadline that clients give a call, so that they hear why it took long.
LOCK_TIMEOUT_S = 10


class Database:
    """Open with a SQLAlchemy URL; every access is one transaction, every error a typed one."""

    def __init__(self, url: str, pool: int = 5) -> None:
        """``pool``: connections to PostgreSQL at most; SQLite's cost nothing and are not limited so."""
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._engine = sa.create_engine(url, connect_args={"timeout": LOCK_TIMEOUT_S}, poolclass=sa.pool.QueuePool)
            sa.event.listen(self._engine, "connect", _tune_sqlite)
            # The driver must not open transactions by itself, so that a write can take its lock at once.
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        else:
            place = sa.make_url(url)
            if place.drivername in ("postgresql", "postgres"):
                place = place.set(drivername="postgresql+psycopg")
            self._engine = sa.create_engine(
                place,
                pool_size=pool,
                max_overflow=0,
                pool_timeout=LOCK_TIMEOUT_S,
                pool_recycle=1800,
                pool_pre_ping=True,
                connect_args={**KEEPALIVES, "application_name": "cislex"},
            )
        self._listeners: list[Listener] = []
        self._full_since: float | None = None
        self._writer = threading.Lock()

    @property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine (for migrations and advisory locks)."""
        return self._engine

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        from cislex_runtime.migrate import upgrade

        upgrade(self._engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def check(self) -> None:
        """Raise when the ledger cannot be read."""
        with self._read() as connection:
            connection.execute(sa.select(sa.func.count()).select_from(schema.request_ids).limit(1))

    def on_change(self, listener: Listener) -> None:
        """Call ``listener(op_id)`` after each committed change made through this object."""
        self._listeners.append(listener)

    def _insert(self, table: sa.Table) -> Any:
        """An insert of the database's dialect, with ON CONFLICT."""
        from sqlalchemy.dialects import postgresql, sqlite

        return (sqlite.insert if self.is_sqlite else postgresql.insert)(table)

    def _notify(self, op_id: str) -> None:
        for listener in self._listeners:
            listener(op_id)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with metrics.timed_ledger("read"), _typed_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        # One writer a process: SQLite has one anyway, and threads then queue here in order instead of in its busy loop.
        lock = self._writer if self.is_sqlite else _NO_LOCK
        try:
            with metrics.timed_ledger("write"), _typed_errors(), lock, self._engine.connect() as connection:
                connection = connection.execution_options(cislex_write=True)
                with connection.begin():
                    yield connection
        except CislexError as error:
            if error.reason is Reason.DISK_FULL:
                self._full_since = self._full_since or time.monotonic()
            raise
        self._full_since = None

    def full_for_s(self) -> float:
        """Seconds for which no change could be written because the disk is full; 0 when the last one could."""
        since = self._full_since
        return 0.0 if since is None else time.monotonic() - since


class _NoLock:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


_NO_LOCK = _NoLock()


#: How SQLite and PostgreSQL say it.
_FULL = ("disk is full", "disk I/O error", "No space left on device")


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        text = str(error)
        if any(words in text for words in _FULL):
            raise UserError(Reason.DISK_FULL, "the ledger's disk is full; free some space and try again") from error
        message = (
            f"the ledger cannot be used now ({first_line(error)}); ask again: a request_id makes nothing happen twice"
        )
        raise RetryableError(Reason.UNAVAILABLE, message, part="ledger") from error


def _tune_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: an accepted operation survives a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={1000 * LOCK_TIMEOUT_S}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("cislex_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def newest_first(
    query: sa.Select, time_column: Any, id_column: Any, before: tuple[float, str] | None, limit: int
) -> sa.Select:
    """A page of ``query``, newest first; ``before`` = (time, id) of the last row of the page before."""
    if before is not None:
        at, last = before
        query = query.where(sa.or_(time_column < at, sa.and_(time_column == at, id_column < last)))
    return query.order_by(time_column.desc(), id_column.desc()).limit(limit)
