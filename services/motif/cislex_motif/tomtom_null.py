"""The chance distribution of Tomtom's best complete score, by dynamic programming over query columns.

A query column meets a random target column drawn from the database, so its integer score has the histogram of that
column's scores over the database. Columns are independent: the score of a run of query columns has the convolution of
their histograms. The best of all offsets has the product of the offsets' distributions (Gupta et al. 2007; complete
scores: Tanaka et al. 2011, Bioinformatics 27:1603, where columns that stay unaligned score their median, here 0).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class NoBetter:
    """log P(no offset of a random target reaches a score), for one query and a set of target lengths.

    histograms: per query column, P(score = floors[i] + j), each summing to 1. lengths: target lengths. Offsets overlap
    in at least ``min_overlap`` columns, or wholly where query or target is shorter.
    """

    def __init__(
        self, histograms: Sequence[FloatArray], floors: Sequence[int], lengths: Iterable[int], min_overlap: int
    ) -> None:
        self.width = width = len(histograms)
        self.low = sum(min(floor, 0) for floor in floors)
        ceilings = [floor + len(h) - 1 for floor, h in zip(floors, histograms, strict=True)]
        self.size = sum(max(ceiling, 0) for ceiling in ceilings) - self.low + 1
        short = {min(length, width) for length in lengths}
        self._least = min(min_overlap, width)
        inside = {n for n in short if n < width}
        miss, row = self._windows(histograms, floors, inside, min(self._least, *short))
        # edges[k]: both ends' overhanging offsets that overlap in least … k − 1 columns, together.
        edges = np.zeros((width + 1, self.size))
        for n in range(self._least, width):
            np.add(miss[row[0, n]], miss[row[width - n, n]], out=edges[n + 1])
            edges[n + 1] += edges[n]
        self._edges = edges
        # Offsets where query or target lies wholly within the other: a sum over windows, or one window several times.
        within = {n: [row[first, n] for first in range(width - n + 1)] for n in inside}
        self._within = {n: miss[rows].sum(axis=0) for n, rows in within.items()}
        self._whole = miss[row[0, width]]

    def log_p(self, length: int, scores: IntArray) -> FloatArray:
        """log P(no offset of a random target of ``length`` columns reaches each of ``scores``). −inf = sure to."""
        at = np.asarray(scores) - self.low
        edges = self._edges[max(min(length, self.width), self._least)].take(at)
        if length < self.width:
            return np.asarray(edges + self._within[length].take(at))
        return np.asarray(edges + (length - self.width + 1) * self._whole.take(at))

    def _windows(
        self, histograms: Sequence[FloatArray], floors: Sequence[int], inside: set[int], shortest: int
    ) -> tuple[FloatArray, dict[tuple[int, int], int]]:
        """log P(score < x) of every run of columns that some offset needs: a row each, by (first column, columns)."""
        longest = max(inside, default=0)
        runs: list[tuple[int, FloatArray]] = []
        row: dict[tuple[int, int], int] = {}

        def keep(first: int, n: int, chance: FloatArray, start: int) -> None:
            row[first, n] = len(runs)
            runs.append((start - self.low, chance))

        for first in range(self.width):
            chance, start = histograms[first], floors[first]
            last = self.width if first == 0 else min(first + longest, self.width)
            for end in range(first + 1, last + 1):
                if end > first + 1:
                    chance = np.convolve(chance, histograms[end - 1])
                    start += floors[end - 1]
                n = end - first
                if n >= shortest and (first == 0 or n in inside):
                    keep(first, n, chance, start)
        chance, start = histograms[-1], floors[-1]
        for first in range(self.width - 1, 0, -1):
            n = self.width - first
            if n > 1:
                chance = np.convolve(histograms[first], chance)
                start += floors[first]
            if n >= shortest and (first, n) not in row:
                keep(first, n, chance, start)
        table = np.zeros((len(runs), self.size))
        for line, (at, chance) in zip(table, runs, strict=True):
            line[at : at + len(chance)] = chance
        return _log_miss(table), row


def _log_miss(chance: FloatArray) -> FloatArray:
    """log P(score < x) per row, in place; summed from the top, so that small tails keep their precision."""
    reached = np.cumsum(chance[:, ::-1], axis=1, out=chance[:, ::-1])[:, ::-1]
    np.minimum(reached, 1.0, out=reached)
    np.negative(reached, out=reached)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log1p(reached, out=reached))
