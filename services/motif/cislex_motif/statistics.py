"""E-values, q-values and the three enrichment tests; all tails are kept in logarithms, so nothing rounds to 0."""

from __future__ import annotations

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
    0 and from 1, so that a motif absent from the control still has a finite p. Arrays broadcast.
    """
    from scipy.stats import binom, hypergeom

    k, size = np.asarray(hits, dtype=np.int64), np.asarray(n, dtype=np.int64)
    c, control = np.asarray(control_hits, dtype=np.int64), np.asarray(n_control, dtype=np.int64)
    if test == "binomial":
        least = 0.5 / control
        log_p = binom.logsf(k - 1, size, np.clip(c / control, least, 1.0 - least))
    elif test in ("fisher", "hypergeometric"):
        log_p = hypergeom.logsf(k - 1, size + control, k + c, size)
    else:
        raise ValueError(f"unknown test {test!r}")
    return np.minimum(np.asarray(log_p, dtype=np.float64), 0.0)
