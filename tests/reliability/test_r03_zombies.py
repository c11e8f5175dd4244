"""R3: an owner that was stopped, replaced and woken again changes nothing: its attempt is fenced."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from cislex_runtime.ledger import Ledger
from histories import all_events, check_history, check_store, ledger_of, op_id
from postgres import fresh_database
from running import ServerProcess, a_server

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(600)]


def stop_all(server: ServerProcess, number: int) -> None:
    """A signal to the server and everything it started."""
    assert server.process is not None
    for pid in [server.process.pid, *server.processes()]:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def cut_owner(ledger: Ledger) -> None:
    """What a database does that takes the sessions of a silent machine for dead."""
    query = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = 'cislex owner' AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
    )
    with ledger.engine.connect() as connection:
        assert connection.execute(sa.text(query)).all() == [(True,)]


def test_a_woken_owner_is_fenced(short_dir: Path, record: Callable[..., None]) -> None:
    with fresh_database() as url, ExitStack() as servers:
        env = {
            "CISLEX_LEDGER_URL": url.render_as_string(hide_password=False),
            "CISLEX_STORE_DIR": str(short_dir / "store"),
        }
        homes = [short_dir / "a", short_dir / "b"]
        for home in homes:
            home.mkdir()
        zombie, heir = (servers.enter_context(a_server(home, **env)) for home in homes)
        # Connected to the heir only: the zombie answers nobody.
        n = 100
        name = heir.submit(n=n, pause_s=0.1).name
        heir.wait_for(name, lambda metadata: metadata.progress.done >= 2)
        assert zombie.processes()
        assert not heir.processes()
        stop_all(zombie, signal.SIGSTOP)
        ledger = ledger_of(heir)
        cut_owner(ledger)
        done = heir.connection.wait(name)
        before = [event.seq for event in all_events(ledger, op_id(name))]
        attempts = ledger.attempts(op_id(name))
        stop_all(zombie, signal.SIGCONT)
        time.sleep(10)  # the zombie's worker would need a few seconds to the end of its count
        assert [event.seq for event in all_events(ledger, op_id(name))] == before
        assert check_history(all_events(ledger, op_id(name))) == "SUCCEEDED"
        assert heir.total(heir.connection.get(name)) == sum(range(n)) == heir.total(done)
        assert not zombie.processes(), "who is no owner has no workers"
        ledger.close()
    check_store(short_dir)
    record(attempts=len(attempts), events_after_the_return=0)
