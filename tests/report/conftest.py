"""Fixtures of the report's tests: synthetic result folders, and Chromium where there is one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Test modules are imported by path (import mode importlib), so their helper module is put where it can be found.
sys.path.insert(0, str(Path(__file__).parent))

from synthetic_parts import Shape
from synthetic_results import write_results

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def results_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole result folder of the ordinary kind, not to be changed."""
    return write_results(tmp_path_factory.mktemp("results") / "run", Shape(aliases={"1": "chr1"}))


@pytest.fixture
def copy_dir(results_dir: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(results_dir, tmp_path / "run"))


def _chromium() -> str | None:
    candidates = (
        os.environ.get("CISLEX_CHROMIUM"),
        shutil.which("chromium"),
        shutil.which("chromium-browser"),
        shutil.which("google-chrome"),
    )
    return next((path for path in candidates if path), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium through Playwright; skipped where there is none, except in CI, which must have it.

    Closed with its module: while it is open an event loop runs, and no asynchronous test could.
    """
    path = _chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have Chromium: install the package chromium or set CISLEX_CHROMIUM")
        pytest.skip("no Chromium on PATH (package chromium, or set CISLEX_CHROMIUM): the report cannot be opened")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()
