"""Golden positions, edges and orientation of k-mers."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_core.sequences import decode_batch, encode
from cislex_explainer.kmers import canonical, cut_kmers, kmer_bounds, top_positions

SEQUENCE = "ACGTTGCAACGGTTAACCGT"  # 20 bp


def _cut(position: int, k: int, protocol: str) -> str:
    codes = encode(SEQUENCE)[None]
    start, end = kmer_bounds(np.array([position]), k, len(SEQUENCE), protocol)
    return decode_batch(cut_kmers(codes, start, end, k))[0]


@pytest.mark.parametrize(
    "position, expected",
    [
        (10, SEQUENCE[7:13]),  # [p − 3, p + 3)
        (3, SEQUENCE[0:6]),
        (2, SEQUENCE[0:6]),  # moved inside
        (0, SEQUENCE[0:6]),
        (17, SEQUENCE[14:20]),
        (19, SEQUENCE[14:20]),
    ],
)
def test_default_is_centred_and_stays_inside(position: int, expected: str) -> None:
    assert _cut(position, 6, "default") == expected


def test_default_with_odd_k_has_the_position_in_its_middle() -> None:
    assert _cut(10, 5, "default") == SEQUENCE[8:13]


def test_k_as_long_as_the_window() -> None:
    assert {_cut(p, 20, "default") for p in (0, 10, 19)} == {SEQUENCE}


@pytest.mark.parametrize(
    "position, expected",
    [(10, SEQUENCE[4:17]), (6, SEQUENCE[0:13]), (2, SEQUENCE[0:9] + "NNNN"), (18, SEQUENCE[12:20] + "NNNNN")],
)
def test_eq3_is_thirteen_bases_padded_on_the_right(position: int, expected: str) -> None:
    assert _cut(position, 13, "eq3") == expected


@pytest.mark.parametrize(
    "position, expected",
    [(10, SEQUENCE[4:16]), (0, SEQUENCE[0:6] + "NNNNNN"), (19, SEQUENCE[13:20] + "NNNNN"), (14, SEQUENCE[8:20])],
)
def test_code_is_twelve_bases_padded_on_the_right(position: int, expected: str) -> None:
    assert _cut(position, 12, "code") == expected


def test_plain_top_three_may_be_neighbours_and_distance_parts_them() -> None:
    importance = np.array([[0, 1, 9, 8, 7, 1, 0, 5, 0, 4.0]])
    assert top_positions(importance, 3, 0).tolist() == [[2, 3, 4]]
    assert top_positions(importance, 3, 1).tolist() == [[2, 3, 4]]
    assert top_positions(importance, 3, 2).tolist() == [[2, 4, 7]]
    assert top_positions(importance, 3, 5).tolist() == [[2, 7, -1]]


def test_ties_go_to_the_lower_position_and_candidates_can_be_left_out() -> None:
    importance = np.array([[3, 3, 3, 1.0], [0, 0, 0, 0]])
    assert top_positions(importance, 2, 0).tolist() == [[0, 1], [0, 1]]
    eligible = np.array([[False, True, False, True], [False] * 4])
    assert top_positions(importance, 3, 0, eligible).tolist() == [[1, 3, -1], [-1, -1, -1]]


def test_more_positions_than_bases() -> None:
    assert top_positions(np.array([[1.0, 2.0]]), 4, 0).tolist() == [[1, 0, -1, -1]]


def test_the_importances_are_not_changed() -> None:
    importance = np.array([[1.0, 2.0, 3.0]])
    top_positions(importance, 2, 1)
    assert importance.tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    "word, expected, turned",
    [
        ("AACC", "AACC", False),
        ("GGTT", "AACC", True),
        ("ACGT", "ACGT", False),  # palindrome
        ("NACG", "CGTN", True),
        ("ACGN", "ACGN", False),
        ("T", "A", True),
        ("NN", "NN", False),
    ],
)
def test_canonical_orientation(word: str, expected: str, turned: bool) -> None:
    kmers, reverse = canonical(encode(word)[None])
    assert decode_batch(kmers) == [expected]
    assert reverse.tolist() == [turned]


def test_canonical_is_the_same_for_both_strands() -> None:
    rng = np.random.default_rng(1)
    words = rng.integers(0, 5, (500, 9)).astype(np.uint8)
    table = np.array([3, 2, 1, 0, 4], dtype=np.uint8)
    np.testing.assert_array_equal(canonical(words)[0], canonical(table[words[:, ::-1]])[0])
