"""The Tomtom method in numpy: p-value of the best alignment of every query with every target (engine ``native``).

Needs no compiler, so the first call is as fast as the tenth. Column scores are binned exactly as MEME Suite's Tomtom
bins them (scale = floor(100 / (largest − floor(smallest)))), which is what makes p-values agree to three digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.motifs import DEFAULT_NSITES, Motif

from cislex_motif.column_scores import COLUMN_SCORES, Columns
from cislex_motif.threads import for_each
from cislex_motif.tomtom_null import log_no_better

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_BINS = 100
MOTIF_PSEUDOCOUNT = 0.1
FEW_TARGETS = 50
_UNIFORM = np.full(4, 0.25)
_FORBIDDEN = np.int16(-32000)


@dataclass(frozen=True)
class Alignments:
    """The best alignment of each query (rows) with each target (columns); every array is (n_queries, n_targets).

    pvalue: float64, both strands and all offsets accounted for. offset: position of the query's first column in the
    target (as it is oriented), negative when the query starts before it. overlap: columns aligned.
    reverse: True where the target is taken reverse-complemented.
    """

    pvalue: FloatArray
    offset: IntArray
    overlap: IntArray
    reverse: npt.NDArray[np.bool_]


def smoothed(motif: Motif, pseudocount: float = MOTIF_PSEUDOCOUNT, background: FloatArray = _UNIFORM) -> FloatArray:
    """(w, 4) probabilities with Tomtom's pseudocount: (nsites·p + c·b) / (nsites + c); unknown nsites count as 20."""
    n = motif.nsites or DEFAULT_NSITES
    return (n * motif.probabilities + pseudocount * background) / (n + pseudocount)


def align_all(
    queries: Sequence[Motif],
    targets: Sequence[Motif],
    distance: str = "ed",
    min_overlap: int = 5,
    pseudocount: float = MOTIF_PSEUDOCOUNT,
    on_query: Callable[[int], None] | None = None,
    threads: int | None = None,
) -> Alignments:
    """Best alignment and p-value of all queries × targets. ``on_query(done)``: progress and cancel.

    distance: a key of ``COLUMN_SCORES``. The background of the smoothing is uniform, as Tomtom's where the query file
    states 0.25 each. The chance model draws target columns from the database given, so p depends on it; with fewer
    than about 50 targets it is rough (Gupta et al. 2007).
    """
    database = _Database([smoothed(t, pseudocount) for t in targets])
    known = Columns(database.columns, np.concatenate([_sites(t) for t in targets] * 2))
    score = COLUMN_SCORES[distance]
    shape = (len(queries), len(targets))
    pvalue, offset, overlap = np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.int64)
    reverse = np.empty(shape, np.bool_)

    def align(i: int) -> None:
        query = Columns(smoothed(queries[i], pseudocount), _sites(queries[i]))
        binned = bin_scores(score(query, known, _UNIFORM))
        pvalue[i], offset[i], overlap[i], reverse[i] = database.best(binned, min_overlap)

    for_each(align, range(len(queries)), on_query, threads)
    return Alignments(pvalue, offset, overlap, reverse)


def _sites(motif: Motif) -> FloatArray:
    return np.full(motif.width, motif.nsites or DEFAULT_NSITES)


def bin_scores(scores: FloatArray) -> npt.NDArray[np.int16]:
    """Integer scores (w, t): each row's median becomes 0, then one scale for the whole query, then rounding."""
    scores = scores - _row_medians(scores)[:, None]
    smallest, largest = np.floor(scores.min()), scores.max()
    scale = np.floor(N_BINS / (largest - smallest)) if largest > smallest else 1.0
    return np.rint(scores * max(scale, 1.0)).astype(np.int16)


def _row_medians(scores: FloatArray) -> FloatArray:
    """Exact medians of the rows. Selecting among 20,000 is slow, so a sample first tells where the median must lie."""
    n = scores.shape[1]
    low_rank, high_rank = (n - 1) // 2, n // 2
    medians = np.empty(len(scores))
    for i, row in enumerate(scores):
        below, inside = 0, row
        if n >= 2048:
            low, high = np.quantile(row[::16], (0.45, 0.55), method="nearest")
            below = int(np.count_nonzero(row < low))
            inside = row[(row >= low) & (row <= high)]
            if not below <= low_rank <= high_rank < below + len(inside):
                below, inside = 0, row
        part = np.partition(inside, (low_rank - below, high_rank - below))
        medians[i] = 0.5 * (part[low_rank - below] + part[high_rank - below])
    return medians


class _Database:
    """All target columns, forward then reverse-complemented, and where each motif lies among them."""

    def __init__(self, matrices: Sequence[FloatArray]) -> None:
        both = [*matrices, *(m[::-1, ::-1] for m in matrices)]
        self.n_targets = len(matrices)
        self.columns = np.ascontiguousarray(np.concatenate(both))
        self.lengths = np.array([len(m) for m in both], dtype=np.int64)
        self._starts = np.concatenate(([0], np.cumsum(self.lengths)[:-1]))
        self._layouts: dict[tuple[int, int], _Layout] = {}

    def best(
        self, scores: npt.NDArray[np.int16], min_overlap: int
    ) -> tuple[FloatArray, IntArray, IntArray, npt.NDArray[np.bool_]]:
        """p-value, offset, overlap and strand of the best alignment with each target; scores: (w, columns)."""
        width = len(scores)
        layout = self._layout(width, min_overlap)
        total, offset = layout.best(scores)
        n = self.n_targets
        log_miss, low = log_no_better(scores, np.unique(self.lengths).tolist(), min_overlap)
        log_p_miss = np.empty(2 * n)
        for length, members in layout.by_length.items():
            log_p_miss[members] = log_miss[length][total[members] - low]
        # Both strands have the same length, hence the same distribution: the better score is the smaller p.
        reverse = total[n:] > total[:n]
        chosen = np.where(reverse, np.arange(n) + n, np.arange(n))
        pvalue = -np.expm1(2.0 * log_p_miss[chosen])
        offset = offset[chosen]
        lengths = self.lengths[chosen]
        overlap = np.minimum(lengths, offset + width) - np.maximum(offset, 0)
        return pvalue, offset, overlap, reverse

    def _layout(self, width: int, min_overlap: int) -> _Layout:
        key = (width, min_overlap)
        if key not in self._layouts:
            self._layouts[key] = _Layout(self.lengths, self._starts, len(self.columns), width, min_overlap)
        return self._layouts[key]


class _Layout:
    """Target columns in one line with width − 1 blanks before each motif, so that all offsets are one sliding sum."""

    def __init__(self, lengths: IntArray, starts: IntArray, n_columns: int, width: int, min_overlap: int) -> None:
        self.width = width
        blocks = lengths + width - 1
        self.block_starts = np.concatenate(([0], np.cumsum(blocks)[:-1]))
        self.size = int(blocks.sum())
        owner = np.repeat(np.arange(len(lengths)), blocks)
        self.offsets = np.arange(self.size) - self.block_starts[owner] - (width - 1)
        source = np.full(self.size + width - 1, n_columns, dtype=np.intp)
        inside = self.offsets >= 0
        source[: self.size][inside] = starts[owner[inside]] + self.offsets[inside]
        self.source = source
        overlap = np.minimum(lengths[owner], self.offsets + width) - np.maximum(self.offsets, 0)
        needed = np.minimum(np.minimum(lengths, width), min_overlap)[owner]
        self.forbidden = np.flatnonzero(overlap < needed)
        self.blocks = blocks
        self.by_length = {int(n): np.flatnonzero(lengths == n) for n in np.unique(lengths)}

    def best(self, scores: npt.NDArray[np.int16]) -> tuple[IntArray, IntArray]:
        """Best total and its offset for each motif of both strands; scores: (w, columns)."""
        padded = np.concatenate([scores, np.zeros((self.width, 1), np.int16)], axis=1)
        laid = padded.take(self.source, axis=1)
        total = laid[0, : self.size].copy()
        for i in range(1, self.width):
            total += laid[i, i : i + self.size]
        total[self.forbidden] = _FORBIDDEN
        best = np.maximum.reduceat(total, self.block_starts)
        hits = np.flatnonzero(total == np.repeat(best, self.blocks))
        first = hits[np.searchsorted(hits, self.block_starts)]
        return best.astype(np.int64), self.offsets[first]
