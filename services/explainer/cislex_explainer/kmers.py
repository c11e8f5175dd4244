"""k-mers under the most important positions of each sequence (WTKO-CNN, section 3.3).

Protocols (``p`` is the position, 0-based in the window): ``default`` cuts [p − k/2, p − k/2 + k), moved inside the
window at its edges; ``eq3`` is the paper's X[p − 6 : p + 7]; ``code`` is [p − 6, p + 6) as the authors' program has it.
The last two are cut off at the edges and padded with N on the right.
"""

from __future__ import annotations

import numpy as np
from cislex_core.sequences import N_CODE, reverse_complement

_REACH = {"eq3": (6, 7), "code": (6, 6)}


def top_positions(
    importance: np.ndarray, top_n: int, min_distance: int, eligible: np.ndarray | None = None
) -> np.ndarray:
    """Positions (n, top_n) int64 of the largest values of importance (n, L), the largest first; −1 = none left.

    Greedy: after each choice, positions nearer than ``min_distance`` to it are out (0 and 1: only itself). Ties go to
    the lower position. ``eligible`` (n, L) bool leaves other positions out from the start.
    """
    scores = np.array(importance, dtype=np.float64)
    if eligible is not None:
        scores[~eligible] = -np.inf
    n, length = scores.shape
    chosen = np.full((n, top_n), -1, dtype=np.int64)
    offsets = np.arange(length)
    for rank in range(min(top_n, length)):
        best = scores.argmax(axis=1)
        there = np.isfinite(scores[np.arange(n), best])
        chosen[there, rank] = best[there]
        scores[np.abs(offsets[None, :] - best[:, None]) < max(min_distance, 1)] = -np.inf
    return chosen


def kmer_bounds(positions: np.ndarray, k: int, length: int, protocol: str) -> tuple[np.ndarray, np.ndarray]:
    """Start and end (both (m,), half-open, inside the window) of the k-mers at ``positions`` (m,)."""
    if protocol == "default":
        start = np.clip(positions - k // 2, 0, length - k)
        return start, start + k
    before, after = _REACH[protocol]
    return np.maximum(positions - before, 0), np.minimum(positions + after, length)


def cut_kmers(codes: np.ndarray, starts: np.ndarray, ends: np.ndarray, k: int) -> np.ndarray:
    """Codes (m, k) of [start, end) of row i of codes (m, L), padded with N on the right."""
    columns = starts[:, None] + np.arange(k)[None, :]
    inside = columns < ends[:, None]
    taken = np.take_along_axis(codes, np.where(inside, columns, 0), axis=1)
    return np.where(inside, taken, np.uint8(N_CODE))


def canonical(kmers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lesser of each k-mer (m, k) and its reverse complement, A < C < G < T < N, and whether it was turned (m,).

    A palindrome counts as not turned.
    """
    turned = reverse_complement(kmers)
    first = (kmers != turned).argmax(axis=1)
    row = np.arange(len(kmers))
    reverse = turned[row, first] < kmers[row, first]
    return np.where(reverse[:, None], turned, kmers), reverse
