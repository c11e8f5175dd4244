"""R8: the ledger is locked, or gone, for half a minute: a typed error, and a client that retries gets through."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cislex_runtime.calling.connection import Connection
from cislex_runtime.calling.problem import RpcProblem
from histories import check_store, ends_of, ledger_of, op_id
from postgres import Proxy, fresh_database
from running import ServerProcess, a_server

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]
OUTAGE_S = 30.0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds SQLite's write lock."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def cut(proxy: Proxy) -> Iterator[None]:
    """Nobody reaches the database."""
    proxy.cut()
    try:
        yield
    finally:
        proxy.mend()


def live_through(server: ServerProcess, outage: Any, record: Callable[..., None]) -> None:
    """An operation runs on, an impatient client hears why, patient ones get through, and all end once."""
    server.patience_s = 120
    running = server.submit(n=100, pause_s=0.1, label="running").name
    server.wait_for(running, lambda metadata: metadata.progress.done >= 2)
    refused: list[RpcProblem] = []

    def impatient() -> None:
        with Connection(server.address, patience_s=0) as connection, pytest.raises(RpcProblem) as caught:
            connection.submit(server.stub.Count, server.stub.m.CountRequest(n=1, label="impatient"))
        refused.append(caught.value)

    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        with outage:
            asker = threading.Thread(target=impatient)
            asker.start()
            patient = [pool.submit(server.submit, n=3, label=f"patient {i}") for i in range(10)]
            asker.join()
            time.sleep(max(0.0, OUTAGE_S - (time.monotonic() - began)))
            assert not any(future.done() for future in patient)
        names = [running, *(future.result(timeout=60).name for future in patient)]
    waited = [server.connection.wait(name) for name in names]
    assert [server.total(done) for done in waited] == [sum(range(100)), *[3] * 10]
    assert [problem.reason for problem in refused] == ["UNAVAILABLE"]
    assert "the ledger cannot be used now" in refused[0].message
    ledger = ledger_of(server)
    assert ends_of(ledger, [op_id(name) for name in names]) == {"SUCCEEDED": len(names)}
    ledger.close()
    check_store(server.home)
    record(outage_s=OUTAGE_S, said=refused[0].reason, patient=len(patient), failed=0)


def test_a_locked_sqlite_ledger(short_dir: Path, record: Callable[..., None]) -> None:
    with a_server(short_dir) as server:
        live_through(server, locked(short_dir / "ledger.sqlite"), record)


def test_a_postgresql_that_is_gone(short_dir: Path, record: Callable[..., None]) -> None:
    proxy = Proxy()
    with fresh_database() as url:
        through = url.set(port=proxy.port).render_as_string(hide_password=False)
        with a_server(short_dir, CISLEX_LEDGER_URL=through) as server:
            live_through(server, cut(proxy), record)
