"""The installed command on a home of its own, with a server that is stopped at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CommandLine = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """``command("run", "wtko", …)`` runs cislex and answers the finished process; ``command.home`` is its home."""
    root = tmp_path_factory.mktemp("e2e")
    env = {
        **os.environ,
        "CISLEX_HOME": str(root / "home"),
        "CISLEX_CONFIG": str(root / "config.toml"),
        "COLUMNS": "200",
        "CISLEX_CONTEXT": "local",
    }
    program = [sys.executable, "-c", "from cislex_client.app import main; main()"]

    def run(*words: object, timeout_s: float = 1500) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *map(str, words)], capture_output=True, text=True, env=env, timeout=timeout_s, check=False
        )

    run.home = root / "home"  # type: ignore[attr-defined]
    run.env = env  # type: ignore[attr-defined]
    run.program = program  # type: ignore[attr-defined]
    yield run
    run("server", "down", timeout_s=60)


@pytest.fixture
def data_dir(shared_dir: Path) -> Path:
    """The folder of real data."""
    return shared_dir / "data"
