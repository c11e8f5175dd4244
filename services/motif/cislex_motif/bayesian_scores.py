"""The Bayesian column scores of Habib et al. 2008 (PLoS Comput Biol 4:e1000010): BLiC and its likelihood ratio alone.

Two columns of counts n and m either come from one source or from two. A source is estimated from its counts by the
posterior mean under a prior, so that few sites say little::

    llr  = log P(n | both) + log P(m | both) − log P(n | own) − log P(m | own)
    blic = llr + log P(n, m | both) − log P(n, m | background)

The second term of ``blic`` rewards a common source that differs from the background: two flat columns agree, but say
nothing. The prior is one Dirichlet, or a mixture of five, four of which prefer one letter each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif.columns import Columns

FloatArray = npt.NDArray[np.float64]

MAX_SITES = 20.0
"""Sites that count, as many as an unknown number is taken for. A log-likelihood grows with the sites: a matrix of
10,000 of them would leave the others no room on the grid of 100 steps."""


@dataclass(frozen=True)
class Prior:
    """A mixture of Dirichlet distributions. alphas: (k, 4); weights: (k,), summing to 1."""

    alphas: FloatArray
    weights: FloatArray


ONE_COMPONENT = Prior(np.ones((1, 4)), np.ones(1))
FIVE_COMPONENTS = Prior(np.concatenate([1.0 + 4.0 * np.eye(4), np.full((1, 4), 2.0)]), np.full(5, 0.2))


def llr(query: Columns, target: Columns, background: FloatArray, prior: Prior) -> FloatArray:
    """(q, t) log-likelihood ratio, nats, of one common source against a source each."""
    n, m = _counts(query), _counts(target)
    own_n, own_m = (n * _log_source(n, prior)).sum(axis=-1), (m * _log_source(m, prior)).sum(axis=-1)
    return np.asarray(_both(n, m, prior) - own_n[:, None] - own_m[None, :])


def blic(query: Columns, target: Columns, background: FloatArray, prior: Prior) -> FloatArray:
    """(q, t) BLiC score, nats."""
    n, m = _counts(query), _counts(target)
    own_n, own_m = (n * _log_source(n, prior)).sum(axis=-1), (m * _log_source(m, prior)).sum(axis=-1)
    chance_n, chance_m = n @ np.log(background), m @ np.log(background)
    return np.asarray(2.0 * _both(n, m, prior) - (own_n + chance_n)[:, None] - (own_m + chance_m)[None, :])


def _counts(columns: Columns) -> FloatArray:
    return columns.probabilities * np.minimum(columns.sites, MAX_SITES)[:, None]


def _both(n: FloatArray, m: FloatArray, prior: Prior) -> FloatArray:
    """log P of both columns under the source estimated from their sum."""
    total = np.empty((len(n), len(m)))
    for i, row in enumerate(n):  # one row at a time: the mixture needs some arrays of the database's size
        summed = row + m
        total[i] = (summed * _log_source(summed, prior)).sum(axis=-1)
    return total


def _log_source(counts: FloatArray, prior: Prior) -> FloatArray:
    """log of the posterior mean of the source of ``counts`` (n, 4): Σ_k P(k | counts) · (counts + α_k) / (N + A_k)."""
    means = [(counts + a) / (counts.sum(axis=-1, keepdims=True) + a.sum()) for a in prior.alphas]
    if len(means) == 1:
        return np.asarray(np.log(means[0]))
    from scipy.special import gammaln

    log_share = np.stack(
        [
            np.log(weight) + gammaln(a.sum()) - gammaln(counts.sum(axis=-1) + a.sum())
            + (gammaln(counts + a) - gammaln(a)).sum(axis=-1)
            for a, weight in zip(prior.alphas, prior.weights, strict=True)
        ]
    )  # fmt: skip
    share = np.exp(log_share - log_share.max(axis=0))
    share /= share.sum(axis=0)
    return np.asarray(np.log(sum(part[:, None] * mean for part, mean in zip(share, means, strict=True))))
