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


def test_arabic_names_on_a_roman_genome(command, data_dir, tmp_path):
    files = {
        "wt": data_dir / "yeast/Reb1_arabic_names.bed",
        "ko": data_dir / "yeast/Abf1_arabic_names.bed",
        "genome": data_dir / "yeast/sacCer3.fa.gz",
    }
    done = command(*words(files, tmp_path / "r"))
    assert done.returncode == 2, done.stderr
    said = " ".join(done.stderr.split())
    assert "chr1" in said
    assert "chrI" in said
    assert "--alias auto" in said or "alias" in said
    assert "Reb1_arabic_names.bed" in said
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "role, content, expected",
    [
        ("wt", b"chrI\t100\t50\n", ":1"),
        ("wt", b"chrI\t10\t20\nchrI\tten\t50\n", ":2"),
        ("wt", b"chrI\t-5\t50\n", ":1"),
        ("ko", b"# only a comment\n", "ko.bed"),
        ("genome", b"this is not FASTA\n", "g.fa"),
    ],
)
def test_files_that_cannot_be_used_are_named(command, small, tmp_path, role, content, expected):
    small[role].write_bytes(content)
    done = command(*words(small, tmp_path / "r"))
    assert done.returncode == 2, done.stderr
    said = "".join(done.stderr.split())
    assert small[role].name in said
    assert expected in said
    assert not (tmp_path / "r").exists()


def test_a_truncated_gzip(command, small, tmp_path):
    whole = gzip.compress(small["wt"].read_bytes())
    small["wt"] = tmp_path / "wt.bed.gz"
    small["wt"].write_bytes(whole[: len(whole) // 2])
    done = command(*words(small, tmp_path / "r"))
    assert done.returncode == 2, done.stderr
    assert "wt.bed.gz" in done.stderr
    assert "too early" in done.stderr or "truncated" in done.stderr


def test_one_class_only(command, small, tmp_path):
    done = command("run", "wtko", "--wt", small["wt"], "--genome", small["genome"])
    assert done.returncode == 2
    assert "only --wt is named" in done.stderr


def test_a_test_chromosome_without_peaks(command, small, tmp_path):
    done = command(*words(small, tmp_path / "r", "--test-chroms", "chrIX"))
    assert done.returncode == 2, done.stderr
    assert "chrIX" in done.stderr


def test_a_motif_file_with_a_broken_matrix(command, small, tmp_path):
    motifs = tmp_path / "broken.meme"
    motifs.write_text("MEME version 4\n\nMOTIF m1\nletter-probability matrix: w= 2\n0.5 0.5 0.0 0.0\n0.9 0.9 x 0.0\n")
    done = command("motif", "compare", "--query-file", motifs)
    assert done.returncode == 2, done.stderr
    assert "broken.meme" in done.stderr


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
