"""Distances between k-mers: position against position (WTKO-CNN), or the best shift and orientation.

All are matrix products over one-hot rows, so 10,000 k-mers against one another take seconds and
one float32 matrix.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from cislex_core.sequences import reverse_complement

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


def aligned_distances(a: Codes, b: Codes, max_shift: int, both_strands: bool = True) -> Distances:
    """(n, m) distance 1 − best / k, best = the largest net number of matches over all shifts and both orientations."""
    k = a.shape[1]
    shift = min(max_shift, k // 2)
    out = np.full((len(a), len(b)), -np.inf, dtype=np.float32)
    others = [b, reverse_complement(b)] if both_strands else [b]
    left = _flat(a, 4).reshape(len(a), k, 4)
    for other in others:
        right = _flat(other, 4).reshape(len(b), k, 4)
        for s in range(-shift, shift + 1):
            first, second = slice(max(s, 0), k + min(s, 0)), slice(max(-s, 0), k - max(s, 0))
            x = left[:, first].reshape(len(a), -1)
            y = np.ascontiguousarray(right[:, second].reshape(len(b), -1)).T
            overlap = k - abs(s)
            for start in range(0, len(a), _BLOCK_ROWS):
                rows = slice(start, start + _BLOCK_ROWS)
                matches = x[rows] @ y
                matches -= 0.25 * overlap
                np.maximum(out[rows], matches, out=out[rows])
    out *= -1.0 / (0.75 * k)
    out += 1.0
    return np.clip(out, 0.0, 1.0, out=out)


def _flat(codes: Codes, channels: int) -> npt.NDArray[np.float32]:
    """(n, k × channels) float32 one-hot, channel fastest."""
    return (codes[:, :, None] == np.arange(channels, dtype=np.uint8)).astype(np.float32).reshape(len(codes), -1)
