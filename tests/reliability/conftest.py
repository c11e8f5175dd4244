"""Long proofs that nothing is lost: run with ``make test-reliability``; their figures are in docs/reliability.md."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))
sys.path.insert(0, str(Path(__file__).parent))

from postgres import fresh_database
from running import ServerProcess, a_server, running_server, server, short_dir  # noqa: F401 - fixtures

Record = Callable[..., None]


@pytest.fixture
def record(request: pytest.FixtureRequest) -> Record:
    """Print what was seen, and append it to the file that CISLEX_FIGURES names."""

    def write(**figures: Any) -> None:
        told = ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                         for name, value in figures.items())  # fmt: skip
        line = f"{request.node.name}: {told}"
        print(f"\n{line}")
        if path := os.environ.get("CISLEX_FIGURES"):
            with open(path, "a") as out:
                out.write(line + "\n")

    return write


@pytest.fixture(params=["sqlite", "postgres"])
def ledger_env(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Environment of a server whose ledger is SQLite under its home, or a fresh PostgreSQL database."""
    if request.param == "sqlite":
        yield {}
        return
    with fresh_database() as url:
        yield {"CISLEX_LEDGER_URL": url.render_as_string(hide_password=False)}


@pytest.fixture
def make_server(short_dir: Path, ledger_env: dict[str, str]) -> Callable[..., Any]:  # noqa: F811
    """``with make_server(CISLEX_…="…") as server`` on each kind of ledger."""

    @contextmanager
    def made(**env: str) -> Iterator[ServerProcess]:
        with a_server(short_dir, **ledger_env, **env) as server:  # noqa: F811
            yield server

    return made
