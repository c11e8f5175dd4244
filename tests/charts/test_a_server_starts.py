"""The real servers start with what the chart tells them: its settings (folders moved), its command, its health port."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chart_scenes import SERVICES, VALUES_FILES, find, rendered
from cislex_core.settings import Settings
from cislex_runtime.calling.probe import probe
from cislex_runtime.migrate import head


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _environment(tmp_path: Path, home: Path, health: int) -> dict[str, str]:
    """The ConfigMap of the default values, folders moved into ``tmp_path``."""
    data = find(rendered(VALUES_FILES[0]), "ConfigMap", "lab-cislex-settings")["data"]
    moved = {
        key: value.replace("/var/lib/cislex", str(home)).replace("/srv/cislex", str(tmp_path / "shared"))
        for key, value in data.items()
    }
    own = {"CISLEX_HEALTH_LISTEN": f"127.0.0.1:{health}", "CISLEX_METRICS_LISTEN": f"127.0.0.1:{_free_port()}"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CISLEX_")}
    return kept | moved | own


@contextlib.contextmanager
def _started(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def test_two_services_share_the_volume_and_each_has_its_home(tmp_path: Path) -> None:
    """As two pods do: one ledger and one store on the shared volume, a home each; both ready, both drain on SIGTERM."""
    (tmp_path / "shared").mkdir()
    with contextlib.ExitStack() as stack:
        running = []
        for name in SERVICES[:1] + SERVICES[3:]:
            workload = find(rendered(VALUES_FILES[0]), "StatefulSet", f"lab-cislex-{name}")
            (container,) = workload["spec"]["template"]["spec"]["containers"]
            health = _free_port()
            command = [sys.executable, *container["command"][1:], "--listen", "127.0.0.1:0"]
            environ = _environment(tmp_path, tmp_path / name, health)
            process = stack.enter_context(_started(command, environ))
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready ")
            running.append((process, f"127.0.0.1:{health}", container))
        for _process, address, container in running:
            for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert probe(address, container[kind]["grpc"].get("service", "")) == ""
        assert (tmp_path / "shared" / "ledger.sqlite").is_file()
        assert (tmp_path / "shared" / "store").is_dir()
        for process, _, _ in running:
            process.send_signal(signal.SIGTERM)
        for process, _, _ in running:
            assert process.wait(timeout=60) == 0


def test_the_migration_is_a_program(tmp_path: Path) -> None:
    job = find(rendered(VALUES_FILES[0].parent / "values-core-facility.yaml"), "Job", "lab-cislex-migrate")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    command = [sys.executable, *container["command"][1:]]
    environ = {**os.environ, "CISLEX_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.sqlite'}"}
    first = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    again = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert first.stdout.strip() == f"ledger: empty → {head()}"
    assert again.stdout.strip() == f"ledger: {head()} → {head()}"


def test_the_migration_says_why_it_cannot(tmp_path: Path) -> None:
    environ = {**os.environ, "CISLEX_LEDGER_URL": "postgresql+psycopg://lab:geheim@127.0.0.1:1/cislex"}
    done = subprocess.run([sys.executable, "-m", "cislex_runtime.migrate"], env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert "the ledger could not be brought up to date" in done.stderr
    assert "geheim" not in done.stderr


@pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
def test_no_home_is_the_mount_itself(path: Path) -> None:
    """A mount belongs to root; ``make_home`` refuses a home of another user."""
    data = find(rendered(path), "ConfigMap", "lab-cislex-settings")["data"]
    assert Settings.from_env(data).home.parent == Path("/var/lib/cislex")
