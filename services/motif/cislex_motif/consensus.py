"""A cluster of k-mers as one matrix: members laid over one another, counted, and the consensus read off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.sequences import reverse_complement

Codes = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float64]
_ROUNDS = 5


@dataclass(frozen=True)
class Layout:
    """How the k-mers of a cluster lie over one another.

    counts (w, 5): weighted bases A C G T N of each column of the consensus. shift (n,): column of the k-mer's first
    base (of its reverse complement where ``strand`` is 1); may be negative, columns outside were cut. strand (n,): 0 +,
    1 −.
    """

    counts: FloatArray
    shift: npt.NDArray[np.int64]
    strand: npt.NDArray[np.int64]

    def consensus(self) -> str:
        """Most frequent base per column, N a base of its own (WTKO-CNN); the first of A C G T N on a tie."""
        return "".join("ACGTN"[i] for i in self.counts.argmax(axis=1))


def lay_in_place(codes: Codes, weights: npt.NDArray[np.int64]) -> Layout:
    """No shifts: column i is position i of every k-mer."""
    n, k = codes.shape
    zeros = np.zeros(n, dtype=np.int64)
    return Layout(_count(codes, weights, zeros, zeros, 0, k), zeros, zeros)


def lay_aligned(codes: Codes, weights: npt.NDArray[np.int64], medoid: int, max_shift: int) -> Layout:
    """Best shift and orientation of each k-mer to the cluster's matrix, which starts as the k-mer ``medoid``.

    Repeats until nothing moves or five rounds are done: place every k-mer by log odds against the current matrix, count
    again. The consensus keeps the columns that at least half of the members cover.
    """
    n, k = codes.shape
    s = min(max_shift, k // 2)
    width = k + 2 * s
    both = [codes, reverse_complement(codes)]
    shift, strand = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    counts = np.zeros((width, 5))
    start = codes[medoid]
    counts[np.arange(s, s + k), start] = 1.0
    for _ in range(_ROUNDS):
        known = counts[:, :4]
        total = known.sum(axis=1, keepdims=True)
        pseudo = np.maximum(0.1 * total.max(), 0.5)
        # Columns that few cover are pulled to the background, so that they neither attract nor repel.
        log_odds = np.zeros((width, 5))
        log_odds[:, :4] = np.log((known + pseudo * 0.25) / (total + pseudo) / 0.25)
        scores = np.empty((n, 2, 2 * s + 1))
        columns = np.arange(k)
        for orientation, oriented in enumerate(both):
            for move in range(2 * s + 1):
                scores[:, orientation, move] = log_odds[columns + move, oriented].sum(axis=1)
        # Ties go to the given strand and the smallest shift.
        order = np.argsort(np.abs(np.arange(2 * s + 1) - s), kind="stable")
        best = scores[:, :, order].reshape(n, -1).argmax(axis=1)
        new_strand, at = np.divmod(best, 2 * s + 1)
        new_shift = order[at]
        moved = not (np.array_equal(new_strand, strand) and np.array_equal(new_shift, shift))
        strand, shift = new_strand.astype(np.int64), new_shift.astype(np.int64)
        counts = _count(codes, weights, shift, strand, 0, width)
        if not moved:
            break
    covered = np.flatnonzero(counts.sum(axis=1) >= 0.5 * weights.sum())
    first, last = int(covered[0]), int(covered[-1]) + 1
    return Layout(counts[first:last], shift - first, strand)


def _count(
    codes: Codes,
    weights: npt.NDArray[np.int64],
    shift: npt.NDArray[np.int64],
    strand: npt.NDArray[np.int64],
    first: int,
    width: int,
) -> FloatArray:
    k = codes.shape[1]
    oriented = np.where(strand[:, None] == 1, reverse_complement(codes), codes).astype(np.int64)
    columns = shift[:, None] + np.arange(k) - first
    inside = (columns >= 0) & (columns < width)
    flat = (columns * 5 + oriented)[inside]
    spread = np.broadcast_to(weights[:, None], columns.shape)[inside]
    counts = np.bincount(flat, weights=spread.astype(np.float64), minlength=width * 5)
    return counts.astype(np.float64).reshape(width, 5)
