"""Operations, their request ids, events and attempts."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from cislex_core.errors import CislexError, Reason, UserError
from sqlalchemy.engine import Connection

from cislex_runtime import states
from cislex_runtime.ledger import schema
from cislex_runtime.ledger.database import Database, newest_first
from cislex_runtime.ledger.records import Event, NewOperation, Operation, operation_of, row_of
from cislex_runtime.ledger.writes import EndAttempt, Write

# The statements of every submission and every change are built once: building them costs more than running them.
_INSERT_REQUEST = sa.insert(schema.request_ids)
_INSERT_OPERATION = sa.insert(schema.operations)
_INSERT_EVENT = sa.insert(schema.events)
_SELECT_OPERATION = sa.select(schema.operations).where(schema.operations.c.id == sa.bindparam("of_id"))
_FIND_REQUEST = sa.select(schema.request_ids.c.body_digest, schema.request_ids.c.op_id).where(
    schema.request_ids.c.tenant == sa.bindparam("of_tenant"),
    schema.request_ids.c.method == sa.bindparam("of_method"),
    schema.request_ids.c.request_id == sa.bindparam("of_request"),
)
_USED_REQUESTS = sa.select(schema.request_ids.c.request_id).where(
    schema.request_ids.c.tenant == sa.bindparam("of_tenant"),
    schema.request_ids.c.method == sa.bindparam("of_method"),
    schema.request_ids.c.request_id.in_(sa.bindparam("of_requests", expanding=True)),
)
#: What changes of an operation; its request never does.
_CHANGING = ("state", "attempt", "failures", "cancel_requested", "not_before", "seq", "snapshot")
_UPDATED = (*_CHANGING, "of_id", "old_seq")
_UPDATE_OPERATION = (
    sa.update(schema.operations)
    .where(schema.operations.c.id == sa.bindparam("of_id"), schema.operations.c.seq == sa.bindparam("old_seq"))
    .values({name: sa.bindparam(name) for name in _CHANGING})
)


class Operations(Database):
    """The part of the ledger that changes and reads operations."""

    def create(
        self,
        operation: Operation,
        method: str,
        request_id: str,
        body_digest: str,
        check: Callable[[Connection], None] | None = None,
    ) -> tuple[Operation, bool]:
        """Insert one operation; see ``create_all``, whose error of it is raised here."""
        (made,) = self.create_all([NewOperation(operation, method, request_id, body_digest, check)])
        if isinstance(made, CislexError):
            raise made
        return made

    def create_all(self, news: Sequence[NewOperation]) -> list[tuple[Operation, bool] | CislexError]:
        """Insert operations under their request ids, all in one transaction. Answers (operation, created) of each.

        When an id was used before: the operation of then if the body is the same, else the error REQUEST_ID_REUSED;
        what a check raised is answered as the error of that one, and nothing is written of it. Raises what concerns
        all: the ledger is away or its disk is full; then nothing is written at all.
        """
        try:
            with self._write() as connection:
                answers = _insert_all(connection, news)
        except sa.exc.IntegrityError:
            # Another process used one of the ids at the same moment: it is there now, and the next look finds it.
            if len(news) == 1:
                with self._write() as connection:
                    answers = _insert_all(connection, news)
            else:
                return [answer for new in news for answer in self.create_all([new])]
        for answer in answers:
            if not isinstance(answer, CislexError) and answer[1]:
                self._notify(answer[0].id)
        return answers

    def find_request(self, tenant: str, method: str, request_id: str, body_digest: str) -> Operation | None:
        """The operation that this request id made, or None. Raises REQUEST_ID_REUSED for another body."""
        with self._read() as connection:
            return _find_request(connection, tenant, method, request_id, body_digest)

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
                row = {**row_of(new), "of_id": op_id, "old_seq": old.seq}
                if connection.execute(_UPDATE_OPERATION, {key: row[key] for key in _UPDATED}).rowcount == 1:
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

    def sequences(self, op_ids: Sequence[str]) -> dict[str, int]:
        """The latest sequence of each of these operations; those that are gone are left out."""
        table = schema.operations
        found: dict[str, int] = {}
        with self._read() as connection:
            for start in range(0, len(op_ids), 500):
                query = sa.select(table.c.id, table.c.seq).where(table.c.id.in_(op_ids[start : start + 500]))
                found.update((row.id, row.seq) for row in connection.execute(query))
        return found

    def end_attempt(self, end: EndAttempt, *also: Write) -> None:
        """Record how an attempt ended whose commit was refused. The first record stays."""
        with self._write() as connection:
            for write in (end, *also):
                write.apply(connection, self._insert)

    def attempts(self, op_id: str) -> list[dict[str, Any]]:
        """All attempts of an operation, in order."""
        table = schema.attempts
        query = sa.select(table).where(table.c.op_id == op_id).order_by(table.c.attempt)
        with self._read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _read_operation(connection: Connection, op_id: str) -> Operation | None:
    row = connection.execute(_SELECT_OPERATION, {"of_id": op_id}).mappings().first()
    return operation_of(row) if row is not None else None


def _find_request(
    connection: Connection, tenant: str, method: str, request_id: str, body_digest: str
) -> Operation | None:
    key = {"of_tenant": tenant, "of_method": method, "of_request": request_id}
    row = connection.execute(_FIND_REQUEST, key).first()
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
    return _read_operation(connection, row.op_id)


def _insert_all(connection: Connection, news: Sequence[NewOperation]) -> list[tuple[Operation, bool] | CislexError]:
    used = _used(connection, news)
    answers: list[tuple[Operation, bool] | CislexError] = []
    waiting: list[tuple[NewOperation, Operation]] = []

    def write() -> None:
        if waiting:
            connection.execute(_INSERT_REQUEST, [new.request_row() for new, _ in waiting])
            connection.execute(_INSERT_OPERATION, [row_of(operation) for _, operation in waiting])
            connection.execute(_INSERT_EVENT, [_event_row(operation) for _, operation in waiting])
            waiting.clear()

    for new in news:
        try:
            if new.key in used:
                write()  # it may be one of these
                existing = _find_request(connection, *new.key, new.body_digest)
                if existing is not None:
                    answers.append((existing, False))
                    continue
            if new.check is not None:
                write()  # it counts what is there
                new.check(connection)
        except CislexError as error:
            answers.append(error)
            continue
        operation = replace(new.operation, seq=1)
        used.add(new.key)
        waiting.append((new, operation))
        answers.append((operation, True))
    write()
    return answers


def _used(connection: Connection, news: Sequence[NewOperation]) -> set[tuple[str, str, str]]:
    """Those of their request ids that are in the ledger."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for new in news:
        groups[new.key[:2]].append(new.request_id)
    return {
        (tenant, method, request_id)
        for (tenant, method), ids in groups.items()
        for request_id in connection.execute(
            _USED_REQUESTS, {"of_tenant": tenant, "of_method": method, "of_requests": ids}
        ).scalars()
    }


def _insert_event(connection: Connection, operation: Operation) -> None:
    connection.execute(_INSERT_EVENT, _event_row(operation))


def _event_row(operation: Operation) -> dict[str, Any]:
    return {
        "op_id": operation.id, "seq": operation.seq, "at": time.time(), "state": operation.state,
        "attempt": operation.attempt, "snapshot": json.dumps(operation.snapshot),
    }  # fmt: skip
