"""Tests of enrichment from counts: Fisher's exact test in logarithms, and the threshold that separates two sets best.

Kept in natural logarithms because a strong motif's p is far below the smallest double (1e-308).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Scores = npt.NDArray[np.floating]
LN10 = float(np.log(10.0))


@lru_cache(maxsize=8)
def _log_factorials(n: int) -> FloatArray:
    return np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, n + 1, dtype=np.float64)))))


def log_fisher(hits: int, n: int, control_hits: int, n_control: int) -> float:
    """ln p of Fisher's exact test, one-sided: at least ``hits`` of ``n``, given hits + control_hits of n + n_control.

    0.0 (p = 1) where ``n`` or ``n_control`` is 0 or ``hits`` is 0.
    """
    total, drawn = n + n_control, hits + control_hits
    if not (0 <= hits <= n and 0 <= control_hits <= n_control):
        raise ValueError(f"{hits} of {n} against {control_hits} of {n_control} are no counts")
    if hits == 0 or n == 0 or n_control == 0:
        return 0.0
    f = _log_factorials(1 << max(total, 1).bit_length())
    i = np.arange(hits, min(n, drawn) + 1)
    terms = (
        f[n] - f[i] - f[n - i] + f[n_control] - f[drawn - i] - f[n_control - drawn + i]
        - (f[total] - f[drawn] - f[total - drawn])
    )  # fmt: skip
    largest = terms.max()
    return float(min(0.0, largest + np.log(np.exp(terms - largest).sum())))


def enrichment_g(hits: npt.ArrayLike, n: int, control_hits: npt.ArrayLike, n_control: int) -> FloatArray:
    """Signed log-likelihood-ratio statistic (Dunning's G) that the rate in the first set is higher; negative if lower.

    For ranking many words at once; ``hits`` may be sums over several words and exceed ``n``.
    """
    a, b = np.asarray(hits, dtype=np.float64), np.asarray(control_hits, dtype=np.float64)
    share = n / (n + n_control)
    both = a + b
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(a > 0, a * np.log(a / (both * share)), 0.0)
        second = np.where(b > 0, b * np.log(b / (both * (1.0 - share))), 0.0)
    g = 2.0 * (first + second)
    return np.where(a * (1.0 - share) >= b * share, g, -g)


def best_threshold(scores: Scores, control: Scores, min_hits: int = 2) -> tuple[float, int, int, float]:
    """The score threshold with the smallest Fisher p: (threshold, hits, control hits, ln p); ln p is not corrected.

    scores, control: best score per sequence, −inf allowed. Ranked by a binomial G first, the ten best tested exactly.
    Returns (inf, 0, 0, 0.0) where fewer than ``min_hits`` sequences have a finite score.
    """
    ordered = np.sort(scores[np.isfinite(scores)])[::-1]
    n, n_control = len(scores), len(control)
    if len(ordered) < min_hits or n_control == 0:
        return np.inf, 0, 0, 0.0
    last_of_ties = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    last_of_ties = last_of_ties[last_of_ties + 1 >= min_hits]
    thresholds = ordered[last_of_ties]
    hits = last_of_ties + 1
    control_sorted = np.sort(control)
    control_hits = n_control - np.searchsorted(control_sorted, thresholds, side="left")
    g = _presence_g(hits, n, control_hits, n_control)
    best = (np.inf, 0, 0, 0.0)
    for i in np.argsort(-g, kind="stable")[:10]:
        value = log_fisher(int(hits[i]), n, int(control_hits[i]), n_control)
        if value < best[3]:
            best = (float(thresholds[i]), int(hits[i]), int(control_hits[i]), value)
    return best


def _presence_g(hits: FloatArray, n: int, control_hits: FloatArray, n_control: int) -> FloatArray:
    """G of a 2 × 2 table, signed as ``enrichment_g``."""
    present = np.abs(enrichment_g(hits, n, control_hits, n_control))
    absent = np.abs(enrichment_g(n - hits, n, n_control - control_hits, n_control))
    return np.where(hits * n_control >= control_hits * n, present + absent, -(present + absent))
