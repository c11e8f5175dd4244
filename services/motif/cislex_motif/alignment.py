"""Distances between k-mers: position against position (WTKO-CNN), or the most alike stretches on either strand.

Position against position is a matrix product of one-hot rows; stretches are compared by their bits
(``match_bits``), or by matrix products where k-mers or stretches are too long for that.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cislex_core.sequences import reverse_complement

from cislex_motif.match_bits import WIDEST, by_matches, can_hold

Codes = npt.NDArray[np.uint8]
Distances = npt.NDArray[np.float32]
_BLOCK_ROWS = 1000


def paper_distances(a: Codes, b: Codes) -> Distances:
    """(n, m) cosine distance of five-channel one-hot rows (A C G T N), as WTKO-CNN.

    Each row holds k ones, so the distance is the share of positions that differ; N equals N.
    """
    k = a.shape[1]
    left, right = _flat(a, 5), _flat(b, 5).T
    out = np.empty((len(a), len(b)), dtype=np.float32)
    for start in range(0, len(a), _BLOCK_ROWS):
        np.matmul(left[start : start + _BLOCK_ROWS], right, out=out[start : start + _BLOCK_ROWS])
    out *= -1.0 / k
    out += 1.0
    return np.maximum(out, 0.0, out=out)


def aligned_distances(a: Codes, b: Codes, max_shift: int, core_bp: int = 8, both_strands: bool = True) -> Distances:
    """(n, m) distance between the most alike stretches of two k-mers, the mean over two lengths.

    Lengths are ``core_bp`` and half as much again (at most k): a binding site is shorter than the k-mer cut around it,
    and over the whole width its random flanks would drown what two k-mers share; two lengths leave few ties, which a
    linkage can only break by chance. Any stretch of a is held against any of b that is shifted by at most
    ``max_shift``, in both orientations; a quarter of a stretch matches by chance: 1 − (matches − w/4) / (0.75 w), at
    most 1. N matches nothing.
    """
    k = a.shape[1]
    widths = min(core_bp, k), min(core_bp + core_bp // 2, k)
    if can_hold(k, widths[1]):
        return _by_bits(a, b, max_shift, widths, both_strands)
    short = _most_alike(a, b, max_shift, widths[0], both_strands)
    short += _most_alike(a, b, max_shift, widths[1], both_strands)
    short *= 0.5
    return short


def _by_bits(a: Codes, b: Codes, max_shift: int, widths: tuple[int, int], both_strands: bool) -> Distances:
    short, long = (_as_distance(np.arange(WIDEST + 1, dtype=np.float32), width) for width in widths)
    return by_matches(a, b, max_shift, widths, (short[:, None] + long[None, :]) * np.float32(0.5), both_strands)


def _most_alike(a: Codes, b: Codes, max_shift: int, width: int, both_strands: bool) -> Distances:
    k = a.shape[1]
    out = np.zeros((len(a), len(b)), dtype=np.float32)
    left = _flat(a, 4).reshape(len(a), k, 4)
    starts = range(k - width + 1)
    for other in [b, reverse_complement(b)] if both_strands else [b]:
        right = _flat(other, 4).reshape(len(b), k, 4)
        stretches = [np.ascontiguousarray(right[:, j : j + width].reshape(len(b), -1).T) for j in starts]
        for i in starts:
            x = np.ascontiguousarray(left[:, i : i + width].reshape(len(a), -1))
            near = stretches[max(0, i - max_shift) : i + max_shift + 1]
            for start in range(0, len(a), _BLOCK_ROWS):
                rows = slice(start, start + _BLOCK_ROWS)
                for y in near:
                    np.maximum(out[rows], x[rows] @ y, out=out[rows])
    return _as_distance(out, width)


def _as_distance(matches: Distances, width: int) -> Distances:
    """1 − (matches − w/4) / (0.75 w), at least 0 and at most 1, in place."""
    matches -= 0.25 * width
    matches *= -1.0 / (0.75 * width)
    matches += 1.0
    return np.clip(matches, 0.0, 1.0, out=matches)


def _flat(codes: Codes, channels: int) -> npt.NDArray[np.float32]:
    """(n, k × channels) float32 one-hot, channel fastest."""
    return (codes[:, :, None] == np.arange(channels, dtype=np.uint8)).astype(np.float32).reshape(len(codes), -1)
