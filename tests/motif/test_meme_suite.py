"""The adapter for meme and streme, against small programs that behave as they do and as they do not."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Manifest
from cislex_core.motif_files import read_motifs
from cislex_core.sequences import encode_batch
from cislex_core.stores.local import LocalStore
from cislex_motif.meme_suite import arguments, run_tool
from cislex_motif.specs import DiscoverMotifsSpec
from cislex_runtime.working.task_io import WorkerOut
from task_desk import progress_in, run_task

OUTPUT = """MEME version 5.4.1 (Release date: Sat Aug 21 19:23:23 2021 -0700)
ALPHABET= ACGT
Background letter frequencies (from file dataset with add-one prior applied):
A 0.296 C 0.204 G 0.204 T 0.296
********************************************************************************
MOTIF ACG MEME-1	width =  3  sites = 2  llr = 59  E-value = 1.4e-902
********************************************************************************
--------------------------------------------------------------------------------
	Motif ACG MEME-1 sites sorted by position p-value
--------------------------------------------------------------------------------
Sequence name            Strand  Start   P-value                  Site
-------------            ------  ----- ---------            ------------
s1                          -      2  3.62e-08 TT          ACG AA
s0                          +      1  4.62e-07             ACG TTT
--------------------------------------------------------------------------------
letter-probability matrix: alength= 4 w= 3 nsites= 2 E= 1.4e-902
 1.0 0.0 0.0 0.0
 0.0 1.0 0.0 0.0
 0.0 0.0 1.0 0.0
MOTIF TTT MEME-2	width =  3  sites = 2  llr = 1  E-value = 3.0e+001
letter-probability matrix: alength= 4 w= 3 nsites= 2 E= 3.0e+001
 0.0 0.0 0.0 1.0
 0.0 0.0 0.0 1.0
 0.0 0.0 0.0 1.0
"""
CODES = encode_batch(["ACGTTT", "NACGTT", "NNNNNN"])


def spec(**fields: object) -> DiscoverMotifsSpec:
    return DiscoverMotifsSpec(**({"dataset": "x", "engine": "meme"} | fields))


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a program on PATH: ``body`` is Python that runs when it is not asked for its version."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin:/bin")

    def write(name: str, body: str, version: str = "print('5.4.1')") -> Path:
        path = folder / name
        path.write_text(
            f"#!{sys.executable}\nimport sys, json, time, os\n"
            f"if sys.argv[1:] in (['-version'], ['--version']):\n    {version}\n    sys.exit(0)\n{body}\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return folder

    return write


def failure(tmp_path: Path, **fields: object) -> UserError:
    with pytest.raises(UserError) as caught:
        run_tool(spec(**fields), CODES, None, tmp_path)
    return caught.value


def test_what_meme_prints_is_read(tmp_path: Path, program) -> None:
    program("meme", f"print({OUTPUT!r})")
    found, version = run_tool(spec(), CODES, None, tmp_path)
    assert version == "5.4.1"
    (only,) = found  # the second has E 30
    assert (only.motif.id, only.motif.nsites, only.motif.width) == ("ACG", 2, 3)
    assert only.motif.log10_evalue == pytest.approx(-901.85, abs=0.01)
    # s1 was written without its leading N, so MEME's start 2 is position 2 of the sequence, from 0.
    assert only.sites == [(1, 1, 2), (0, 0, 0)]


def test_arguments_and_sequences_reach_the_program(tmp_path: Path, program) -> None:
    body = (
        "argv = sys.argv[1:]\n"
        "neg = open(argv[argv.index('-neg') + 1]).read()\n"
        "json.dump({'argv': argv, 'fasta': open(argv[0]).read(), 'neg': neg}, open('"
        + str(tmp_path / "seen")
        + "', 'w'))\n"
        f"print({OUTPUT!r})"
    )
    program("meme", body)
    run_tool(spec(model="oops", n_motifs=4, max_width=11), CODES, encode_batch(["GGGG"]), tmp_path)
    import json

    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["fasta"] == ">s0\nACGTTT\n>s1\nACGTT\n"
    assert seen["neg"] == ">s0\nGGGG\n"
    joined = " ".join(seen["argv"])
    for part in ("-dna", "-revcomp", "-mod oops", "-nmotifs 4", "-minw 6", "-maxw 11", "-evt 0.05", "-objfun de"):
        assert part in joined


def test_a_path_with_shell_letters_is_only_a_path(tmp_path: Path, program) -> None:
    program("meme", f"print({OUTPUT!r})")
    odd = tmp_path / "a b; touch $(hacked) `x`"
    odd.mkdir()
    assert run_tool(spec(), CODES, None, odd)[0]
    assert not (tmp_path / "hacked").exists()


def test_streme_gets_its_own_arguments() -> None:
    argv = arguments(spec(engine="streme"), "/x/streme", Path("p.fa"), Path("n.fa"))
    assert argv[:3] == ["/x/streme", "--p", "p.fa"]
    assert argv[-2:] == ["--n", "n.fa"]
    assert "--text" in argv


def test_streme_that_finds_nothing(tmp_path: Path, program) -> None:
    program("streme", "print('MEME version 5.4.1\\nALPHABET= ACGT')")
    assert run_tool(spec(engine="streme"), CODES, None, tmp_path) == ([], "5.4.1")


def test_a_missing_program(tmp_path: Path, program) -> None:
    error = failure(tmp_path)
    assert error.reason is Reason.TOOL_MISSING
    assert "'meme' is not on the worker's PATH" in error.message
    assert "engine em" in error.message


def test_a_program_that_fails(tmp_path: Path, program) -> None:
    program("meme", "print('FATAL: bad alphabet', file=sys.stderr)\nsys.exit(3)")
    error = failure(tmp_path)
    assert error.reason is Reason.TOOL_FAILED
    assert error.metadata["exit_code"] == "3"
    assert "exit code 3" in error.message
    assert "FATAL: bad alphabet" in error.metadata["stderr"]


@pytest.mark.parametrize(
    ("body", "says"),
    [("print('hello')", "no matrix"), ("os.kill(os.getpid(), 9)", "exit code -9"),
     (f"print({OUTPUT.replace('0.0 1.0 0.0 0.0', '0.0 x 0.0 0.0')!r})", "cannot be read"),
     (f"print({OUTPUT[: OUTPUT.index(' 0.0 0.0 1.0 0.0')]!r})", "cannot be read")],
)  # fmt: skip
def test_output_that_makes_no_sense(body: str, says: str, tmp_path: Path, program) -> None:
    program("meme", body)
    error = failure(tmp_path)
    assert error.reason is Reason.TOOL_FAILED
    assert says in error.message


@pytest.mark.parametrize("version", ["sys.exit(1)", "pass"])
def test_a_program_without_a_version(version: str, tmp_path: Path, program) -> None:
    program("meme", f"print({OUTPUT!r})", version)
    error = failure(tmp_path)
    assert error.reason is Reason.TOOL_FAILED
    assert "version" in error.message


def test_a_program_that_is_no_program(tmp_path: Path, program) -> None:
    folder = program("meme", "")
    (folder / "meme").write_bytes(b"\x7fELF nonsense")
    assert failure(tmp_path).reason is Reason.TOOL_FAILED


def _gone(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def test_a_program_that_hangs_is_stopped(tmp_path: Path, program) -> None:
    pid = tmp_path / "pid"
    program("meme", f"open({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    error = failure(tmp_path, tool_timeout_s=1)
    assert "stopped after 1 s" in error.message
    assert not pid.exists() or _gone(pid)


def test_cancel_stops_the_program(tmp_path: Path, program) -> None:
    pid = tmp_path / "pid"
    program("meme", f"open({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")

    def check() -> None:
        if pid.exists() and pid.read_text():
            raise Cancelled

    with pytest.raises(Cancelled):
        run_tool(spec(), CODES, None, tmp_path, check)
    assert _gone(pid)


def test_the_task_records_the_program_and_its_motifs(tmp_path: Path, program) -> None:
    program("meme", f"print({OUTPUT!r})")
    store = LocalStore(tmp_path / "store")
    staged = WorkerOut(store.stage(), "dataset")
    staged.write_table("rows.parquet", pa.table({"row": [0, 1], "split": ["test"] * 2, "chrom": ["c"] * 2}))
    np.save(staged.path("codes.npy"), CODES[:2])
    np.save(staged.path("targets.npy"), np.array([1, 1]))
    semantics = {"target": {"type": "class_index", "classes": ["KO", "WT"]}}
    dataset = store.commit_artifact(staged.dir, Manifest(kind="dataset", semantics=semantics)).digest
    fields = spec(dataset=dataset, contrasts=["wt_vs_shuffled"])
    artifact = run_task(store, "motif.DiscoverMotifs", fields, progress_in(tmp_path / "scratch"))
    assert artifact.manifest.tools == {"meme": "5.4.1"}
    assert artifact.manifest.summary["searches"][0]["test"] == "meme"
    (motif,) = read_motifs(artifact.path("motifs.meme"))
    assert (motif.id, motif.nsites) == ("WT_vs_shuffled_1", 2)
    sites = artifact.table("sites.parquet").to_pylist()
    assert [(s["row"], s["start"], s["end"], s["strand"], s["site"]) for s in sites] == [
        (1, 2, 5, "-", "ACG"), (0, 0, 3, "+", "ACG"),
    ]  # fmt: skip
