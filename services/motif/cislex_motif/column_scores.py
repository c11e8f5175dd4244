"""How alike two motif columns are: the column scores of Tomtom (Gupta et al. 2007, Genome Biol 8:R24).

Every function takes the columns of one query and of a database, and a background (4,); it answers (q, t) float64, and
larger is more alike. Logarithm and weights are those that MEME Suite's Tomtom's output shows (docs/methods.md). The
Bayesian scores are in ``bayesian_scores``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from cislex_motif.bayesian_scores import FIVE_COMPONENTS, ONE_COMPONENT, blic, llr
from cislex_motif.columns import Columns

FloatArray = npt.NDArray[np.float64]


ColumnScore = Callable[[Columns, Columns, FloatArray], FloatArray]


def euclidean(query: Columns, target: Columns, background: FloatArray) -> FloatArray:
    """``ed``: minus the Euclidean distance (Choi et al. 2004)."""
    squared = _squared_distance(query.probabilities, target.probabilities)
    np.sqrt(squared, out=squared)
    return np.negative(squared, out=squared)


def sandelin(query: Columns, target: Columns, background: FloatArray) -> FloatArray:
    """``sandelin``: 2 minus the squared Euclidean distance (Sandelin & Wasserman 2004)."""
    return 2.0 - _squared_distance(query.probabilities, target.probabilities)


def pearson(query: Columns, target: Columns, background: FloatArray) -> FloatArray:
    """``pearson``: correlation of the two columns (Pietrokovski 1996); 0 where a column is flat."""
    return _unit(query.probabilities) @ _unit(target.probabilities).T


def kullback(query: Columns, target: Columns, background: FloatArray) -> FloatArray:
    """``kullback``: minus the mean of the two Kullback–Leibler divergences, in units of log10 (Roepcke et al. 2005)."""
    q, t = query.probabilities, target.probabilities
    log_q, log_t = np.log10(q), np.log10(t)
    own = (q * log_q).sum(axis=1)[:, None] + (t * log_t).sum(axis=1)[None, :]
    return -0.5 * (own - q @ log_t.T - log_q @ t.T)


def allr(query: Columns, target: Columns, background: FloatArray) -> FloatArray:
    """``allr``: average log-likelihood ratio, nats, each side weighted by its sites (Wang & Stormo 2003)."""
    n, m = query.sites[:, None], target.sites[None, :]
    by_target = query.probabilities @ np.log(target.probabilities / background).T
    by_query = np.log(query.probabilities / background) @ target.probabilities.T
    return (n * by_target + m * by_query) / (n + m)


def _squared_distance(query: FloatArray, target: FloatArray) -> FloatArray:
    # |q|² + |t|² − 2 q·t as one matrix product of six columns.
    left = np.column_stack([-2.0 * query, (query**2).sum(axis=1), np.ones(len(query))])
    right = np.column_stack([target, np.ones(len(target)), (target**2).sum(axis=1)])
    squared = left @ right.T
    return np.maximum(squared, 0.0, out=squared)


def _unit(columns: FloatArray) -> FloatArray:
    centred = columns - columns.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, norm, out=np.zeros_like(centred), where=norm > 1e-12)


COLUMN_SCORES: dict[str, ColumnScore] = {
    "ed": euclidean,
    "pearson": pearson,
    "allr": allr,
    "kullback": kullback,
    "sandelin": sandelin,
    "blic1": partial(blic, prior=ONE_COMPONENT),
    "blic5": partial(blic, prior=FIVE_COMPONENTS),
    "llr1": partial(llr, prior=ONE_COMPONENT),
    "llr5": partial(llr, prior=FIVE_COMPONENTS),
}
