"""The whole analysis on real and simulated input, judged by known answers. Minutes long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cislex_client.tables import read_rows

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(1800)]

YEAST = ["--window", "100", "--test-chroms", "chrIV,chrXV", "--val-chroms", "chrVII,chrXII"]


def best_names(folder: Path, prefix: str) -> list[str]:
    """Names of the best significant match of each query that begins with ``prefix``, in order of the queries' rank."""
    rows = [row for row in read_rows(folder / "matches.tsv") if row["query"].startswith(prefix)]
    names: dict[str, tuple[float, str]] = {}
    for row in rows:
        if row["significant"] == "true":
            best = (float(row["pvalue"]), row["target_name"])
            names[row["query"]] = min(best, names.get(row["query"], best))
    return [name for _, (_, name) in sorted(names.items())]


def load(folder: Path, name: str) -> Any:
    """A JSON file of a result folder."""
    return json.loads((folder / name).read_text())


def test_yeast_reb1_against_abf1(command, data_dir, tmp_path):
    out = tmp_path / "yeast"
    words = [
        "run", "wtko", "--wt", data_dir / "yeast/Reb1.bed", "--ko", data_dir / "yeast/Abf1.bed",
        "--genome", data_dir / "yeast/sacCer3.fa.gz", *YEAST,
        "--motif-db", data_dir / "motifs/JASPAR2024_CORE_fungi_nr.meme.gz", "--out", out,
    ]  # fmt: skip
    done = command(*words)
    assert done.returncode == 0, done.stderr
    metrics = load(out, "metrics.json")
    assert metrics["auroc"] >= 0.90
    assert best_names(out, "WT_")[0] == "REB1"
    assert best_names(out, "KO_")[0] == "ABF1"
    assert Path(done.stdout.strip()).is_file()
    again = command(*words)
    assert again.returncode == 0
    assert "14 came from the cache" in again.stderr
    before = {entry["path"]: entry["sha256"] for entry in load(out, "run.json")["files"]}
    assert before["model.onnx"]


def test_ctcf_against_pu1(command, data_dir, tmp_path):
    out = tmp_path / "ctcf"
    done = command(
        "run", "wtko", "--wt-fasta", data_dir / "ctcf_pu1/ctcf.fa.gz", "--ko-fasta", data_dir / "ctcf_pu1/pu1.fa.gz",
        "--max-per-class", 8000, "--test-chroms", "1,8,21", "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert load(out, "metrics.json")["auroc"] >= 0.99
    assert "CTCF" in best_names(out, "WT_")
    families = {row["tf_family"] for row in read_rows(out / "matches.tsv")
                if row["query"].startswith("KO_") and row["significant"] == "true"}  # fmt: skip
    assert any("Ets" in family for family in families)


def test_the_demo_recovers_what_was_planted(command, tmp_path):
    out = tmp_path / "demo"
    done = command("demo", "--out", out)
    assert done.returncode == 0, done.stderr
    planted = load(out, "planted.json")
    assert planted["recovered_share"] >= 0.9
    assert planted["false_names"] == []
    assert "planted motifs recovered and named" in done.stderr
    assert (out / "report.html").stat().st_size > 50_000
