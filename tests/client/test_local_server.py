"""The managed server: started once, reused, restarted, stopped; what a failed start says."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

import pytest
from cislex_client import local_server
from cislex_client.app import run_command
from cislex_client.exit_codes import CommandError


@pytest.fixture
def home(clean_env, monkeypatch):
    """An empty home whose server is stopped at the end."""
    monkeypatch.setenv("CISLEX_LOG_LEVEL", "WARNING")
    yield clean_env / "home"
    local_server.stop()


def test_nothing_runs_at_first(home, capsys):
    assert local_server.pid() is None
    assert run_command(["server", "status"]) == 5
    assert run_command(["server", "down"]) == 0
    assert "no server runs" in capsys.readouterr().err


def test_up_status_down(home, capsys):
    assert run_command(["server", "up", "-o", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["running"]
    assert facts["outdated"] is False
    assert os.getsid(facts["pid"]) == facts["pid"], "its own session: ctrl-C does not reach it"
    assert run_command(["server", "up"]) == 0
    assert local_server.pid() == facts["pid"], "reused"
    assert run_command(["op", "ls", "-o", "json"]) == 0
    capsys.readouterr()
    assert run_command(["server", "down"]) == 0
    assert local_server.pid() is None


def test_many_clients_start_one_server(home):
    started = []
    threads = [threading.Thread(target=lambda: started.append(local_server.ensure())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False, False, False, True]


def test_a_server_of_older_code_is_replaced_when_it_is_idle(home, capsys):
    local_server.ensure()
    first = local_server.pid()
    place = home / "server.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "version": "0.0.1"}))
    assert local_server.is_outdated()
    assert run_command(["op", "ls"]) == 0
    assert "restarting the local server" in capsys.readouterr().err
    assert local_server.pid() not in (None, first)


def test_a_server_that_was_killed_leaves_a_socket_that_does_not_mislead(home):
    local_server.ensure()
    first = local_server.pid()
    os.kill(first, signal.SIGKILL)
    end = time.monotonic() + 10
    while local_server.pid() is not None and time.monotonic() < end:
        time.sleep(0.05)
    assert local_server.settings().socket_path.exists()
    assert local_server.ensure() is True
    assert local_server.pid() != first


def test_a_failed_start_says_why_and_where_the_log_is(home, monkeypatch, capsys):
    monkeypatch.setenv("CISLEX_HEAVY_SLOTS", "1")
    monkeypatch.setattr(local_server.sys, "executable", "/bin/false")
    with pytest.raises(CommandError, match="ended at once") as caught:
        local_server.ensure()
    assert caught.value.code == 5
    assert str(home / "logs") in caught.value.where


def test_a_home_that_cannot_be_made_is_exit_5(clean_env, monkeypatch, capsys):
    (clean_env / "file").write_text("x")
    monkeypatch.setenv("CISLEX_HOME", str(clean_env / "file" / "home"))
    assert run_command(["op", "ls"]) == 5
    assert "set CISLEX_HOME" in capsys.readouterr().err


def test_a_client_without_services_says_so(home, monkeypatch, capsys):
    monkeypatch.setattr(local_server, "is_installed", lambda: False)
    assert run_command(["op", "ls"]) == 5
    assert "has no services" in capsys.readouterr().err


def test_doctor(home, capsys):
    assert run_command(["doctor", "-o", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["server"]["state"] == "ok"
    assert rows["disk"]["state"] in ("ok", "bad")


def test_help_loads_nothing_heavy():
    """`cislex --help` stays quick because of what it does not import (timed in docs/cli.md, not here)."""
    import subprocess

    program = (
        "import sys; from cislex_client.app import run_command; assert run_command(['--help']) == 0; "
        "print(sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1]
    for heavy in ("torch", "grpc", "pyarrow", "numpy", "matplotlib", "google", "pydantic"):
        assert f"'{heavy}'" not in loaded, heavy
