"""GC content of a dataset's sets, by split: gc.json. Two sets that GC alone tells apart teach a model GC.

Bins of 0.02: bin i holds shares in [0.02 i, 0.02 (i + 1)), the last one 1.0 as well. Sets are the classes; for several
tasks ``positive`` (a 1 in any task) and ``negative`` (none); ``all`` for regression.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from cislex_encoder.splits import SPLIT_NAMES

BIN_WIDTH = 0.02
N_BINS = 50


def bins(gc: np.ndarray) -> np.ndarray:
    """Bin (n,) int64 of each GC share; −1 where it is NaN (all N)."""
    known = ~np.isnan(gc)
    index = np.full(gc.shape, -1, dtype=np.int64)
    # 0.58 / 0.02 is 28.999…: the small addend puts shares on an edge into the bin that begins there.
    index[known] = np.minimum((gc[known] / BIN_WIDTH + 1e-9).astype(np.int64), N_BINS - 1)
    return index


def sets_of(target_type: str, outputs: list[str], targets: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Which set each row belongs to (index into the names)."""
    if target_type == "class_index":
        return targets.astype(np.int64), list(outputs)
    if target_type == "multilabel":
        return (targets == 1).any(axis=1).astype(np.int64), ["negative", "positive"]
    return np.zeros(targets.shape[0], dtype=np.int64), ["all"]


def describe(gc: np.ndarray, of_set: np.ndarray, names: list[str], split: np.ndarray) -> dict[str, Any]:
    """The content of gc.json: histograms by set and split (and over ``all`` splits), and distances between sets.

    ``gc``: (n,) shares, NaN where all N; ``of_set``: (n,) index into ``names``; ``split``: (n,) index of SPLIT_NAMES.
    ``ks``: largest difference of the two sets' cumulative distributions (Kolmogorov–Smirnov), 0 to 1.
    """
    index = bins(gc)
    sets, distances = [], []
    for split_name in ("all", *SPLIT_NAMES):
        here = index >= 0
        if split_name != "all":
            here &= split == SPLIT_NAMES.index(split_name)
        shares: list[np.ndarray] = []
        for number, name in enumerate(names):
            mine = here & (of_set == number)
            shares.append(np.sort(gc[mine]))
            if mine.any():
                sets.append(
                    {
                        "set": name,
                        "split": split_name,
                        "n_rows": int(mine.sum()),
                        "mean": float(gc[mine].mean()),
                        "sd": float(gc[mine].std()),
                        "counts": np.bincount(index[mine], minlength=N_BINS).tolist(),
                    }
                )
        for a, b in combinations(range(len(names)), 2):
            if shares[a].size and shares[b].size:
                distances.append(
                    {"set_a": names[a], "set_b": names[b], "split": split_name, "ks": _ks(shares[a], shares[b])}
                )
    return {"bin_width": BIN_WIDTH, "n_bins": N_BINS, "sets": sets, "distances": distances}


def _ks(first: np.ndarray, second: np.ndarray) -> float:
    """Kolmogorov–Smirnov distance of two sorted samples."""
    points = np.concatenate((first, second))
    below = [np.searchsorted(sample, points, side="right") / sample.size for sample in (first, second)]
    return float(np.abs(below[0] - below[1]).max())


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """What the dataset's message says of it: no histograms, no single splits."""
    return {
        "gc_sets": [
            {key: item[key] for key in ("set", "n_rows", "mean", "sd")}
            for item in report["sets"]
            if item["split"] == "all"
        ],
        "gc_distances": [
            {key: item[key] for key in ("set_a", "set_b", "ks")}
            for item in report["distances"]
            if item["split"] == "all"
        ],
    }
