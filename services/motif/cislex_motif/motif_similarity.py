"""How alike two motifs are at their best shift and strand, for all pairs of a set.

The similarity is the correlation of the two aligned matrices, each column centred at its mean: Σ (p − ¼)(q − ¼) over
the overlap, over the norms of both whole motifs. So a column weighs as much as it says, flat flanks weigh nothing, and
information that the other motif does not cover counts against the pair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class Similarities:
    """Of all pairs (n, n): the similarity of j with i, j's shift in i's coordinates and whether j is reversed."""

    value: npt.NDArray[np.float32]
    shift: npt.NDArray[np.int16]
    reverse: npt.NDArray[np.bool_]


def centred(matrix: FloatArray) -> FloatArray:
    """(w, 4) minus each column's mean, scaled to norm 1; zeros for a motif that is flat throughout."""
    deviations = matrix - matrix.mean(axis=1, keepdims=True)
    norm = float(np.linalg.norm(deviations))
    return deviations / norm if norm > 1e-9 else np.zeros_like(deviations)


def all_pairs(
    matrices: Sequence[FloatArray], min_overlap: int, check: Callable[[int], None] = lambda _: None
) -> Similarities:
    """Similarities of all pairs; ``check(done)`` between blocks of rows. Memory: 7 bytes a pair, and a block."""
    n, lengths = len(matrices), np.array([len(m) for m in matrices])
    widest = int(lengths.max())
    forward, backward = np.zeros((n, widest, 4), np.float32), np.zeros((n, widest, 4), np.float32)
    for i, matrix in enumerate(matrices):
        unit = centred(matrix)
        forward[i, : len(unit)], backward[i, : len(unit)] = unit, unit[::-1, ::-1]
    value = np.full((n, n), -2.0, np.float32)
    shift, reverse = np.zeros((n, n), np.int16), np.zeros((n, n), np.bool_)
    shifts = sorted(range(1 - widest, widest), key=lambda s: (abs(s), s))
    for start in range(0, n, _ROWS_AT_ONCE):
        check(start)
        rows = slice(start, min(start + _ROWS_AT_ONCE, n))
        own = lengths[rows, None]
        needed = np.minimum(np.minimum(own, lengths[None, :]), min_overlap)
        for s in shifts:
            overlap = np.minimum(own, s + lengths[None, :]) - max(0, s)
            allowed = overlap >= needed
            if not allowed.any():
                continue
            low, high = max(0, s), min(widest, s + widest)
            left = forward[rows, low:high].reshape(rows.stop - start, -1)
            for strand, other in ((False, forward), (True, backward)):
                score = left @ other[:, low - s : high - s].reshape(n, -1).T
                # A hair more than equal: ties go to the smaller shift and the forward strand.
                better = allowed & (score > value[rows] + 1e-6)
                value[rows][better] = score[better]
                shift[rows][better] = s
                reverse[rows][better] = strand
    return Similarities(np.clip(value, -1.0, 1.0), shift, reverse)


def align(matrix: FloatArray, to: FloatArray, min_overlap: int) -> tuple[float, int, bool]:
    """Similarity of one motif with another, its shift in the other's coordinates, and whether it is reversed."""
    pair = all_pairs([to, matrix], min_overlap)
    return float(pair.value[0, 1]), int(pair.shift[0, 1]), bool(pair.reverse[0, 1])
