"""Operations, their request ids, events and attempts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from cislex_core.errors import Reason, UserError
from sqlalchemy.engine import Connection

from cislex_runtime import schema, states
from cislex_runtime.ledger.database import Database, newest_first
from cislex_runtime.ledger.records import Event, Operation, operation_of, row_of
from cislex_runtime.ledger.writes import EndAttempt, Write


class Operations(Database):
    """The part of the ledger that changes and reads operations."""

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
                connection.execute(sa.insert(schema.operations).values(**row_of(operation)))
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
                if connection.execute(update.values(**row_of(new))).rowcount == 1:
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
            return [operation_of(row) for row in connection.execute(query).mappings()]

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
        query = newest_first(query, table.c.created_at, table.c.id, before, limit)
        with self._read() as connection:
            return [operation_of(row) for row in connection.execute(query).mappings()]

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


def _read_operation(connection: Connection, op_id: str) -> Operation | None:
    row = connection.execute(sa.select(schema.operations).where(schema.operations.c.id == op_id)).mappings().first()
    return operation_of(row) if row is not None else None


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
