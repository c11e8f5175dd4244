"""One owner per ledger and service: a lock file beside a SQLite ledger, an advisory lock in PostgreSQL."""

from __future__ import annotations

import fcntl
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from cislex_runtime.ledger import Ledger


class Ownership:
    """Held locks; the system gives them back when the process dies."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self._ledger = ledger
        self._home = home
        self._held: dict[str, Any] = {}

    @property
    def held(self) -> list[str]:
        """Services that this process owns."""
        return sorted(self._held)

    def try_acquire(self, service: str) -> bool:
        """Own a service's operations, unless another living process does."""
        if service in self._held:
            return True
        lock = self._lock_file(service) if self._ledger.is_sqlite else self._lock_row(service)
        if lock is not None:
            self._held[service] = lock
        return lock is not None

    def release(self) -> None:
        """Give everything back."""
        for lock in self._held.values():
            if isinstance(lock, int):
                os.close(lock)
            else:
                lock.close()
        self._held.clear()

    def _lock_file(self, service: str) -> int | None:
        fd = os.open(self._home / f"owner-{service}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return None
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        return fd

    def _lock_row(self, service: str) -> sa.Connection | None:
        # A lock of the session: held as long as this connection lives, so it is kept out of the pool.
        key = int.from_bytes(sha256(f"cislex:{service}".encode()).digest()[:8], "big", signed=True)
        connection = self._ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(sa.select(sa.func.pg_try_advisory_lock(key))).scalar():
            return connection
        connection.close()
        return None
