"""One owner per ledger and service: a lock file beside a SQLite ledger, an advisory lock in PostgreSQL.

The system gives both back when the owner dies, and another replica goes on. A lock in PostgreSQL lives as long as its
connection: it can be lost while the process lives on (the database was restarted, the network was cut), so an owner
asks now and then whether it still is one (``still_held``) and otherwise lets go of everything. What it did meanwhile is
harmless: results are fenced by the attempt's number.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from cislex_core.errors import first_line

from cislex_runtime.ledger import Ledger
from cislex_runtime.ledger.database import KEEPALIVES

log = logging.getLogger("cislex.owner")
ASK_EVERY_S = 1.0


class Ownership:
    """Held locks of this process."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self._ledger = ledger
        self._home = home
        self._files: dict[str, int] = {}
        self._rows: set[str] = set()
        self._session: sa.Connection | None = None
        self._asked_at = 0.0

    @property
    def held(self) -> list[str]:
        """Services that this process owns."""
        return sorted({*self._files, *self._rows})

    def try_acquire(self, service: str) -> bool:
        """Own a service's operations, unless another living process does or the ledger is away."""
        if service in self._files or service in self._rows:
            return True
        return self._lock_file(service) if self._ledger.is_sqlite else self._lock_row(service)

    def still_held(self) -> bool:
        """Whether what was acquired is still ours; asks PostgreSQL at most once a second. Gives all back when not."""
        if self._session is None or not self._rows:
            return bool(self._files)
        if time.monotonic() - self._asked_at < ASK_EVERY_S:
            return True
        try:
            self._session.execute(sa.text("SELECT 1"))
        except sa.exc.SQLAlchemyError as error:
            log.warning("the connection that held %s broke: %s", ", ".join(self._rows), first_line(error))
            self._drop_session()
            return False
        self._asked_at = time.monotonic()
        return True

    def release(self) -> None:
        """Give everything back."""
        for fd in self._files.values():
            os.close(fd)
        self._files.clear()
        if self._session is not None:
            # Said, not left to the end of the session: the server notices that a moment later.
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._session.execute(sa.text("SELECT pg_advisory_unlock_all()"))
        self._drop_session()

    def is_owned(self, service: str) -> bool:
        """Whether any living process owns a service's operations. Raises when the ledger cannot be asked."""
        if service in self.held:
            return True
        if not self._ledger.is_sqlite:
            return self._ledger.advisory_lock_is_held(_key(service))
        try:
            fd = os.open(self._home / f"owner-{service}.lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(fd)
        return False

    # ---- inside ------------------------------------------------------------------------------------------------------

    def _lock_file(self, service: str) -> bool:
        fd = os.open(self._home / f"owner-{service}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._files[service] = fd
        return True

    def _lock_row(self, service: str) -> bool:
        try:
            if self._session is None:
                self._session = self._open_session()
            if self._session.execute(sa.select(sa.func.pg_try_advisory_lock(_key(service)))).scalar():
                self._rows.add(service)
                return True
        except sa.exc.SQLAlchemyError as error:
            log.warning("cannot ask who owns %s: %s", service, first_line(error))
            self._drop_session()
        return False

    def _open_session(self) -> sa.Connection:
        # Out of the pool: one connection for all locks of this process, held as long as they are.
        engine = sa.create_engine(
            self._ledger.engine.url,
            poolclass=sa.pool.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={**KEEPALIVES, "application_name": "cislex owner"},
        )
        session = engine.connect()
        # The server's side: the locks of an owner whose machine vanished are free after about 25 s.
        for name, value in (("idle", 10), ("interval", 5), ("count", 3)):
            session.execute(sa.text(f"SET tcp_keepalives_{name} = {value}"))
        self._asked_at = time.monotonic()
        return session

    def _drop_session(self) -> None:
        session, self._session = self._session, None
        self._rows.clear()
        if session is not None:
            session.invalidate()
            session.close()


def _key(service: str) -> int:
    return int.from_bytes(sha256(f"cislex:{service}".encode()).digest()[:8], "big", signed=True)
