"""E-values, q-values and the three enrichment tests; all tails are kept in logarithms, so nothing rounds to 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def evalues(pvalues: FloatArray, n_targets: int) -> FloatArray:
    """E = p × number of targets: matches as good expected by chance in one search of the database."""
    return np.asarray(pvalues, dtype=np.float64) * n_targets


def benjamini_hochberg(pvalues: FloatArray) -> FloatArray:
    """q-values along the last axis (Benjamini & Hochberg 1995): each row of a 2-d array is its own family.

    NaN marks a test that was not made: it gets NaN and does not count.
    """
    p = np.atleast_2d(np.asarray(pvalues, dtype=np.float64))
    tests = np.count_nonzero(~np.isnan(p), axis=1)[:, None]
    order = np.argsort(p, axis=1, kind="stable")  # NaN last
    ranks = np.arange(1, p.shape[1] + 1)
    raised = np.where(ranks <= tests, np.take_along_axis(p, order, axis=1) * tests / ranks, np.inf)
    monotone = np.minimum.accumulate(raised[:, ::-1], axis=1)[:, ::-1]
    q = np.empty_like(p)
    np.put_along_axis(q, order, np.minimum(monotone, 1.0), axis=1)
    q[np.isnan(p)] = np.nan
    return q.reshape(np.shape(pvalues))


def log_enrichment_p(
    hits: npt.ArrayLike, n: npt.ArrayLike, control_hits: npt.ArrayLike, n_control: npt.ArrayLike, test: str
) -> FloatArray:
    """Natural log of the one-sided p that ``hits`` of ``n`` sequences exceed what the control leads to expect.

    fisher: 2 × 2 table with both margins fixed, P(X ≥ hits), X ~ hypergeometric(n + n_control, hits + control_hits, n).
    hypergeometric: as HOMER's -h, the same tail; kept under its own name because it is asked for by it.
    binomial: P(X ≥ hits), X ~ Binomial(n, f) with f = control_hits / n_control, kept at least 1 / (2 · n_control) from
    0 and from 1, so that a motif absent from the control still has a finite p. Arrays broadcast; the answer has the
    common shape. Exact to about 1e-9 in the logarithm, however small p is.
    """
    k, size, c, control = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (hits, n, control_hits, n_control))
    )
    if test == "binomial":
        least = 0.5 / control
        return _log_binomial_tail(k, size, np.clip(c / control, least, 1.0 - least))
    if test in ("fisher", "hypergeometric"):
        return _log_hypergeometric_tail(k, size + control, k + c, size)
    raise ValueError(f"unknown test {test!r}")


def _log_hypergeometric_tail(k: FloatArray, total: FloatArray, marked: FloatArray, drawn: FloatArray) -> FloatArray:
    """log P(X ≥ k), X = marked among ``drawn`` of ``total`` of which ``marked`` are marked."""
    from scipy.special import betaln

    def log_pmf(x: FloatArray) -> FloatArray:
        # log C(a, b) = −log(a + 1) − betaln(b + 1, a − b + 1)
        def choose(a: FloatArray, b: FloatArray) -> FloatArray:
            return -np.log(a + 1.0) - betaln(b + 1.0, a - b + 1.0)

        return choose(marked, x) + choose(total - marked, drawn - x) - choose(total, drawn)

    def up(x: FloatArray) -> FloatArray:  # pmf(x + 1) / pmf(x)
        return (marked - x) * (drawn - x) / ((x + 1.0) * (total - marked - drawn + x + 1.0))

    lowest = np.maximum(0.0, marked + drawn - total)
    return _log_tail(k, lowest, np.minimum(marked, drawn), marked * drawn / total, log_pmf, up)


def _log_binomial_tail(k: FloatArray, n: FloatArray, share: FloatArray) -> FloatArray:
    """log P(X ≥ k), X ~ Binomial(n, share), 0 < share < 1."""
    from scipy.special import betaln

    def log_pmf(x: FloatArray) -> FloatArray:
        return -np.log(n + 1.0) - betaln(x + 1.0, n - x + 1.0) + x * np.log(share) + (n - x) * np.log1p(-share)

    def up(x: FloatArray) -> FloatArray:
        return (n - x) / (x + 1.0) * share / (1.0 - share)

    return _log_tail(k, np.zeros_like(k), n, n * share, log_pmf, up)


def _log_tail(
    k: FloatArray,
    lowest: FloatArray,
    highest: FloatArray,
    mean: FloatArray,
    log_pmf: Callable[[FloatArray], FloatArray],
    up: Callable[[FloatArray], FloatArray],
) -> FloatArray:
    """log P(X ≥ k): the sum upwards from k when k is above the mean, else 1 − the sum downwards from k − 1."""
    above = k > mean
    start = np.where(above, k, k - 1.0)
    inside = (start >= lowest) & (start <= highest)
    at = np.clip(start, lowest, highest)
    first = log_pmf(at)
    total, term = np.ones_like(first), np.ones_like(first)
    x = at.copy()
    live = inside.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        while live.any():
            factor = np.where(above, up(x), 1.0 / up(x - 1.0))
            x = np.where(above, x + 1.0, x - 1.0)
            live &= (x >= lowest) & (x <= highest)
            term = np.where(live, term * factor, 0.0)
            total = total + term
            live &= term > total * 1e-17
        upper = first + np.log(total)
        lower = np.log1p(-np.minimum(np.exp(first + np.log(total)), 1.0))
    answer = np.where(above, np.where(inside, upper, -np.inf), np.where(inside, lower, 0.0))
    return np.minimum(answer, 0.0)
