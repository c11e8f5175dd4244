"""Interval arithmetic against plain loops over bases."""

from __future__ import annotations

import numpy as np
from cislex_core.intervals import covered_bases, merge, nearest_distance, overlaps_any
from hypothesis import given
from hypothesis import strategies as st

INTERVALS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=12)


def _columns(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.array([start for start, _ in pairs], dtype=np.int64)
    return starts, starts + np.array([size for _, size in pairs], dtype=np.int64)


@given(INTERVALS, INTERVALS)
def test_overlap_and_coverage_equal_counting_bases(pairs: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    covered = {base for start, size in others for base in range(start, start + size)}
    merged = merge(*_columns(others))
    assert (merged[1][:-1] < merged[0][1:]).all()
    assert sum((merged[1] - merged[0]).tolist()) == len(covered)
    starts, ends = _columns(pairs)
    counts = [len(covered & set(range(start, start + size))) for start, size in pairs]
    assert covered_bases(starts, ends, merged).tolist() == counts
    assert overlaps_any(starts, ends, merged).tolist() == [count > 0 for count in counts]


@given(st.lists(st.integers(0, 99), max_size=9), st.lists(st.integers(0, 99), min_size=1, max_size=9))
def test_nearest_distance_equals_the_smallest_difference(positions: list[int], others: list[int]) -> None:
    distance, index = nearest_distance(np.array(positions, dtype=np.int64), np.array(others, dtype=np.int64))
    assert distance.tolist() == [min(abs(p - o) for o in others) for p in positions]
    assert [abs(p - others[i]) for p, i in zip(positions, index, strict=True)] == distance.tolist()


def test_nothing_is_near_in_an_empty_set() -> None:
    distance, index = nearest_distance(np.array([5]), np.array([], dtype=np.int64))
    assert distance[0] > 10**15
    assert index.tolist() == [-1]
