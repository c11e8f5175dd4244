"""The Tomtom method: p-value of the best alignment of every query with every target (engine ``native``).

Column scores are binned exactly as MEME Suite's Tomtom bins them (scale = floor(100 / (largest − floor(smallest)))),
which is what makes p-values agree to three digits. Where that scale would be 0 (scores that reach over more than 100,
as those of blic and llr may) it is not rounded down.

Chance, by dynamic programming over query columns: a query column meets a random target column drawn from the database,
so its whole score has the histogram of that column's scores over the database. Columns are independent: the score of a
run of query columns has the convolution of their histograms. The best of all offsets has the product of the offsets'
distributions (Gupta et al. 2007; complete scores: Tanaka et al. 2011, Bioinformatics 27:1603, where columns that stay
unaligned score their median, here 0). The inner loops are in ``tomtom_kernels``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.motifs import DEFAULT_NSITES, Motif

from cislex_motif.column_scores import COLUMN_SCORES
from cislex_motif.columns import Columns
from cislex_motif.numba_cache import load_kernels
from cislex_motif.threads import for_each

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_BINS = 100
MOTIF_PSEUDOCOUNT = 0.1
FEW_TARGETS = 50
_UNIFORM = np.full(4, 0.25)


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
    kernels = load_kernels()
    database = _Database([Columns(smoothed(t, pseudocount), _sites(t)) for t in targets])
    score = COLUMN_SCORES[distance]
    shape = (len(queries), len(targets))
    pvalue, offset, overlap = np.empty(shape), np.empty(shape, np.int64), np.empty(shape, np.int64)
    reverse = np.empty(shape, np.bool_)

    def align(i: int) -> None:
        query = Columns(smoothed(queries[i], pseudocount), _sites(queries[i]))
        if distance == "ed":
            scores = kernels.negative_distances(query.probabilities, database.by_letter)
        else:
            scores = np.ascontiguousarray(score(query, database.columns, _UNIFORM))
        pvalue[i], offset[i], overlap[i], reverse[i] = database.best(scores, min_overlap)

    for_each(align, range(len(queries)), on_query, threads)
    return Alignments(pvalue, offset, overlap, reverse)


def _sites(motif: Motif) -> FloatArray:
    return np.full(motif.width, motif.nsites or DEFAULT_NSITES)


class _Database:
    """All target columns, forward then reverse-complemented, and where each motif lies among them."""

    def __init__(self, targets: Sequence[Columns]) -> None:
        self.n_targets = len(targets)
        probabilities = [t.probabilities for t in targets]
        probabilities += [p[::-1, ::-1] for p in probabilities]
        self.columns = Columns(np.concatenate(probabilities), np.concatenate([t.sites for t in targets] * 2))
        self.by_letter = np.ascontiguousarray(self.columns.probabilities.T)
        self.lengths = np.array([len(p) for p in probabilities], dtype=np.int64)
        self._starts = np.concatenate(([0], np.cumsum(self.lengths)[:-1]))

    def best(
        self, scores: FloatArray, min_overlap: int
    ) -> tuple[FloatArray, IntArray, IntArray, npt.NDArray[np.bool_]]:
        """p-value, offset, overlap and strand of the best alignment with each target; scores: (w, columns)."""
        kernels = load_kernels()
        whole, shares, floors, sizes = kernels.bin_scores(scores, N_BINS)
        total, offset = kernels.best_alignments(whole, self._starts, self.lengths, min_overlap)
        # Both strands have the same length, hence the same distribution: the better score is the smaller p.
        n = self.n_targets
        reverse = total[n:] > total[:n]
        chosen = np.where(reverse, np.arange(n) + n, np.arange(n))
        lengths, total, offset = self.lengths[chosen], total[chosen], offset[chosen]
        log_miss = kernels.log_no_better(shares, floors, sizes, lengths, total, min_overlap)
        overlap = np.minimum(lengths, offset + len(scores)) - np.maximum(offset, 0)
        return -np.expm1(2.0 * log_miss), offset, overlap, reverse
