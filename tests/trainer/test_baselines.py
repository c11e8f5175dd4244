"""The two baselines: words counted right, fitted without looking at the rows they are asked about."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_core.sequences import encode_batch, reverse_complement
from cislex_trainer.baselines import canonical_kmers, gc_baseline, gc_content, kmer_baseline, kmer_counts
from cislex_trainer.metrics import ranking_metrics


def test_there_are_2080_canonical_6_mers() -> None:
    columns, names = canonical_kmers(6)
    assert len(names) == 2080
    assert len(columns) == 4096
    assert names[0] == "AAAAAA"
    assert columns[0] == columns[4095]  # AAAAAA = TTTTTT


def test_counts_by_hand() -> None:
    _, names = canonical_kmers(2)
    counts = kmer_counts(encode_batch(["ACGT", "TTNA"]), k=2).toarray()
    first = {name: int(c) for name, c in zip(names, counts[0], strict=True) if c}
    second = {name: int(c) for name, c in zip(names, counts[1], strict=True) if c}
    assert first == {"AC": 2, "CG": 1}  # AC and GT are one word
    assert second == {"AA": 1}  # TT; what touches N is left out


def test_counts_do_not_see_the_strand() -> None:
    codes = np.random.default_rng(0).integers(0, 5, (9, 50)).astype(np.uint8)
    assert (kmer_counts(codes) != kmer_counts(reverse_complement(codes))).nnz == 0


def test_gc_content() -> None:
    assert gc_content(encode_batch(["GGCC", "ATAT", "GANN", "NNNN"])).ravel().tolist() == [1.0, 0.0, 0.5, 0.5]


def _biased(n: int, gc_wt: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    gc = np.where(labels == 1, gc_wt, 0.5)[:, None]
    strong = rng.random((n, 80)) < gc
    return np.where(strong, rng.integers(1, 3, (n, 80)), 3 * rng.integers(0, 2, (n, 80))).astype(np.uint8), labels


@pytest.mark.parametrize("gc_wt", [0.7, 0.3])
def test_gc_baseline_learns_the_direction_on_train(gc_wt: float) -> None:
    train, labels = _biased(400, gc_wt, 0)
    asked, truth = _biased(200, gc_wt, 1)
    found = gc_baseline(train, labels, asked)
    assert ranking_metrics(truth, found.p_wt)["auroc"][0] > 0.95


def test_gc_baseline_of_gc_matched_sets_is_chance() -> None:
    train, labels = _biased(400, 0.5, 0)
    asked, truth = _biased(400, 0.5, 1)
    assert 0.4 < ranking_metrics(truth, gc_baseline(train, labels, asked).p_wt)["auroc"][0] < 0.6


def test_kmer_baseline_finds_a_planted_word_and_names_its_penalty() -> None:
    rng = np.random.default_rng(4)
    codes, labels = rng.integers(0, 4, (600, 60)).astype(np.uint8), np.arange(600) % 2
    codes[labels == 1, 20:28] = [3, 2, 0, 1, 3, 1, 0, 2]
    found = kmer_baseline(codes[:300], labels[:300], codes[300:400], labels[300:400], codes[400:])
    assert ranking_metrics(labels[400:], found.p_wt)["auroc"][0] > 0.97
    assert "chosen on the validation split" in found.how


def test_kmer_baseline_without_validation_says_so() -> None:
    codes, labels = np.random.default_rng(5).integers(0, 4, (80, 40)).astype(np.uint8), np.arange(80) % 2
    found = kmer_baseline(codes, labels, codes[:0], labels[:0], codes)
    assert "C = 0.01 fixed: no validation split" in found.how
