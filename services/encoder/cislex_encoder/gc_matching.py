"""Choose negatives whose GC content is distributed as the positives', split by split.

Positives are counted in bins of 0.02 of GC; of each bin ratio × count negatives are wanted (the rounding is carried on
from bin to bin, so that the sum is right). Candidates are taken at random, each once. Where a bin has too few for all
splits that want some of it, what there is goes to them in proportion.
"""

from __future__ import annotations

import numpy as np

from cislex_encoder.gc_content import N_BINS, bins
from cislex_encoder.splits import SPLIT_NAMES

N_SPLITS = len(SPLIT_NAMES)


def wanted(gc: np.ndarray, split: np.ndarray, ratio: float) -> np.ndarray:
    """(splits, bins) int64: how many negatives of each bin each split wants. Positives that are all N want none."""
    index = bins(gc)
    result = np.zeros((N_SPLITS, N_BINS), dtype=np.int64)
    for number in range(N_SPLITS):
        counts = np.bincount(index[(split == number) & (index >= 0)], minlength=N_BINS)
        running = np.floor(np.cumsum(counts * ratio) + 0.5).astype(np.int64)
        result[number] = np.diff(running, prepend=0)
    return result


def choose(
    gc: np.ndarray, of_split: np.ndarray | None, need: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the candidates chosen, ascending, and the split of each.

    ``gc``: (m,) of the candidates; ``of_split``: the only split that a candidate may serve (its chromosome's), or None
    where it may serve any; ``need``: (splits, bins), lowered by what was found.
    """
    index = bins(gc).astype(np.int8)  # a byte, so that sorting is by radix
    order = rng.permutation(gc.size)
    order = order[np.argsort(index[order], kind="stable")]
    edges = np.cumsum(np.bincount(index + 1, minlength=N_BINS + 1))
    chosen: list[np.ndarray] = []
    splits: list[np.ndarray] = []
    for number in np.flatnonzero(need.sum(axis=0)):
        here = order[edges[number] : edges[number + 1]]
        for split, members in _shared_out(here, of_split, need[:, number]):
            chosen.append(members)
            splits.append(np.full(members.size, split, dtype=np.int8))
            need[split, number] -= members.size
    if not chosen:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
    rows = np.concatenate(chosen)
    ascending = np.argsort(rows)
    return rows[ascending], np.concatenate(splits)[ascending]


def _shared_out(members: np.ndarray, of_split: np.ndarray | None, need: np.ndarray) -> list[tuple[int, np.ndarray]]:
    if of_split is not None:
        return [(i, members[of_split[members] == i][: need[i]]) for i in range(N_SPLITS) if need[i]]
    part = need.copy()
    if members.size < need.sum():
        exact = need * (members.size / need.sum())
        part = np.floor(exact).astype(np.int64)
        for i in np.argsort(-(exact - part), kind="stable")[: members.size - int(part.sum())]:
            part[i] += 1
    edges = np.concatenate(([0], np.cumsum(part)))
    return [(i, members[edges[i] : edges[i + 1]]) for i in range(N_SPLITS) if part[i]]
