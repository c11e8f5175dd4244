"""Splits of imported datasets: shares hold exactly, strata are respected, rare combinations are pooled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cislex_encoder import assignment
from cislex_encoder.writing import Targets
from encoder_inputs import fasta, random_text
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=12),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.integers(0, 1000),
)
def test_shares_are_exact_and_kept_within_strata(sizes: list[int], test: float, validation: float, seed: int) -> None:
    strata = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    split = assignment.shares(strata, test, validation, seed)
    n = strata.size
    assert (split == assignment.TEST).sum() == round(test * n)
    assert abs(int((split == assignment.VALIDATION).sum()) - round(validation * n)) <= 1
    for number, size in enumerate(sizes):
        mine = split[strata == number]
        assert abs((mine == assignment.TEST).sum() - test * size) < 1
        assert abs((mine == assignment.VALIDATION).sum() - validation * size) < 1 + 1e-9


def test_strata_of_labels_pool_the_rare_and_of_numbers_are_tenths() -> None:
    values = np.zeros((100, 3), dtype=np.int8)
    values[:40, 0] = 1
    values[40:44, 1] = 1
    values[44:47, 2] = -1
    strata = assignment.strata_of(Targets("multilabel", ["a", "b", "c"], values), np.arange(100))
    assert np.unique(strata[40:47]).tolist() == [-1]
    assert [np.unique(part).size for part in (strata[:40], strata[47:])] == [1, 1]
    numbers = np.random.default_rng(0).normal(size=(200, 1)).astype(np.float32)
    tenths = assignment.strata_of(Targets("regression", ["y"], numbers), np.arange(200))
    assert np.bincount(tenths).tolist() == [20] * 10
    assert numbers[tenths == 9].min() >= numbers[tenths == 8].max()


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_a_seed_repeats_and_another_differs(bench: Any, by: str) -> None:
    files = [{"name": name, "file": fasta(bench, name, random_text(n, 20, n))} for name, n in (("a", 90), ("b", 30))]
    runs = [bench.run("encoder.ImportDataset", fasta=files, split_by=by, seed=seed) for seed in (1, 1, 2)]
    assert runs[0].digest == runs[1].digest
    splits = [run.table("rows.parquet")["split"].to_pylist() for run in runs]
    assert splits[0] != splits[2]
    sizes = [[split["n_rows"] for split in run.manifest.summary["splits"]] for run in runs]
    assert sizes == [[96, 12, 12]] * 3
    if by == "stratified":
        assert runs[0].manifest.summary["splits"][2]["classes"] == [
            {"name": "a", "n_rows": 9},
            {"name": "b", "n_rows": 3},
        ]


def test_many_classes_by_chromosome(bench: Any) -> None:
    headers = [f"chr{1 + i % 10}:{i * 50}-{i * 50 + 20}" for i in range(100)]
    files = [
        {"name": name, "file": fasta(bench, name, random_text(100, 20, seed), headers)}
        for seed, name in enumerate("abc")
    ]
    artifact = bench.run("encoder.ImportDataset", fasta=files, test_chroms=["1"], drop_conflicts=False)
    splits = artifact.manifest.summary["splits"]
    assert splits[2]["chroms"] == ["chr1"]
    assert [item["n_rows"] for item in splits[2]["classes"]] == [10, 10, 10]
    assert artifact.manifest.summary["split_by"] == "chromosome"
