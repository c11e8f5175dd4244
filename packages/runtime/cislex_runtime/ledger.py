"""The ledger: the only truth about operations. Sync SQLAlchemy Core, valid on SQLite (WAL) and PostgreSQL.

Every change of an operation is one transaction: a compare-and-swap on ``seq`` plus the event of that sequence. So
events have no gaps, a terminal state never changes, and a late attempt cannot commit (its number no longer matches).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import sqlalchemy as sa
from cislex_core.errors import CislexError, Reason, UserError
from sqlalchemy.engine import Connection, RowMapping

from cislex_runtime import schema, states

Listener = Callable[[str], None]


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
        _store_resource(connection, insert, self.resource)
        values = {"artifact": self.resource.digest, "created_at": self.resource.created_at}
        row = insert(schema.result_cache).values(cache_key=self.cache_key, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["cache_key"], set_=values))


def _store_resource(connection: Connection, insert: Insert, resource: Resource) -> None:
    table = schema.resources
    row = {**resource.__dict__, "summary": json.dumps(resource.summary)}
    connection.execute(insert(table).values(**row).on_conflict_do_nothing(index_elements=["name"]))
    held = connection.execute(sa.select(table.c.digest).where(table.c.name == resource.name)).scalar()
    if held != resource.digest:
        raise CislexError(
            Reason.INTERNAL, f"{resource.name} stands for {held} already, not for {resource.digest}", name=resource.name
        )


class Ledger:
    """Open with a SQLAlchemy URL; ``migrate`` brings the schema up. Safe for use from many threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self._engine = sa.create_engine(url, connect_args={"timeout": 30}, poolclass=sa.pool.QueuePool)
            sa.event.listen(self._engine, "connect", _tune_sqlite)
            # The driver must not open transactions by itself, so that a write can take its lock at once.
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        else:
            self._engine = sa.create_engine(url, pool_pre_ping=True)
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

    # ---- operations -------------------------------------------------------------------------------------------

    def create(self, operation: Operation, method: str, request_id: str, body_digest: str) -> tuple[Operation, bool]:
        """Insert an operation under its request id. Answers (operation, created).

        When the id was used before: the operation of then if the body is the same, else REQUEST_ID_REUSED.
        """
        operation = replace(operation, seq=1)
        try:
            with self._write() as connection:
                connection.execute(
                    sa.insert(schema.request_ids).values(
                        tenant=operation.tenant,
                        method=method,
                        request_id=request_id,
                        body_digest=body_digest,
                        op_id=operation.id,
                    )
                )
                connection.execute(sa.insert(schema.operations).values(**_row_of(operation)))
                _insert_event(connection, operation)
        except sa.exc.IntegrityError:
            existing = self.find_request(operation.tenant, method, request_id, body_digest)
            if existing is None:
                raise
            return existing, False
        self._notify(operation.id)
        return operation, True

    def find_request(self, tenant: str, method: str, request_id: str, body_digest: str) -> Operation | None:
        """The operation that this request id made, or None. Raises REQUEST_ID_REUSED for another body."""
        table = schema.request_ids
        query = sa.select(table.c.body_digest, table.c.op_id).where(
            table.c.tenant == tenant, table.c.method == method, table.c.request_id == request_id
        )
        with self._read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.body_digest != body_digest:
            raise UserError(
                Reason.REQUEST_ID_REUSED,
                f"request_id {request_id} was used for another {method} request; take a new UUID for a new request",
                field="request_id",
                request_id=request_id,
                operation=row.op_id,
            )
        return self.get(row.op_id)

    def get(self, op_id: str) -> Operation | None:
        """One operation, or None."""
        with self._read() as connection:
            return _read_operation(connection, op_id)

    def change(
        self, op_id: str, step: Callable[[Operation], Operation | None], also: Sequence[Write] = ()
    ) -> Operation | None:
        """Apply ``step`` atomically and append the event. ``step`` may run several times and answers None to refuse.

        ``also`` (StartAttempt, EndAttempt, StoreResult) is written in the same transaction: all of it or nothing, and
        nothing when refused. Answers the changed operation, or None when refused or gone. Illegal state steps raise
        ValueError.
        """
        while True:
            with self._write() as connection:
                old = _read_operation(connection, op_id)
                new = step(old) if old is not None else None
                if old is None or new is None:
                    return None
                if not states.may_step(old.state, new.state):
                    raise ValueError(f"operation {op_id}: {old.state} → {new.state} is not a step")
                new = replace(new, seq=old.seq + 1)
                table = schema.operations
                update = sa.update(table).where(table.c.id == op_id, table.c.seq == old.seq)
                if connection.execute(update.values(**_row_of(new))).rowcount == 1:
                    _insert_event(connection, new)
                    for write in also:
                        write.apply(connection, self._insert)
                    break
        self._notify(op_id)
        return new

    def in_states(self, wanted: Sequence[str], tasks: Sequence[str] | None = None) -> list[Operation]:
        """All operations in some states (of some tasks), oldest first."""
        table = schema.operations
        query = sa.select(table).where(table.c.state.in_(wanted)).order_by(table.c.created_at, table.c.id)
        if tasks is not None:
            query = query.where(table.c.task.in_(tasks))
        with self._read() as connection:
            return [_operation_of(row) for row in connection.execute(query).mappings()]

    def list_operations(
        self, tenant: str, limit: int, before: tuple[float, str] | None = None, state: str = "", task: str = ""
    ) -> list[Operation]:
        """A page, newest first; ``before`` = (created_at, id) of the last row of the page before."""
        table = schema.operations
        query = sa.select(table).where(table.c.tenant == tenant)
        if state:
            query = query.where(table.c.state == state)
        if task:
            query = query.where(table.c.task == task)
        query = _before(query, table.c.created_at, table.c.id, before)
        query = query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
        with self._read() as connection:
            return [_operation_of(row) for row in connection.execute(query).mappings()]

    def delete_operation(self, op_id: str) -> bool:
        """Forget a terminal operation with its events, attempts and request id. False when it is absent or not done."""
        with self._write() as connection:
            operation = _read_operation(connection, op_id)
            if operation is None or not operation.done:
                return False
            for table in (schema.events, schema.attempts, schema.request_ids):
                connection.execute(sa.delete(table).where(table.c.op_id == op_id))
            connection.execute(sa.delete(schema.operations).where(schema.operations.c.id == op_id))
        self._notify(op_id)
        return True

    def events_after(self, op_id: str, after: int, limit: int = 500) -> list[Event]:
        """Events with a greater sequence, in order."""
        table = schema.events
        query = sa.select(table).where(table.c.op_id == op_id, table.c.seq > after).order_by(table.c.seq).limit(limit)
        with self._read() as connection:
            base = _read_operation(connection, op_id)
            rows = connection.execute(query).mappings().all() if base is not None else []
        if base is None:
            return []
        return [
            Event(
                row["seq"],
                replace(
                    base,
                    state=row["state"],
                    attempt=row["attempt"],
                    seq=row["seq"],
                    snapshot=json.loads(row["snapshot"]),
                ),
            )
            for row in rows
        ]

    # ---- attempts ---------------------------------------------------------------------------------------------

    def end_attempt(self, end: EndAttempt) -> None:
        """Record how an attempt ended whose commit was refused. The first record stays."""
        with self._write() as connection:
            end.apply(connection, self._insert)

    def attempts(self, op_id: str) -> list[dict[str, Any]]:
        """All attempts of an operation, in order."""
        table = schema.attempts
        query = sa.select(table).where(table.c.op_id == op_id).order_by(table.c.attempt)
        with self._read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    # ---- results ----------------------------------------------------------------------------------------------

    def cached_result(self, cache_key: str) -> str | None:
        """Digest of the artifact that this key gave before, or None."""
        table = schema.result_cache
        with self._read() as connection:
            return connection.execute(sa.select(table.c.artifact).where(table.c.cache_key == cache_key)).scalar()

    def forget_results(self, artifact: str) -> None:
        """Drop an artifact from the result cache."""
        with self._write() as connection:
            connection.execute(sa.delete(schema.result_cache).where(schema.result_cache.c.artifact == artifact))

    def add_resource(self, resource: Resource) -> Resource:
        """Insert a resource unless it is there; answers the stored one. A name stands for one digest for ever."""
        with self._write() as connection:
            _store_resource(connection, self._insert, resource)
        return self.get_resource(resource.name) or resource

    def get_resource(self, name: str) -> Resource | None:
        """One resource, or None."""
        table = schema.resources
        with self._read() as connection:
            row = connection.execute(sa.select(table).where(table.c.name == name)).mappings().first()
        return _resource_of(row) if row is not None else None

    def list_resources(
        self, tenant: str, limit: int, before: tuple[float, str] | None = None, collection: str = "", kind: str = ""
    ) -> list[Resource]:
        """A page, newest first; ``before`` = (created_at, name) of the last row of the page before."""
        table = schema.resources
        query = sa.select(table).where(table.c.tenant == tenant)
        if collection:
            query = query.where(table.c.collection == collection)
        if kind:
            query = query.where(table.c.kind == kind)
        query = _before(query, table.c.created_at, table.c.name, before)
        query = query.order_by(table.c.created_at.desc(), table.c.name.desc()).limit(limit)
        with self._read() as connection:
            return [_resource_of(row) for row in connection.execute(query).mappings()]

    def delete_resource(self, name: str) -> bool:
        """Remove a resource's name; answers whether its digest is still named by another resource."""
        table = schema.resources
        with self._write() as connection:
            digest = connection.execute(sa.select(table.c.digest).where(table.c.name == name)).scalar()
            connection.execute(sa.delete(table).where(table.c.name == name))
            left = connection.execute(sa.select(sa.func.count()).where(table.c.digest == digest)).scalar()
        return bool(left)

    # ---- file digests -----------------------------------------------------------------------------------------

    def file_digest(self, path: str, size_bytes: int, mtime_ns: int, inode: int) -> str | None:
        """Known sha256 of an unchanged file, or None."""
        table = schema.file_digests
        query = sa.select(table.c.sha256).where(
            table.c.path == path,
            table.c.size_bytes == size_bytes,
            table.c.mtime_ns == mtime_ns,
            table.c.inode == inode,
        )
        with self._read() as connection:
            return connection.execute(query).scalar()

    def remember_file(self, path: str, size_bytes: int, mtime_ns: int, inode: int, sha256: str) -> None:
        """Remember a file's digest."""
        values = {"size_bytes": size_bytes, "mtime_ns": mtime_ns, "inode": inode, "sha256": sha256}
        insert = self._insert(schema.file_digests).values(path=path, **values)
        with self._write() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["path"], set_=values))

    # ---- inside -----------------------------------------------------------------------------------------------

    def _insert(self, table: sa.Table) -> Any:
        """An insert of the database's dialect, with ON CONFLICT."""
        from sqlalchemy.dialects import postgresql, sqlite

        return (sqlite.insert if self.is_sqlite else postgresql.insert)(table)

    def _notify(self, op_id: str) -> None:
        for listener in self._listeners:
            listener(op_id)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with _typed_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        # One writer a process: SQLite has one anyway, and threads then queue here in order instead of in its busy loop.
        lock = self._writer if self.is_sqlite else _NO_LOCK
        try:
            with _typed_errors(), lock, self._engine.connect() as connection:
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


@contextmanager
def _typed_errors() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        if "disk is full" in str(error) or "disk I/O error" in str(error):
            raise UserError(Reason.DISK_FULL, "the ledger's disk is full; free some space and try again") from error
        raise


def _tune_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    # FULL: an accepted operation survives a power cut.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("cislex_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _before(query: sa.Select, time_column: Any, id_column: Any, before: tuple[float, str] | None) -> sa.Select:
    if before is None:
        return query
    at, last = before
    return query.where(sa.or_(time_column < at, sa.and_(time_column == at, id_column < last)))


def _row_of(operation: Operation) -> dict[str, Any]:
    row = dict(operation.__dict__)
    row["request"] = json.dumps(operation.request)
    row["snapshot"] = json.dumps(operation.snapshot)
    return row


def _operation_of(row: RowMapping) -> Operation:
    values = dict(row)
    values["request"] = json.loads(values["request"])
    values["snapshot"] = json.loads(values["snapshot"])
    return Operation(**values)


def _resource_of(row: RowMapping) -> Resource:
    return Resource(**{**dict(row), "summary": json.loads(row["summary"])})


def _read_operation(connection: Connection, op_id: str) -> Operation | None:
    row = connection.execute(sa.select(schema.operations).where(schema.operations.c.id == op_id)).mappings().first()
    return _operation_of(row) if row is not None else None


def _insert_event(connection: Connection, operation: Operation) -> None:
    connection.execute(
        sa.insert(schema.events).values(
            op_id=operation.id,
            seq=operation.seq,
            at=time.time(),
            state=operation.state,
            attempt=operation.attempt,
            snapshot=json.dumps(operation.snapshot),
        )
    )
