"""Every input that ever broke a reader, and the files that fuzzing starts from, through the readers of today."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from oracle import outcome  # noqa: E402 - found by the line above, as when the fuzzer runs
from targets import TARGETS  # noqa: E402

CORPUS = sorted(path for path in (HERE / "corpus").glob("*/*") if path.is_file())


def test_every_format_has_seeds_and_every_folder_a_format() -> None:
    assert {path.parent.name for path in CORPUS} == set(TARGETS)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_stays_mended(path: Path, tmp_path: Path) -> None:
    finding = outcome(TARGETS[path.parent.name], path.read_bytes(), tmp_path)
    assert finding is None, finding.text


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_not_all_refused(name: str, tmp_path: Path) -> None:
    """A target that refuses everything would find nothing."""
    read = 0
    for path in (HERE / "corpus" / name).glob("seed-*"):
        try:
            TARGETS[name](path.read_bytes(), tmp_path)
            read += 1
        except Exception:
            continue
    assert read


def test_the_oracle_tells_a_crash_a_refusal_and_slowness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cislex_core.errors import Reason, UserError

    def crash(data: bytes, folder: Path) -> None:
        raise IndexError(data)

    def refuse(data: bytes, folder: Path) -> None:
        raise UserError(Reason.INVALID_TABLE, "no")

    assert outcome(refuse, b"", tmp_path) is None
    found = outcome(crash, b"", tmp_path)
    assert found is not None
    assert found.key.startswith("IndexError-")
    monkeypatch.setattr("oracle.CPU_LIMIT_S", -1.0)
    slow = outcome(refuse, b"", tmp_path)
    assert slow is not None
    assert slow.key == "slow"
