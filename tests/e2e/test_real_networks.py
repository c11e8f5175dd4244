"""ExplaiNN and the comparison of architectures through the real services, judged by known answers. Minutes long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cislex_client.tables import read_rows

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(2400)]


def leading_matches(folder: Path, most: int = 10) -> list[dict[str, str]]:
    """The best significant matches of each seed's ``most`` most important units."""
    top = {row["unit_id"] for row in read_rows(folder / "units.tsv") if int(row["rank"]) <= most}
    rows = [row for row in read_rows(folder / "unit_matches.tsv") if row["query"] in top and row["rank"] == "1"]
    return [row for row in rows if row["significant"] == "true"]


def test_explainn_tells_ctcf_from_pu1_by_their_motifs(command, data_dir, tmp_path):
    out = tmp_path / "ctcf"
    done = command(
        "run", "explainn", "--wt-fasta", data_dir / "ctcf_pu1/ctcf.fa.gz",
        "--ko-fasta", data_dir / "ctcf_pu1/pu1.fa.gz", "--max-per-class", 4000, "--test-chroms", "1,8,21",
        "--units", 100, "--seeds", 1, "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads((out / "metrics.json").read_text())["auroc"] >= 0.985
    matches = leading_matches(out)
    assert "CTCF" in {row["target_name"] for row in matches}
    assert any("Ets" in row["tf_family"] for row in matches)
    best = {row["source_kind"] for row in read_rows(out / "best_motifs.tsv")}
    assert best == {"units", "motifs"}


def test_architectures_are_compared_on_yeast(command, data_dir, tmp_path):
    out = tmp_path / "yeast"
    done = command(
        "run", "compare", "--models", "wtko_cnn,explainn,cnn1", "--wt", data_dir / "yeast/Reb1.bed",
        "--ko", data_dir / "yeast/Abf1.bed", "--genome", data_dir / "yeast/sacCer3.fa.gz", "--window", 100,
        "--test-chroms", "chrIV,chrXV", "--val-chroms", "chrVII,chrXII", "--seeds", 2, "--epochs", 15, "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in read_rows(out / "models.tsv")}
    assert set(rows) == {"wtko_cnn", "explainn", "cnn1"}
    assert all(float(row["auroc"]) > 0.8 for row in rows.values())
    pairs = [row for row in read_rows(out / "differences.tsv") if row["metric"] == "auroc"]
    assert len(pairs) == 3
    assert all(float(row["low"]) <= float(row["difference"]) <= float(row["high"]) for row in pairs)


def test_labels_with_unknown_entries_are_learnt_and_their_motifs_named(command, tmp_path):
    made = command("dataset", "design", "--design", "multilabel", "--n-sequences", 3000, "-o", "name")
    assert made.returncode == 0, made.stderr
    out = tmp_path / "labels"
    done = command(
        "run", "explainn", "--dataset", made.stdout.strip(), "--units", 30, "--seeds", 1, "--epochs", 12, "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    metrics = json.loads((out / "metrics.json").read_text())
    assert len(metrics["per_output"]) == 3
    assert metrics["auroc"] > 0.9
    names = {row["target_name"] for row in leading_matches(out, most=15)}
    assert any("REL" in name for name in names)
    assert any(name.upper().startswith(("FOS", "JUN", "BATF", "BACH", "NFE2")) for name in names)
