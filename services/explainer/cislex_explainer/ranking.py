"""Sliding-window ranking of short words by summed importance (WTKO-CNN, section 3.5).

Every window of ``k`` bases adds the importance of its bases to its word; windows with N are left out. A word that is
merely frequent has a large sum too, so the mean per occurrence and the counts in both classes stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ranking:
    """Words by falling summed importance; all arrays have one entry per word. Counts are of occurrences, and of
    sequences that hold the word at least once."""

    kmers: list[str]
    score_sum: np.ndarray
    signed_sum: np.ndarray
    n: np.ndarray
    n_wt: np.ndarray
    n_ko: np.ndarray
    n_wt_sequences: np.ndarray
    n_ko_sequences: np.ndarray


class KmerRanking:
    """Adds blocks of sequences and answers the ranking. With ``rc_aware`` a word counts with its reverse complement,
    under the lesser of the two. Memory: six arrays of 4^k."""

    def __init__(self, k: int, rc_aware: bool) -> None:
        self.k = k
        size = 4**k
        self._name = np.minimum(np.arange(size), _reverse_complement_words(k)) if rc_aware else np.arange(size)
        self._scores = np.zeros((2, size))
        self._occurrences = np.zeros((2, size), dtype=np.int64)
        self._sequences = np.zeros((2, size), dtype=np.int64)

    def add(self, codes: np.ndarray, importance: np.ndarray, signed: np.ndarray, is_wt: np.ndarray) -> None:
        """codes (n, L) uint8, importance and signed scores (n, L), is_wt (n,) bool."""
        if codes.shape[1] < self.k:
            return
        words, clean = word_indices(codes, self.k)
        words = self._name[words]
        size = self._name.size
        flat = words[clean]
        for target, scores in zip(self._scores, (importance, signed), strict=True):
            target += np.bincount(flat, weights=_window_sums(scores, self.k)[clean], minlength=size)
        for index, chosen in enumerate((is_wt, ~is_wt)):
            some = clean & chosen[:, None]
            self._occurrences[index] += np.bincount(words[some], minlength=size)
            sequence = np.broadcast_to(np.arange(len(codes))[:, None], words.shape)[some]
            once = np.unique(sequence * size + words[some]) % size
            self._sequences[index] += np.bincount(once, minlength=size)

    def ranking(self) -> Ranking:
        """All words that occurred, by falling ``score_sum``; ties in alphabetical order."""
        n = self._occurrences.sum(axis=0)
        seen = np.flatnonzero(n)
        order = seen[np.argsort(-self._scores[0][seen], kind="stable")]
        return Ranking(
            kmers=word_strings(order, self.k),
            score_sum=self._scores[0][order],
            signed_sum=self._scores[1][order],
            n=n[order],
            n_wt=self._occurrences[0][order],
            n_ko=self._occurrences[1][order],
            n_wt_sequences=self._sequences[0][order],
            n_ko_sequences=self._sequences[1][order],
        )


def word_indices(codes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Base-4 number (n, L − k + 1) int64 of every word of codes (n, L), first base most significant, and where the
    word has no N (elsewhere the number is 0)."""
    wide = codes.astype(np.int64)
    length = codes.shape[1] - k + 1
    words = np.zeros((codes.shape[0], length), dtype=np.int64)
    clean = np.ones_like(words, dtype=bool)
    for offset in range(k):
        column = wide[:, offset : offset + length]
        words = words * 4 + column
        clean &= column < 4
    return np.where(clean, words, 0), clean


def word_strings(words: np.ndarray, k: int) -> list[str]:
    """The strings of base-4 numbers."""
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    digits = (words[:, None] >> (2 * np.arange(k - 1, -1, -1))) & 3
    return [bytes(row).decode() for row in letters[digits]]


def _reverse_complement_words(k: int) -> np.ndarray:
    words = np.arange(4**k)
    out = np.zeros_like(words)
    for _ in range(k):
        out = out * 4 + (3 - words % 4)
        words = words // 4
    return out


def _window_sums(scores: np.ndarray, k: int) -> np.ndarray:
    total = np.cumsum(np.pad(scores.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    return total[:, k:] - total[:, :-k]
