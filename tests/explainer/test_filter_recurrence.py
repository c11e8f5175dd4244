"""Matching filters between seeds: shift, strand, groups, recurring k-mers."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_explainer.recurrence import describe_groups, group_filters, pairwise_similarity, recurrent_kmers


def _matrix(text: str, strength: float = 0.97) -> np.ndarray:
    """(k, 4) probabilities; '.' is a flat column."""
    rows = []
    for letter in text:
        row = np.full(4, 0.25 if letter == "." else (1 - strength) / 3)
        if letter != ".":
            row["ACGT".index(letter)] = strength
        rows.append(row)
    return np.array(rows)


def test_similarity_of_known_cases() -> None:
    words = ["TGACTCAT..", "..TGACTCAT", "ATGAGTCA..", "GGGCGGGGCC", ".........."]
    similarity = pairwise_similarity(np.stack([_matrix(word) for word in words]))
    assert np.diag(similarity).tolist() == [1.0] * 5
    np.testing.assert_array_equal(similarity, similarity.T)
    assert similarity[0, 1] == pytest.approx(1.0)  # shifted by two
    assert similarity[0, 2] == pytest.approx(1.0)  # the other strand
    assert similarity[1, 2] == pytest.approx(1.0)  # both
    assert similarity[0, 3] < 0.5
    assert abs(similarity[0, 4]) < 1e-12  # a flat matrix is like nothing
    assert similarity.max() <= 1.0 + 1e-12


def test_columns_left_alone_cost() -> None:
    """Four matching columns out of eight are not a whole match."""
    similarity = pairwise_similarity(np.stack([_matrix("TGACTCAT"), _matrix("TGACAGTA")]), min_overlap=4)
    assert similarity[0, 1] < 0.8


def test_groups_and_seeds() -> None:
    words = ["TGACTCAT..", "GGGCGGGGCC", "..TGACTCAT", "ATGAGTCA..", "GGCCCCGCCC", "TTTTAAACGT"]
    similarity = pairwise_similarity(np.stack([_matrix(word, 0.9) for word in words]))
    groups = group_filters(similarity, 0.7)
    assert groups.tolist() == [0, 1, 0, 0, 1, 2]
    described = describe_groups(groups, similarity, np.array([0, 0, 0, 1, 2, 2]))
    assert [(g.members, g.n_seeds) for g in described] == [([0, 2, 3], 2), ([1, 4], 2), ([5], 1)]
    assert all(g.representative in g.members for g in described)


def test_few_filters() -> None:
    assert group_filters(np.ones((1, 1)), 0.7).tolist() == [0]
    assert group_filters(np.ones((0, 0)), 0.7).tolist() == []
    assert describe_groups(np.array([], dtype=np.int64), np.ones((0, 0)), np.array([])) == []


def test_kmers_recur_by_seed_not_by_filter() -> None:
    found = [
        ("AACC", 0, "s0_f0", 3, 1),
        ("AACC", 0, "s0_f1", 1, 0),
        ("ACGT", 0, "s0_f1", 9, 9),
        ("AACC", 2, "s2_f5", 2, 2),
        ("CCAA", 1, "s1_f0", 1, 0),
    ]
    rows = recurrent_kmers(found)
    assert [(r.kmer, r.seeds, r.n_filters, r.n_wt, r.n_ko) for r in rows] == [
        ("AACC", [0, 2], 3, 6, 3),
        ("ACGT", [0], 1, 9, 9),
        ("CCAA", [1], 1, 1, 0),
    ]
