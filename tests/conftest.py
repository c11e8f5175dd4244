"""Fixtures that every room uses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
# Test modules are imported by path (import mode importlib): helpers of several rooms (task_desk) are found here.
sys.path.insert(0, str(REPO / "tests"))


@pytest.fixture(scope="session")
def repo_dir() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Real data and oracles beside the checkout; tests that need them are skipped where they are absent."""
    folder = REPO.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data at {folder}: it is kept beside the checkout, not in it")
    return folder


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Set one limit of the readers for a test: ``limit("lines", 10)`` is CISLEX_MAX_LINES=10."""
    from cislex_core import input_limits

    def set_one(name: str, value: int) -> None:
        monkeypatch.setenv(f"CISLEX_MAX_{name.upper()}", str(value))
        input_limits.input_limits.cache_clear()

    yield set_one
    monkeypatch.undo()
    input_limits.input_limits.cache_clear()
