"""Best hit of many motifs in many sequences, both strands, and the exact chance of a score.

Log-odds matrices are rounded to a grid of integers, scores are sums of those integers, and the chance distribution is
computed for the very same integers: thresholds by p-value are exact, and results do not depend on the order in which
a BLAS adds. Scores in bits are integers × ``step``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.motifs import Motif

from cislex_motif.threads import for_each

FloatArray = npt.NDArray[np.float64]

GRID = 1000
"""Steps between a matrix's smallest and largest possible score."""
NO_HIT = np.iinfo(np.int32).min
"""Score of a sequence in which the motif cannot be placed (too short, or N in every window)."""
_BLOCK_POSITIONS = 4096
_MOTIFS_AT_ONCE = 64


@dataclass(frozen=True)
class ScoreMatrix:
    """A log-odds matrix on an integer grid.

    weights: (w, 4) int64, order A C G T. step: bits per integer (nats when ``unit`` is "nats").
    """

    id: str
    weights: npt.NDArray[np.int64]
    step: float
    unit: str = "bits"

    @classmethod
    def from_log_odds(cls, motif_id: str, log_odds: FloatArray, unit: str = "bits") -> ScoreMatrix:
        """Round (w, 4) finite log-odds to the grid."""
        reach = float(log_odds.max(axis=1).sum() - log_odds.min(axis=1).sum())
        step = reach / GRID if reach > 0 else 1.0
        return cls(motif_id, np.rint(log_odds / step).astype(np.int64), step, unit)

    @classmethod
    def from_motif(cls, motif: Motif, pseudocount: float, background: FloatArray) -> ScoreMatrix:
        """log2 odds with a pseudocount against a background (4,)."""
        return cls.from_log_odds(motif.id, motif.pwm(pseudocount, background))

    @property
    def width(self) -> int:
        """Positions."""
        return len(self.weights)

    def distribution(self, background: FloatArray) -> tuple[FloatArray, int]:
        """P(score = low + i) at a position of independent letters: (size,) float64, and ``low`` (Staden 1989)."""
        low = int(self.weights.min(axis=1).sum())
        chance = np.ones(1)
        for row in self.weights - self.weights.min(axis=1, keepdims=True):
            grown = np.zeros(len(chance) + int(row.max()))
            for shift, share in zip(row.tolist(), background.tolist(), strict=True):
                grown[shift : shift + len(chance)] += share * chance
            chance = grown
        return chance, low

    def threshold(self, pvalue: float, background: FloatArray) -> int:
        """Smallest integer score whose chance P(score ≥ it) is at most ``pvalue``; above the largest score if none."""
        chance, low = self.distribution(background)
        tail = np.cumsum(chance[::-1])[::-1]
        # Rounding noise must not move the threshold where the tail equals the p-value.
        return low + int(np.count_nonzero(tail > pvalue * (1 + 1e-9)))

    def pvalues(self, scores: npt.NDArray[np.int64], background: FloatArray) -> FloatArray:
        """P(score ≥ each of ``scores``) at one position on one strand."""
        chance, low = self.distribution(background)
        tail = np.append(np.cumsum(chance[::-1])[::-1], 0.0)
        return np.minimum(tail[np.clip(np.asarray(scores) - low, 0, len(chance))], 1.0)


def letter_frequencies(codes: Sequence[np.ndarray]) -> FloatArray:
    """(4,) frequencies of A C G T over all sequences and both strands, so that A = T and C = G; uniform when empty."""
    counts = np.zeros(4)
    for batch in codes:
        counts += np.bincount(np.asarray(batch).ravel(), minlength=5)[:4]
    counts = counts + counts[::-1]
    return counts / counts.sum() if counts.sum() > 0 else np.full(4, 0.25)


def best_hits(
    codes: np.ndarray,
    matrices: Sequence[ScoreMatrix],
    on_block: Callable[[int, int], None] | None = None,
    threads: int | None = None,
) -> npt.NDArray[np.int32]:
    """Best integer score of each matrix in each sequence over all positions and both strands: (matrices, n) int32.

    codes: (n, length) uint8, A0 C1 G2 T3 N4. A window with an N is no hit; ``NO_HIT`` where there is no window.
    ``on_block(done, total)`` is called between blocks (progress, cancel). Memory beyond the answer: about 100 MB.
    """
    n, length = codes.shape
    best = np.full((len(matrices), n), NO_HIT, dtype=np.int32)
    groups = list(_groups(matrices, length))
    rows_at_once = max(1, _BLOCK_POSITIONS // max(length, 1))
    blocks = [slice(start, min(start + rows_at_once, n)) for start in range(0, n, rows_at_once)]

    def scan(rows: slice) -> None:
        block = np.asarray(codes[rows])
        hot = _one_hot(block)
        unknown = block > 3
        for members, width, table in groups:
            windows = _windows(hot, width)
            bad = _any_unknown(unknown, width) if unknown.any() else None
            best[members, rows] = _best_of(windows, table, len(block), bad)

    def report(done: int) -> None:
        if on_block is not None:
            on_block(done, len(blocks))

    for_each(scan, blocks, report, threads)
    report(len(blocks))
    return best


def _groups(
    matrices: Sequence[ScoreMatrix], length: int
) -> Iterator[tuple[npt.NDArray[np.int64], int, npt.NDArray[np.float32]]]:
    """Matrices of one width together: their indices, the width, and (2m, 4w) weights, forward then reverse strand."""
    widths = np.array([m.width for m in matrices], dtype=np.int64)
    for width in np.unique(widths[widths <= length]).tolist():
        same = np.flatnonzero(widths == width)
        for start in range(0, len(same), _MOTIFS_AT_ONCE):
            members = same[start : start + _MOTIFS_AT_ONCE]
            forward = np.stack([matrices[i].weights for i in members])
            both = np.concatenate([forward, forward[:, ::-1, ::-1]])
            # Integers below 2^24: float32 sums of them are exact.
            yield members, width, np.ascontiguousarray(both.reshape(len(both), -1), dtype=np.float32)


def _one_hot(block: np.ndarray) -> npt.NDArray[np.float32]:
    return (block[:, :, None] == np.arange(4, dtype=np.uint8)).astype(np.float32)


def _windows(hot: npt.NDArray[np.float32], width: int) -> npt.NDArray[np.float32]:
    """(n · positions, 4w) view-copy of all windows of one-hot (n, length, 4)."""
    n, length, _ = hot.shape
    strides = hot.strides
    view = np.lib.stride_tricks.as_strided(
        hot, (n, length - width + 1, 4 * width), (strides[0], strides[1], strides[2]), writeable=False
    )
    return np.ascontiguousarray(view).reshape(-1, 4 * width)


def _best_of(
    windows: npt.NDArray[np.float32], table: npt.NDArray[np.float32], n: int, bad: npt.NDArray[np.bool_] | None
) -> npt.NDArray[np.int32]:
    scores = table @ windows.T
    if bad is not None:
        scores[:, bad.ravel()] = -np.inf
    per_strand = scores.reshape(len(table), n, -1).max(axis=2)
    half = len(table) // 2
    top = np.maximum(per_strand[:half], per_strand[half:])
    return np.where(np.isneginf(top), np.float64(NO_HIT), top).astype(np.int32)


def _any_unknown(unknown: npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.bool_]:
    total = np.cumsum(np.pad(unknown, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    return np.asarray(total[:, width:] > total[:, :-width])
