"""The inner loops of the native Tomtom: compiled by numba at first use (some seconds), then kept on disk.

Everything is exact and in a fixed order: no fast-math, no parallel reductions, so the answer does not depend on the
machine, on threads or on batches. Kernels release the interpreter: queries run on threads.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_TO_WHOLE = 6755399441055744.0  # 1.5 · 2^52: adding and taking it away rounds to the nearest whole number, ties to even
_MEDIAN_BINS = 4096


@njit(cache=True, nogil=True)
def negative_distances(query, columns):  # type: ignore[no-untyped-def]
    """Minus the Euclidean distances of (w, 4) query columns to (4, n) database columns: (w, n) float64."""
    width, n = len(query), columns.shape[1]
    out = np.empty((width, n))
    for i in range(width):
        a, c, g, t = query[i, 0], query[i, 1], query[i, 2], query[i, 3]
        row = out[i]
        for j in range(n):
            da, dc, dg, dt = columns[0, j] - a, columns[1, j] - c, columns[2, j] - g, columns[3, j] - t
            row[j] = -math.sqrt((da * da + dc * dc) + (dg * dg + dt * dt))
    return out


@njit(cache=True, nogil=True)
def bounds(row):  # type: ignore[no-untyped-def]
    """Smallest and largest value of a row."""
    low, high, low_odd, high_odd = row[0], row[0], row[0], row[0]
    n = len(row)
    for j in range(0, n - 1, 2):
        x, y = row[j], row[j + 1]
        low = x if x < low else low
        high = x if x > high else high
        low_odd = y if y < low_odd else low_odd
        high_odd = y if y > high_odd else high_odd
    last = row[n - 1]
    low = last if last < low else low
    high = last if last > high else high
    return low if low < low_odd else low_odd, high if high > high_odd else high_odd


@njit(cache=True, nogil=True)
def median(row, low, high, bins, held):  # type: ignore[no-untyped-def]
    """Exact median of a row that reaches from ``low`` to ``high``. bins, held: room for n int16 and n float64.

    Values are counted in equal bins; only those of the bin that holds the median are sorted.
    """
    n = len(row)
    if high <= low:
        return low
    first, second = (n - 1) // 2, n // 2
    scale = (_MEDIAN_BINS - 1) / (high - low)
    for j in range(n):
        bins[j] = np.int16(np.int32((row[j] - low) * scale))
    even, odd = np.zeros(_MEDIAN_BINS, np.int32), np.zeros(_MEDIAN_BINS, np.int32)
    _count(bins, n, 0, even, odd)
    below, start = 0, 0
    while below + even[start] + odd[start] <= first:
        below += even[start] + odd[start]
        start += 1
    end, inside = start, even[start] + odd[start]
    while below + inside <= second:
        end += 1
        inside += even[end] + odd[end]
    m = 0
    for j in range(n):
        if start <= bins[j] <= end:
            # An insertion sort: a bin holds few of the values.
            x, at = row[j], m
            while at > 0 and held[at - 1] > x:
                held[at] = held[at - 1]
                at -= 1
            held[at] = x
            m += 1
    return 0.5 * (held[first - below] + held[second - below])


@njit(cache=True, nogil=True)
def _count(values, n, floor, even, odd):  # type: ignore[no-untyped-def]
    """Raise the counter of each value; two sets of them, as equal values often follow each other."""
    for j in range(0, n - 1, 2):
        even[values[j] - floor] += 1
        odd[values[j + 1] - floor] += 1
    if n % 2:
        even[values[n - 1] - floor] += 1


@njit(cache=True, nogil=True)
def _to_whole(row, middle, scale, whole):  # type: ignore[no-untyped-def]
    for j in range(len(row)):
        whole[j] = np.int16(np.int32((row[j] - middle) * scale + _TO_WHOLE - _TO_WHOLE))


@njit(cache=True, nogil=True)
def bin_scores(scores, n_bins):  # type: ignore[no-untyped-def]
    """Whole scores of (w, n) column scores, each row's median at 0.

    Answers them as (w, n) int16; the share of each score per row, from the row's smallest on, (w, span) float64; the
    smallest, (w,) int64; and how many scores there are, (w,) int64.
    """
    width, n = scores.shape
    medians, lows, highs = np.empty(width), np.empty(width), np.empty(width)
    whole, held = np.empty((width, n), np.int16), np.empty(n)
    smallest, largest = np.inf, -np.inf
    for i in range(width):
        low, high = bounds(scores[i])
        medians[i] = median(scores[i], low, high, whole[i], held)
        lows[i], highs[i] = low - medians[i], high - medians[i]
        smallest = lows[i] if lows[i] < smallest else smallest
        largest = highs[i] if highs[i] > largest else largest
    smallest = math.floor(smallest)
    scale = n_bins / (largest - smallest) if largest > smallest else 1.0
    if scale >= 1.0:
        scale = float(math.floor(scale))
    floors, sizes = np.empty(width, np.int64), np.empty(width, np.int64)
    longest = 0
    for i in range(width):
        floors[i] = np.int64(lows[i] * scale + _TO_WHOLE - _TO_WHOLE)
        sizes[i] = np.int64(highs[i] * scale + _TO_WHOLE - _TO_WHOLE) - floors[i] + 1
        longest = max(longest, sizes[i])
    shares = np.zeros((width, longest))
    for i in range(width):
        _to_whole(scores[i], medians[i], scale, whole[i])
        even, odd = np.zeros(longest, np.int32), np.zeros(longest, np.int32)
        _count(whole[i], n, floors[i], even, odd)
        for j in range(longest):
            shares[i, j] = (even[j] + odd[j]) / n
    return whole, shares, floors, sizes


@njit(cache=True, nogil=True)
def best_alignments(whole, starts, lengths, min_overlap):  # type: ignore[no-untyped-def]
    """Best total score and its offset (the first on a tie) of the query with each motif of the database.

    whole: (w, n) int16. starts, lengths: (m,) the motifs' columns. Answers (m,) int64 each.
    """
    width, m = len(whole), len(lengths)
    best, offset = np.empty(m, np.int64), np.empty(m, np.int64)
    total = np.empty(width + lengths.max(), np.int32)
    for k in range(m):
        length, start = lengths[k], starts[k]
        total[: length + width - 1] = 0
        for i in range(width):
            shift, row = width - 1 - i, whole[i, start : start + length]
            for c in range(length):
                total[shift + c] += row[c]
        needed = min(min_overlap, length, width)
        # Offset o − (width − 1) overlaps in at least ``needed`` columns.
        first, last = needed - 1, length + width - 1 - needed
        at = first
        for o in range(first + 1, last + 1):
            if total[o] > total[at]:
                at = o
        best[k], offset[k] = total[at], at - (width - 1)
    return best, offset


@njit(cache=True, nogil=True)
def _either(union, chance, start):  # type: ignore[no-untyped-def]
    """Put into ``union`` P(this or that reaches x) = u + p − u·p; ``chance``: P(score = start + i) of an offset."""
    reached = 0.0
    for x in range(len(chance) - 1, -1, -1):
        reached += chance[x]
        p = min(reached, 1.0)
        union[start + x] += p - union[start + x] * p
    for x in range(start):
        union[x] = 1.0


@njit(cache=True, nogil=True)
def _convolved(a, b):  # type: ignore[no-untyped-def]
    out = np.zeros(len(a) + len(b) - 1)
    for i in range(len(b)):
        share = b[i]
        if share > 0.0:
            for j in range(len(a)):
                out[i + j] += share * a[j]
    return out


@njit(cache=True, nogil=True)
def log_no_better(shares, floors, sizes, lengths, totals, min_overlap):  # type: ignore[no-untyped-def]
    """log P(no offset of a random target of ``lengths[k]`` columns reaches ``totals[k]``): (m,) float64.

    shares, floors, sizes: as of ``bin_scores``. Offsets overlap in at least ``min_overlap`` columns, or wholly where
    query or target is shorter. What is added up is the chance of reaching a score, so that small tails stay exact.
    """
    width, m = len(shares), len(lengths)
    low = 0
    high = 0
    for i in range(width):
        low += min(floors[i], 0)
        high += max(floors[i] + sizes[i] - 1, 0)
    size = high - low + 1
    least = min(min_overlap, width)
    shortest = min(least, lengths.min())
    inside = np.zeros(width + 1, np.bool_)
    for k in range(m):
        if lengths[k] < width:
            inside[lengths[k]] = True
    longest = 0
    for n in range(width):
        if inside[n]:
            longest = n
    edge = np.zeros((width + 1, size))  # edge[n]: any overhanging offset of n columns, at either end
    within = np.zeros((width + 1, size))  # within[n]: any stretch of n query columns; within[width]: the whole query

    for first in range(width):
        chance, start = shares[first, : sizes[first]].copy(), floors[first]
        last = width if first == 0 else min(first + longest, width)
        for end in range(first + 1, last + 1):
            if end > first + 1:
                chance = _convolved(chance, shares[end - 1, : sizes[end - 1]])
                start += floors[end - 1]
            n = end - first
            if n < shortest:
                continue
            if n == width or inside[n]:
                _either(within[n], chance, start - low)
            if first == 0 and least <= n < width:
                _either(edge[n], chance, start - low)
    chance, start = shares[width - 1, : sizes[width - 1]].copy(), floors[width - 1]
    for first in range(width - 1, 0, -1):
        n = width - first
        if n > 1:
            chance = _convolved(chance, shares[first, : sizes[first]])
            start += floors[first]
        if least <= n < width:
            _either(edge[n], chance, start - low)

    # any_edge[n]: any overhanging offset of least … n − 1 columns.
    any_edge = np.zeros((width + 1, size))
    for n in range(least, width):
        for x in range(size):
            any_edge[n + 1, x] = any_edge[n, x] + edge[n, x] - any_edge[n, x] * edge[n, x]
    answer = np.empty(m)
    for k in range(m):
        x, short = totals[k] - low, min(lengths[k], width)
        hanging = any_edge[max(short, least), x]
        whole = within[short, x]
        times = 1 if lengths[k] < width else lengths[k] - width + 1
        answer[k] = math.log1p(-min(hanging, 1.0)) if hanging < 1.0 else -math.inf
        answer[k] += times * math.log1p(-whole) if whole < 1.0 else -math.inf
    return answer
