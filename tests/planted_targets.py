"""Random sequences that hold known words, and the labels that say which: for every room's tests of several tasks."""

from __future__ import annotations

import numpy as np
from cislex_core.sequences import encode, reverse_complement

WORDS = {"ap1": "TGACTCA", "gata": "AGATAAG", "ets": "CCGGAAGT"}


def planted_labels(
    n: int, seed: int, window: int = 60, unresolved: float = 0.2
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """codes (n, window); labels (n, 3) of 0 and 1: does the sequence hold the word of ``WORDS``; and the same with a
    share of the entries unresolved (−1).
    """
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, window)).astype(np.uint8)
    labels = (rng.random((n, len(WORDS))) < 0.4).astype(np.int8)
    third = window // len(WORDS)
    for row in range(n):
        for t, word in enumerate(WORDS.values()):
            if labels[row, t]:
                letters = encode(word)
                at = third * t + int(rng.integers(0, third - len(word) + 1))
                codes[row, at : at + len(word)] = reverse_complement(letters) if rng.random() < 0.5 else letters
    return codes, labels, np.where(rng.random(labels.shape) < unresolved, -1, labels).astype(np.int8)
