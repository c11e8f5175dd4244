"""The chance distribution of Tomtom's best complete score, by dynamic programming over query columns.

A query column meets a random target column drawn from the database, so its integer score has the histogram of that
column's scores over the database. Columns are independent: the score of a run of query columns has the convolution of
their histograms. The best of all offsets has the product of the offsets' distributions (Gupta et al. 2007; complete
scores: Tanaka et al. 2011, Bioinformatics 27:1603, where columns that stay unaligned score their median, here 0).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def log_no_better(
    scores: npt.NDArray[np.int16], lengths: Iterable[int], min_overlap: int
) -> tuple[Mapping[int, FloatArray], int]:
    """For each target length, log P(no offset of a random target of that length reaches score x).

    scores: (w, t) integer scores of the w query columns against all t database columns, median 0. lengths: target
    lengths. Offsets overlap in at least ``min_overlap`` columns, or wholly where query or target is shorter.
    Returns a map length → (size,) float64 over x = low … low + size − 1, and ``low``. −inf = certain to be reached.
    """
    width, n_columns = scores.shape
    floor = scores.min(axis=1).astype(np.int64)
    ceiling = scores.max(axis=1).astype(np.int64)
    low, high = int(np.minimum(floor, 0).sum()), int(np.maximum(ceiling, 0).sum())
    # One bincount for all columns: column i's scores live in their own range of bins.
    span = int((ceiling - floor).max()) + 1
    shifted = scores.astype(np.intp)
    shifted += (np.arange(width) * span - floor)[:, None]
    counts = np.bincount(shifted.ravel(), minlength=width * span).reshape(width, span)
    histograms = [counts[i, : ceiling[i] - floor[i] + 1] / n_columns for i in range(width)]

    wanted = sorted(set(lengths))
    inside_wanted = {length for length in wanted if length < width}
    size = high - low + 1
    prefix: dict[int, FloatArray] = {}
    suffix: dict[int, FloatArray] = {}
    inside = {length: np.zeros(size) for length in inside_wanted}
    shortest = min(min_overlap, width, wanted[0])
    for first in range(width):
        chance, start = histograms[first], int(floor[first])
        for last in range(first, width):
            if last > first:
                chance = np.convolve(chance, histograms[last])
                start += int(floor[last])
            n = last - first + 1
            at_edge = first == 0 or last == width - 1
            if n < shortest or not (at_edge or n in inside_wanted):
                continue
            log_miss = _log_miss(chance, start - low, size)
            if first == 0:
                prefix[n] = log_miss
            if last == width - 1:
                suffix[n] = log_miss
            if n in inside_wanted:
                inside[n] += log_miss

    answer: dict[int, FloatArray] = {}
    for length in wanted:
        short = min(length, width)
        overlap = min(min_overlap, short)
        if length < width:
            total = inside[length].copy()
        else:
            total = (length - width + 1) * prefix[width]
        for n in range(overlap, short):
            total += prefix[n]
            total += suffix[n]
        answer[length] = total
    return answer, low


def _log_miss(chance: FloatArray, start: int, size: int) -> FloatArray:
    """log P(score < x) on the common axis; summed from the top, so that small tails keep their precision."""
    reached = np.cumsum(chance[::-1])[::-1]
    out = np.zeros(size)
    out[: start + 1] = -np.inf  # every score is at least the smallest one
    with np.errstate(divide="ignore"):
        np.log1p(-np.minimum(reached[1:], 1.0), out=out[start + 1 : start + len(chance)])
    return out
