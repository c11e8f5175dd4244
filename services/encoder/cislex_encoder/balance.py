"""Equal classes by seeded down-sampling of the larger one."""

from __future__ import annotations

import numpy as np

from cislex_encoder.drops import CLASS_NAMES, KO, WT, Candidates


def limit(rows: Candidates, max_per_class: int, seed: int) -> None:
    """Keep at most ``max_per_class`` rows of each class, chosen at random; the others are ``over_limit``."""
    for label in rows.labels:
        _sample(rows, rows.kept[rows.label[rows.kept] == label], max_per_class, "over_limit", [seed, 1, label])


def balance(rows: Candidates, split: np.ndarray | None, seed: int) -> None:
    """Down-sample the larger class to the size of the smaller.

    ``split``: None balances all rows at once, before any split (WTKO-CNN); else (n,) int8 split of each row, and each
    split is balanced by itself, so that accuracy on every split has a chance level of one half.
    """
    kept = rows.kept
    groups = [kept] if split is None else [kept[split[kept] == value] for value in np.unique(split[kept])]
    for number, group in enumerate(groups):
        sizes = [int((rows.label[group] == label).sum()) for label in (KO, WT)]
        larger = int(np.argmax(sizes))
        members = group[rows.label[group] == larger]
        detail = f"{CLASS_NAMES[larger]} has {sizes[larger]}, {CLASS_NAMES[1 - larger]} has {sizes[1 - larger]}"
        _sample(rows, members, sizes[1 - larger], "balanced_away", [seed, 2, number], detail)


def _sample(
    rows: Candidates, members: np.ndarray, size: int, reason: str, seed: list[int], detail: str | None = None
) -> None:
    if members.size <= size:
        return
    chosen = np.random.default_rng(seed).permutation(members.size)[:size]
    gone = np.ones(members.size, dtype=bool)
    gone[chosen] = False
    rows.drop(members[gone], reason, detail)
