"""Several replicas of a service on one PostgreSQL ledger and one store: one drives, all answer, another takes over."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cislex_core.settings import Settings
from cislex_runtime import migrate
from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.ledger import Ledger
from grpc_health.v1 import health_pb2, health_pb2_grpc
from postgres import Proxy, fresh_database
from running import ServerProcess, a_server

TAKE_OVER_S = 30.0


class Replicas:
    """Servers with homes of their own on one database and one store."""

    def __init__(self, folder: Path, url: sa.URL, servers: ExitStack) -> None:
        self.folder, self.url, self._servers = folder, url, servers
        self.made: list[ServerProcess] = []

    def add(self, url: sa.URL | None = None, **env: str) -> ServerProcess:
        """One more."""
        home = self.folder / f"r{len(self.made)}"
        home.mkdir()
        settings = {"CISLEX_LEDGER_URL": text(url or self.url), "CISLEX_STORE_DIR": str(self.folder / "store"), **env}
        self.made.append(self._servers.enter_context(a_server(home, **settings)))
        return self.made[-1]

    def owner(self) -> ServerProcess:
        """The one whose workers live."""
        end = time.monotonic() + TAKE_OVER_S
        while time.monotonic() < end:
            found = [server for server in self.made if server.processes()]
            if len(found) == 1:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"{len(found)} replicas have workers")


def text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture
def replicas(short_dir: Path) -> Iterator[Replicas]:
    with fresh_database() as url, ExitStack() as servers:
        yield Replicas(short_dir, url, servers)


@contextmanager
def ledger_of(url: sa.URL) -> Iterator[Ledger]:
    ledger = Ledger(text(url))
    try:
        yield ledger
    finally:
        ledger.close()


def states_of(url: sa.URL, name: str) -> list[tuple[str, int]]:
    """(state, attempt) of every event, repeats left out."""
    with ledger_of(url) as ledger:
        events = ledger.events_after(name.rpartition("/")[2], 0)
    told = [(event.operation.state, event.operation.attempt) for event in events]
    return [item for index, item in enumerate(told) if index == 0 or item != told[index - 1]]


def began(metadata: Any) -> bool:
    return state_name(metadata) == "RUNNING" and metadata.progress.done >= 2


def test_any_replica_takes_watches_and_answers(replicas: Replicas) -> None:
    servers = [replicas.add() for _ in range(3)]
    assert replicas.owner() is servers[0], "the first to start drives"
    for server in servers:
        name = server.submit(n=3, pause_s=0.01, label=str(server.home)).name
        for other in servers:
            done = other.connection.wait(name)
            assert state_name(metadata_of(done)) == "SUCCEEDED"
            assert other.total(done) == 3
    # The watchers of a replica that drives nothing hear of every state.
    name = servers[1].submit(n=20, pause_s=0.1, label="watched").name
    told = [state_name(metadata_of(seen)) for seen in servers[2].connection.watch(name)]
    assert told[-1] == "SUCCEEDED"
    assert "RUNNING" in told


def test_another_replica_goes_on_when_the_owner_dies(replicas: Replicas) -> None:
    first, second = replicas.add(), replicas.add()
    name = first.submit(n=40, pause_s=0.1).name
    second.wait_for(name, began)
    first.kill()
    done = second.connection.wait(name)
    assert second.total(done) == sum(range(40))
    assert replicas.owner() is second
    assert [state for state, _ in states_of(replicas.url, name)].count("SUCCEEDED") == 1


def test_an_owner_whose_lock_is_lost_lets_go(replicas: Replicas) -> None:
    first, second = replicas.add(), replicas.add()
    name = first.submit(n=60, pause_s=0.1).name
    second.wait_for(name, began)
    with ledger_of(replicas.url) as ledger, ledger.engine.connect() as connection:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cislex owner'"
        # Only the first replica holds the lock, and both have a session that asks for it.
        where = " AND datname = current_database() AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
        assert connection.execute(sa.text(query + where)).all() == [(True,)]
    done = second.connection.wait(name)
    assert second.total(done) == sum(range(60))
    replicas.owner()  # one of the two, never both
    told = states_of(replicas.url, name)
    assert [state for state, _ in told].count("SUCCEEDED") == 1
    assert told[-1][1] >= 2, "the first attempt was given up with the ownership"


def test_a_ledger_that_is_away_is_said_and_waited_for(replicas: Replicas) -> None:
    proxy = Proxy()
    server = replicas.add(replicas.url.set(port=proxy.port))
    running = server.submit(n=60, pause_s=0.1, label="running").name
    server.wait_for(running, began)
    assert is_ready(server)
    proxy.cut()
    stub = server.stub
    with pytest.raises(RpcProblem) as refused, server_without_patience(server) as impatient:
        impatient.submit(stub.Count, stub.m.CountRequest(n=1, label="now"))
    assert refused.value.reason == "UNAVAILABLE"
    assert "the ledger cannot be used now" in refused.value.message
    with ThreadPoolExecutor() as pool:
        later = pool.submit(server.submit, n=5, label="later")
        time.sleep(3)
        wait_for_ready(server, False)
        assert not later.done()
        proxy.mend()
        patient = later.result(timeout=30)
    wait_for_ready(server, True)
    for name, n in ((patient.name, 5), (running, 60)):
        assert server.total(server.connection.wait(name)) == sum(range(n))
    proxy.cut()
    proxy.mend()
    assert server.total(server.connection.wait(server.submit(n=7, label="after").name)) == sum(range(7))


def is_ready(server: ServerProcess) -> bool:
    """What the server's health service says; it must answer, whatever else is away."""
    stub = health_pb2_grpc.HealthStub(server.connection.channel)
    states = {name: stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status for name in ("", "ready")}
    assert states[""] == health_pb2.HealthCheckResponse.SERVING, "it need not be restarted"
    assert states["ready"] in (health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING)
    return bool(states["ready"] == health_pb2.HealthCheckResponse.SERVING)


def wait_for_ready(server: ServerProcess, wanted: bool) -> None:
    """Until the health service's next look or two (READY_EVERY_S) has told it."""
    end = time.monotonic() + 20
    while is_ready(server) is not wanted:
        assert time.monotonic() < end, f"ready stayed {not wanted}"
        time.sleep(0.1)


@contextmanager
def server_without_patience(server: ServerProcess) -> Iterator[Any]:
    from cislex_runtime.calling.connection import Connection

    with Connection(server.address, patience_s=0) as connection:
        yield connection


def test_processes_that_migrate_together_migrate_once() -> None:
    with fresh_database() as url:
        environment = {**os.environ, "CISLEX_LEDGER_URL": text(url)}
        command = [sys.executable, "-m", "cislex_runtime.migrate"]
        started = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(6)]
        assert [process.wait(60) for process in started] == [0] * 6
        with ledger_of(url) as ledger:
            assert migrate.current(ledger.engine) == migrate.head()


def test_a_process_takes_no_more_connections_than_it_may(replicas: Replicas) -> None:
    server = replicas.add(CISLEX_LEDGER_POOL="2")
    names = [server.submit(n=1, label=str(i)).name for i in range(5)]
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda i: server.connection.get(names[i % 5]), range(200)))
    with ledger_of(replicas.url) as ledger, ledger.engine.connect() as connection:
        query = "SELECT application_name, count(*) FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1"
        held = {row[0]: row[1] for row in connection.execute(sa.text(query))}
    assert held["cislex owner"] == 1
    assert held["cislex"] - 1 <= 2, "one of them is this test's own"


def test_a_url_without_a_driver_means_psycopg(tmp_path: Path) -> None:
    with fresh_database() as url:
        ledger = Ledger(text(url.set(drivername="postgresql")), Settings(home=tmp_path).ledger_pool)
        ledger.migrate()
        ledger.check()
        ledger.close()
