"""Fixtures that every room uses."""

from __future__ import annotations

import sys
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
