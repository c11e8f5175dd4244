"""Bad input through the installed command and the real services: what is said, and with which exit code."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def small(tmp_path: Path) -> dict[str, Path]:
    """A genome of four contigs and two peak sets that fit it."""
    import numpy as np

    rng = np.random.default_rng(3)
    contigs = ["chrI", "chrII", "chrIII", "chrIV"]
    with open(tmp_path / "g.fa", "w") as out:
        for name in contigs:
            out.write(f">{name}\n{''.join(rng.choice(list('ACGT'), 20_000))}\n")
    for name, shift in (("wt", 0), ("ko", 150)):
        rows = [f"{c}\t{s + shift}\t{s + shift + 20}" for c in contigs for s in range(1000, 18_000, 400)]
        (tmp_path / f"{name}.bed").write_text("\n".join(rows) + "\n")
    return {name: tmp_path / file for name, file in (("genome", "g.fa"), ("wt", "wt.bed"), ("ko", "ko.bed"))}


def words(files: dict[str, Path], out: Path, *more: object) -> list[object]:
    """A command line that trains next to nothing."""
    named = [word for role, path in files.items() for word in (f"--{role}", path)]
    return ["run", "wtko", *named, "--window", "100", "--seeds", "1", "--epochs", "1", "--out", out, *more]


def refused(command, out: Path, *words_: object, code: int = 2) -> str:
    """Run a command that must fail with ``code``, train nothing and leave nothing behind; what it said, as one line."""
    before = {path.name for path in out.parent.iterdir()} | {"g.fa.fai"}
    done = command(*words_)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "▸ train" not in done.stderr
    assert {path.name for path in out.parent.iterdir()} <= before, "beside a genome's index nothing is left behind"
    return " ".join(done.stderr.split())


def test_arabic_names_on_a_roman_genome(command, data_dir, tmp_path):
    files = {
        "wt": data_dir / "yeast/Reb1_arabic_names.bed",
        "ko": data_dir / "yeast/Abf1_arabic_names.bed",
        "genome": data_dir / "yeast/sacCer3.fa.gz",
    }
    for more in ([], ["--dry-run"]):
        said = refused(command, tmp_path / "r", *words(files, tmp_path / "r", *more))
        assert "Reb1_arabic_names.bed: 16 of 16 contig names are not in sacCer3.fa.gz" in said
        assert "the first at line 1" in said
        assert "chr1→chrI" in said
        assert "--alias auto" in said


BAD_FILES = [
    ("wt", b"chrI\t100\t50\n", ["line 1", "end 50 is not greater than start 100", "Swap"]),
    ("wt", b"chrI\t10\t20\nchrI\tten\t50\n", ["line 2", "'ten'", "Correct the cell"]),
    ("wt", b"chrI\t-5\t50\n", ["line 1", "start is -5", "Correct or remove"]),
    ("wt", b"chrI\t19990\t20400\n", ["line 1", "chrI:19990-20400", "past the end", "(20,000 bp)", "same assembly"]),
    ("wt", b"chrI;1;2\n", ["line 1", "separated by tabs"]),
    ("wt", "chrI\t1\t2\n".encode("utf-16"), ["binary file"]),
    ("ko", b"# only a comment\n", ["KO set is empty", "right file"]),
    ("ko", b"", ["is empty", "name a file that has rows"]),
    ("genome", b"this is not FASTA\n", ["line 1", "'this is not FASTA'", "begins with '>'"]),
    ("genome", b">chrI\nMEPQLF\n", ["'chrI'", "'E'", "no nucleotide"]),
]


@pytest.mark.parametrize("role, content, expected", BAD_FILES)
def test_files_that_cannot_be_used_are_named(command, small, tmp_path, role, content, expected):
    small[role].write_bytes(content)
    said = refused(command, tmp_path / "r", *words(small, tmp_path / "r"))
    assert small[role].name in said
    for words_ in expected:
        assert words_ in said


@pytest.mark.parametrize("role", ["wt", "genome"])
def test_a_truncated_gzip(command, small, tmp_path, role):
    whole = gzip.compress(small[role].read_bytes())
    small[role] = tmp_path / f"{small[role].name}.gz"
    small[role].write_bytes(whole[: len(whole) // 2])
    said = refused(command, tmp_path / "r", *words(small, tmp_path / "r"))
    assert f"{small[role].name} ends too early or is damaged" in said
    assert "fetch it again" in said


def test_one_class_only(command, small, tmp_path):
    said = refused(command, tmp_path / "r", "run", "wtko", "--wt", small["wt"], "--genome", small["genome"])
    assert "only --wt is named" in said
    small["ko"].write_bytes(small["wt"].read_bytes())
    said = refused(command, tmp_path / "r", *words(small, tmp_path / "r"))
    assert "--wt and --ko hold the same" in said


def test_test_chromosomes_that_cannot_be(command, small, tmp_path):
    said = refused(command, tmp_path / "r", *words(small, tmp_path / "r", "--test-chroms", "chrIX"))
    assert "'chrIX', which the genome lacks; it has chrI, chrII, chrIII, chrIV" in said
    for role in ("wt", "ko"):
        lines = small[role].read_text().splitlines(keepends=True)
        small[role].write_text("".join(line for line in lines if not line.startswith("chrIV")))
    said = refused(command, tmp_path / "r", *words(small, tmp_path / "r", "--test-chroms", "chrIV"))
    assert "chrIV, on which no sequence is left" in said


BROKEN_MATRIX = "MEME version 4\n\nMOTIF m1\nletter-probability matrix: w= 2\n0.5 0.5 0.0 0.0\n0.9 0.9 x 0.0\n"


@pytest.mark.parametrize(
    "more, expected",
    [
        (["--k", "200"], "words of 200 bp do not fit a window of 100 bp"),
        (["--k", "0"], "k: Input should be greater than or equal to 1 (got 0)"),
        (["--window", "101"], "try 102"),
        (["--motif-db", "jaspar2024-fishes"], "it has diatoms, fungi"),
        (["--motif-db", "jasper2024-vertebrates"], "names are jaspar<year>-<taxon>"),
        (["--motif-db", "broken.meme"], "broken.meme, line 6 ('x')"),
        (["--motif-db", "none.meme"], "none.meme does not exist"),
        (["--wt", "none.bed"], "none.bed does not exist"),
        (["--device", "tpu"], "none of auto, cpu, cuda"),
        (["--out", "full"], "holds other files"),
        (["--out", "g.fa"], "is a file"),
    ],
)
def test_wrong_values_are_said_before_the_training(command, small, tmp_path, more, expected):
    (tmp_path / "broken.meme").write_text(BROKEN_MATRIX)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    placed = [tmp_path / word if "." in word or word == "full" else word for word in more]
    assert expected in refused(command, tmp_path / "r", *words(small, tmp_path / "r", *placed))
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"


def test_a_gpu_that_is_not_there_is_never_a_cpu_in_silence(command, small, tmp_path):
    from cislex_runtime.devices import cuda_is_impossible

    if not cuda_is_impossible():
        pytest.skip("this machine may have a GPU")
    said = refused(command, tmp_path / "r", *words(small, tmp_path / "r", "--device", "cuda"), code=1)
    assert "DEVICE_UNAVAILABLE" in said
    assert "--device auto" in said


def test_what_looks_odd_and_is_right_is_taken(command, small, tmp_path):
    """Blanks in paths, CRLF, lower case, IUPAC letters, gzip under another name: the same rows come out."""
    folder = tmp_path / "my data é"
    folder.mkdir()
    odd = {role: folder / path.name for role, path in small.items()}
    for role in ("wt", "ko"):
        odd[role].write_bytes(gzip.compress(small[role].read_bytes().replace(b"\n", b"\r\n")))
    lines = small["genome"].read_text().splitlines()
    lines = [line if line[0] == ">" else line.lower().replace("acgtac", "acryta") for line in lines]
    odd["genome"].write_text("\r\n".join(lines) + "\r\n")
    rows = []
    for files in (small, odd):
        named = [word for role, path in files.items() for word in (f"--{role}", path)]
        done = command("dataset", "build", *named, "--window", 100, "-o", "json")
        assert done.returncode == 0, done.stderr
        rows.append(json.loads(done.stdout)["n_rows"])
    assert rows[0] == rows[1] == 344


def test_a_killed_server_during_a_wait_loses_nothing(command, small, tmp_path):
    """The waiting command starts the server again, and the operation ends well in another attempt."""
    named = [str(word) for role, path in small.items() for word in (f"--{role}", path)]
    dataset = command("dataset", "build", *named, "--window", 100, "--test-chroms", "chrI", "-o", "name").stdout.strip()
    train = ["model", "train", "--dataset", dataset, "--seeds", "1", "--epochs", "12", "--set", "patience=0"]
    process = subprocess.Popen(
        [*command.program, *train, "-o", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=command.env,
    )
    with process:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            listed = json.loads(command("op", "ls", "-o", "json").stdout or "[]")
            if any(op["state"] == "running" and op["metadata"]["task"] == "trainer.TrainModel" for op in listed):
                break
            time.sleep(0.3)
        pid = json.loads(command("server", "status", "-o", "json").stdout)["pid"]
        os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert json.loads(out)["name"].startswith("tenants/local/models/")
    assert "starting it again" in err
