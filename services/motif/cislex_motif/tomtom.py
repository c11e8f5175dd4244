"""The Tomtom method in numpy: p-value of the best alignment of every query with every target (engine ``native``).

Needs no compiler, so the first call is as fast as the tenth. Column scores are binned exactly as MEME Suite's Tomtom
bins them (scale = floor(100 / (largest − floor(smallest)))), which is what makes p-values agree to three digits. Where
that scale would be 0 (scores that reach over more than 100, as those of blic and llr do) it is not rounded down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.motifs import DEFAULT_NSITES, Motif

from cislex_motif.column_scores import COLUMN_SCORES
from cislex_motif.columns import Columns
from cislex_motif.threads import for_each
from cislex_motif.tomtom_null import NoBetter

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_BINS = 100
MOTIF_PSEUDOCOUNT = 0.1
FEW_TARGETS = 50
_UNIFORM = np.full(4, 0.25)
_FORBIDDEN: dict[type, int] = {np.int16: -32000, np.int32: -(2**31) + 1}


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
    database = _Database([Columns(smoothed(t, pseudocount), _sites(t)) for t in targets])
    score = COLUMN_SCORES[distance]
    shape = (len(queries), len(targets))
    pvalue, offset, overlap = np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.int64)
    reverse = np.empty(shape, np.bool_)

    def align(i: int) -> None:
        query = Columns(smoothed(queries[i], pseudocount), _sites(queries[i]))
        binned = bin_scores(score(query, database.columns, _UNIFORM))
        pvalue[i], offset[i], overlap[i], reverse[i] = database.best(binned, min_overlap)

    for_each(align, range(len(queries)), on_query, threads)
    return Alignments(pvalue, offset, overlap, reverse)


def _sites(motif: Motif) -> FloatArray:
    return np.full(motif.width, motif.nsites or DEFAULT_NSITES)


def bin_scores(scores: FloatArray) -> FloatArray:
    """Whole scores (w, t), in place: each row's median becomes 0, then one scale for the query, then rounding."""
    scores -= _row_medians(scores)[:, None]
    smallest, largest = np.floor(scores.min()), scores.max()
    scale = N_BINS / (largest - smallest) if largest > smallest else 1.0
    scores *= np.floor(scale) if scale >= 1.0 else scale
    return np.rint(scores, out=scores)


def _row_medians(scores: FloatArray) -> FloatArray:
    """Exact medians of the rows. Selecting among 20,000 is slow, so a sample first tells where the median must lie."""
    n = scores.shape[1]
    ranks = np.array([(n - 1) // 2, n // 2])
    if n < 2048:
        return np.asarray(np.median(scores, axis=1))
    sample = np.sort(scores[:, ::8], axis=1)
    low, high = sample[:, int(0.46 * sample.shape[1])], sample[:, int(0.54 * sample.shape[1])]
    at_least = scores >= low[:, None]
    below = n - np.count_nonzero(at_least, axis=1)
    at_least &= scores <= high[:, None]
    medians = np.empty(len(scores))
    for i, row in enumerate(scores):
        wanted, inside = ranks - below[i], row[at_least[i]]
        if not 0 <= wanted[0] <= wanted[1] < len(inside):
            wanted, inside = ranks, row
        part = np.partition(inside, wanted)
        medians[i] = 0.5 * (part[wanted[0]] + part[wanted[1]])
    return medians


class _Database:
    """All target columns of both strands, motifs of one length side by side."""

    def __init__(self, targets: Sequence[Columns]) -> None:
        n = self.n_targets = len(targets)
        probabilities = [t.probabilities for t in targets]
        probabilities += [p[::-1, ::-1] for p in probabilities]
        lengths = np.array([len(p) for p in probabilities], dtype=np.int64)
        order = np.argsort(lengths, kind="stable")
        self.lengths = lengths[order]
        self.columns = Columns(
            np.concatenate([probabilities[i] for i in order]), np.concatenate([targets[i % n].sites for i in order])
        )
        self._place = np.empty(2 * n, dtype=np.int64)
        self._place[order] = np.arange(2 * n)
        self._layouts: dict[tuple[int, int], _Layout] = {}

    def best(
        self, scores: FloatArray, min_overlap: int
    ) -> tuple[FloatArray, IntArray, IntArray, npt.NDArray[np.bool_]]:
        """p-value, offset, overlap and strand of the best alignment with each target; scores: (w, columns), whole."""
        layout = self._layout(len(scores), min_overlap)
        total, offset = layout.best(scores)
        histograms, floors = _histograms(scores)
        chance = NoBetter(histograms, floors, layout.groups, min_overlap)
        log_miss = np.empty(len(total))
        for length, group in layout.groups.items():
            log_miss[group.motifs] = chance.log_p(length, total[group.motifs])
        # Both strands have the same length, hence the same distribution: the better score is the smaller p.
        forward, backward = self._place[: self.n_targets], self._place[self.n_targets :]
        reverse = total[backward] > total[forward]
        chosen = np.where(reverse, backward, forward)
        lengths, offset = self.lengths[chosen], offset[chosen]
        overlap = np.minimum(lengths, offset + len(scores)) - np.maximum(offset, 0)
        return -np.expm1(2.0 * log_miss[chosen]), offset, overlap, reverse

    def _layout(self, width: int, min_overlap: int) -> _Layout:
        key = (width, min_overlap)
        if key not in self._layouts:
            self._layouts[key] = _Layout(self.lengths, width, min_overlap)
        return self._layouts[key]


def _histograms(scores: FloatArray) -> tuple[list[FloatArray], list[int]]:
    """The share of every whole score from the row's smallest to its largest, and the smallest."""
    width, n = scores.shape
    floors = scores.min(axis=1).astype(np.int64)
    sizes = scores.max(axis=1).astype(np.int64) - floors + 1
    # One bincount for all rows: row i's scores live in their own range of bins.
    starts = np.concatenate(([0], np.cumsum(sizes)))
    shares = np.bincount((scores + (starts[:-1] - floors)[:, None]).astype(np.intp).ravel(), minlength=starts[-1]) / n
    return [shares[starts[i] : starts[i + 1]] for i in range(width)], floors.tolist()


@dataclass(frozen=True)
class _Group:
    """Motifs of one length: which of the motifs, and where their columns and their laid-out positions are."""

    motifs: slice
    columns: slice
    positions: slice


class _Layout:
    """Target columns in one line with width − 1 blanks before each motif, so that all offsets are one sliding sum."""

    def __init__(self, lengths: IntArray, width: int, min_overlap: int) -> None:
        self.width = width
        self.blocks = lengths + width - 1
        self.block_starts = np.concatenate(([0], np.cumsum(self.blocks)[:-1]))
        self.size = int(self.blocks.sum())
        owner = np.repeat(np.arange(len(lengths)), self.blocks)
        self.offsets = np.arange(self.size) - self.block_starts[owner] - (width - 1)
        overlap = np.minimum(lengths[owner], self.offsets + width) - np.maximum(self.offsets, 0)
        needed = np.minimum(np.minimum(lengths, width), min_overlap)[owner]
        self.forbidden = np.flatnonzero(overlap < needed)
        self.groups: dict[int, _Group] = {}
        column = position = 0
        for length in np.unique(lengths).tolist():
            first, last = np.searchsorted(lengths, (length, length + 1)).tolist()
            ends = column + (last - first) * length, position + (last - first) * (length + width - 1)
            self.groups[length] = _Group(slice(first, last), slice(column, ends[0]), slice(position, ends[1]))
            column, position = ends

    def best(self, scores: FloatArray) -> tuple[IntArray, IntArray]:
        """Best total and its offset for each motif, by length; scores: (w, columns), whole numbers."""
        w, blanks = self.width, self.width - 1
        kind = np.int16 if w * N_BINS < -_FORBIDDEN[np.int16] else np.int32
        laid = np.zeros((w, self.size + blanks), kind)
        for length, group in self.groups.items():
            n = group.motifs.stop - group.motifs.start
            room = laid[:, group.positions].reshape(w, n, length + blanks)
            np.copyto(room[:, :, blanks:], scores[:, group.columns].reshape(w, n, length), casting="unsafe")
        total = laid[0, : self.size].copy()
        for i in range(1, w):
            total += laid[i, i : i + self.size]
        total[self.forbidden] = _FORBIDDEN[kind]
        best = np.maximum.reduceat(total, self.block_starts)
        hits = np.flatnonzero(total == np.repeat(best, self.blocks))
        first = hits[np.searchsorted(hits, self.block_starts)]
        return best.astype(np.int64), self.offsets[first]
