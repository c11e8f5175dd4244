"""What the tests of security share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import running
from s3_server import s3_server  # noqa: F401 - a fixture
from security_scene import Issuer


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An identity provider."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _workers_know_the_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers run in this process; their workers are processes of their own."""
    monkeypatch.setenv("CISLEX_EXTRA_TASKS", "toy:TASKS")
    monkeypatch.setenv("CISLEX_EXTRA_SPECS", "toy:SPECS")
    monkeypatch.setenv("PYTHONPATH", str(Path(running.__file__).parent))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
