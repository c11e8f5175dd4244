"""Throw-away databases on the machine's PostgreSQL, and a proxy before it that can be cut."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from cislex_runtime.ledger import Ledger

HOST, PORT = "127.0.0.1", 5432


def postgres_admin() -> sa.Engine:
    """An engine on the server's own database; skips, outside CI only, when there is no server."""
    problem = ""
    for user in ("postgres", "root"):
        engine = sa.create_engine(f"postgresql+psycopg://{user}@{HOST}:{PORT}/postgres", isolation_level="AUTOCOMMIT")
        try:
            with engine.connect():
                return engine
        except sa.exc.OperationalError as error:
            problem = str(error).splitlines()[0]
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have PostgreSQL on {HOST}:{PORT}: {problem}")
    pytest.skip(f"no PostgreSQL on {HOST}:{PORT}: {problem}")


@contextmanager
def fresh_database() -> Iterator[sa.URL]:
    """An empty database; dropped at the end, whoever is still connected."""
    admin = postgres_admin()
    name = f"cislex_test_{uuid.uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield admin.url.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@contextmanager
def ledger_on(kind: str, folder: Path, password: str | None = None) -> Iterator[Ledger]:
    """An empty, migrated ledger: ``sqlite``, in a file of ``folder``, or ``postgres``, in a database of its own."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        if kind == "postgres":
            place = stack.enter_context(fresh_database())
            url = (place if password is None else place.set(password=password)).render_as_string(hide_password=False)
        made = Ledger(url)
        stack.callback(made.close)
        made.migrate()
        yield made


class Proxy:
    """TCP to the database; ``cut`` breaks every connection and refuses new ones until ``mend``."""

    def __init__(self) -> None:
        self._listener: socket.socket | None = None
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Accept connections (again)."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def cut(self) -> None:
        """The database is away from here on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((HOST, PORT))
            self._pairs.append((near, far))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
