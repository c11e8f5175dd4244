"""Simulate: the planted sites are where the truth table says, and GC tells nothing."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pytest
from cislex_core.genome import Genome
from cislex_core.sequences import decode, reverse_complement


@pytest.fixture
def small(bench: Any) -> Any:
    return bench.run("encoder.Simulate", n_wt=120, n_ko=90, n_chroms=4, seed=5)


def test_sites_stand_where_the_truth_says(bench: Any, small: Any) -> None:
    genome = Genome.open(small.path("genome.fa"), index_beside=False)
    assert genome.digest == small.manifest.genome_digest == small.manifest.summary["genome_digest"]
    rows = list(csv.DictReader(small.path("truth.tsv").read_text().splitlines(), delimiter="\t"))
    peaks = {}
    for name in ("wt", "ko"):
        for line in small.path(f"{name}.bed").read_text().splitlines():
            chrom, start, end, peak = line.split("\t")[:4]
            peaks[peak] = (chrom, int(start), int(end))
    assert len(peaks) == 210
    for row in rows:
        start, end = int(row["start"]), int(row["end"])
        codes = genome.fetch(row["chrom"], start, end)
        assert decode(codes if row["strand"] == "+" else reverse_complement(codes)) == row["site"]
        chrom, left, right = peaks[row["peak"]]
        assert chrom == row["chrom"]
        assert left <= start < end <= right
        assert abs((start + end) // 2 - (left + right) // 2) <= 51
        assert row["motif_name"] in {"WT": {"RELA", "SP1"}, "KO": {"FOS::JUN", "SP1"}}[row["set"]]
    by = {(item["motif_name"], item["set"]): item["n_sites"] for item in small.manifest.summary["planted"]}
    assert by["RELA", "WT"] == sum(row["motif_name"] == "RELA" for row in rows) > 0.85 * 120
    assert by["FOS::JUN", "KO"] > 0.85 * 90


def test_gc_is_matched(bench: Any, small: Any) -> None:
    dataset = bench.run("encoder.BuildDataset", peaks=small.digest, window_bp=200, balance=False)
    rows = dataset.table("rows.parquet").to_pylist()
    shares = {name: np.array([row["gc"] for row in rows if row["set"] == name]) for name in ("WT", "KO")}
    for quantile in (0.1, 0.5, 0.9):
        assert np.quantile(shares["WT"], quantile) == pytest.approx(np.quantile(shares["KO"], quantile), abs=0.015)
    assert small.manifest.summary["mean_gc_wt"] == pytest.approx(0.45, abs=0.005)
    assert {split["name"] for split in dataset.manifest.summary["splits"] if split["n_rows"]} == {
        "train",
        "validation",
        "test",
    }


def test_a_seed_repeats_and_another_differs(bench: Any, small: Any) -> None:
    assert bench.run("encoder.Simulate", n_wt=120, n_ko=90, n_chroms=4, seed=5).digest == small.digest
    assert bench.run("encoder.Simulate", n_wt=120, n_ko=90, n_chroms=4, seed=6).digest != small.digest


def test_nothing_is_planted_when_the_shares_are_zero(bench: Any) -> None:
    artifact = bench.run("encoder.Simulate", n_wt=20, n_ko=20, motif_share=0, common_share=0, n_chroms=3)
    assert artifact.manifest.summary["planted"] == []
    assert artifact.path("truth.tsv").read_text().count("\n") == 1
