"""The real ``tomtom`` as an engine, driven with small stand-ins for the program."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import numpy as np
import pytest
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_motif import tomtom_program

HEADER = (
    "Query_ID\\tTarget_ID\\tOptimal_offset\\tp-value\\tE-value\\tq-value\\tOverlap\\tQuery_consensus\\t"
    "Target_consensus\\tOrientation"
)


@pytest.fixture
def motifs() -> list[Motif]:
    rng = np.random.default_rng(0)
    return [Motif(f"m{i}", rng.dirichlet(np.ones(4), size=8), nsites=20.0) for i in range(3)]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(body: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "tomtom"
        program.write_text(f'#!/bin/sh\nif [ "$1" = "-version" ]; then echo 5.4.1; exit 0; fi\n{body}\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return program

    return make


def run(motifs: list[Motif], scratch: Path, **options):
    return tomtom_program.align_all(motifs[:2], motifs, "ed", 5, scratch, **options)


def test_output_becomes_arrays(install, motifs: list[Motif], tmp_path: Path) -> None:
    install(
        f"printf '{HEADER}\\n'; printf 'q0\\tt1\\t-2\\t1e-9\\t3e-9\\t4e-9\\t6\\tACGT\\tACGT\\t-\\n';"
        "printf '\\n# Tomtom (Motif Comparison Tool)\\n'"
    )
    alignments, tool_version = run(motifs, tmp_path / "scratch")
    assert tool_version == "5.4.1"
    assert alignments.pvalue.tolist() == [[1.0, 1e-9, 1.0], [1.0, 1.0, 1.0]]
    assert (alignments.offset[0, 1], alignments.overlap[0, 1], alignments.reverse[0, 1]) == (-2, 6, True)


def test_the_program_gets_every_pair_asked_and_readable_files(install, motifs: list[Motif], tmp_path: Path) -> None:
    install(
        f'echo "$@" > {tmp_path}/argv; for last; do :; done; cp "$last" {tmp_path}/targets.meme; printf "{HEADER}\\n"'
    )
    run(motifs, tmp_path / "scratch")
    argv = (tmp_path / "argv").read_text().split()
    assert argv[:9] == ["-text", "-dist", "ed", "-thresh", "1", "-min-overlap", "5", "-motif-pseudo", "0.1"]
    assert [m.id for m in read_motifs(tmp_path / "targets.meme")] == ["t0", "t1", "t2"]
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    "body, message",
    [
        ("echo 'bad motif' >&2; exit 3", "exited with 3: bad motif"),
        ("exit 4", "exited with 4: it said nothing"),
        ("echo surprise", "no header line but 'surprise'"),
        ("true", "no header line but"),
        (f"printf '{HEADER}\\nq0\\tt1\\tx\\n'", "line 2 of tomtom's output"),
        (f"printf '{HEADER}\\nq0\\tnobody\\t0\\t1\\t1\\t1\\t5\\tA\\tA\\t+\\n'", "line 2 of tomtom's output"),
        ("kill -9 $$", "exited with -9"),
    ],
)
def test_failures_are_typed(install, motifs: list[Motif], tmp_path: Path, body: str, message: str) -> None:
    install(body)
    with pytest.raises(UserError) as caught:
        run(motifs, tmp_path / "scratch")
    assert caught.value.reason is Reason.TOOL_FAILED
    assert message in caught.value.message


def test_a_missing_program_is_named(motifs: list[Motif], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="install the MEME Suite") as caught:
        run(motifs, tmp_path / "scratch")
    assert caught.value.reason is Reason.TOOL_MISSING


def test_a_version_that_cannot_be_had_is_typed(install, motifs: list[Motif], tmp_path: Path) -> None:
    program = install("true")
    program.write_text("#!/bin/sh\nexit 9\n")
    with pytest.raises(UserError, match="-version exited with 9"):
        run(motifs, tmp_path / "scratch")


def test_cancelling_kills_the_program(install, motifs: list[Motif], tmp_path: Path) -> None:
    install(f"echo $$ > {tmp_path}/pid; exec sleep 60")

    def cancel() -> None:
        if (tmp_path / "pid").exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        run(motifs, tmp_path / "scratch", check_cancel=cancel)
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_the_time_limit_is_an_error(install, motifs: list[Motif], tmp_path: Path) -> None:
    install("exec sleep 60")
    with pytest.raises(UserError, match=r"stopped after 0\.2 s") as caught:
        run(motifs, tmp_path / "scratch", timeout_s=0.2)
    assert caught.value.reason is Reason.TOOL_FAILED
