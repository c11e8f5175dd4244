"""How alike two motif columns are: the column scores of Tomtom (Gupta et al. 2007, Genome Biol 8:R24).

Every function takes query columns (q, 4) and target columns (t, 4), rows summing to 1 with a pseudocount already in,
and a background (4,); it answers (q, t) float64, larger = more alike.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
ColumnScore = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


def euclidean(query: FloatArray, target: FloatArray, background: FloatArray) -> FloatArray:
    """``ed``: minus the Euclidean distance (Choi et al. 2004)."""
    squared = _squared_distance(query, target)
    np.sqrt(squared, out=squared)
    return np.negative(squared, out=squared)


def sandelin(query: FloatArray, target: FloatArray, background: FloatArray) -> FloatArray:
    """``sandelin``: 2 minus the squared Euclidean distance (Sandelin & Wasserman 2004)."""
    return 2.0 - _squared_distance(query, target)


def pearson(query: FloatArray, target: FloatArray, background: FloatArray) -> FloatArray:
    """``pearson``: correlation of the two columns (Pietrokovski 1996); 0 where a column is flat."""
    return _unit(query) @ _unit(target).T


def kullback(query: FloatArray, target: FloatArray, background: FloatArray) -> FloatArray:
    """``kullback``: minus the mean of the two Kullback–Leibler divergences, nats (Roepcke et al. 2005)."""
    log_q, log_t = np.log(query), np.log(target)
    own = (query * log_q).sum(axis=1)[:, None] + (target * log_t).sum(axis=1)[None, :]
    return -0.5 * (own - query @ log_t.T - log_q @ target.T)


def allr(query: FloatArray, target: FloatArray, background: FloatArray) -> FloatArray:
    """``allr``: average log-likelihood ratio with equal weights, nats (Wang & Stormo 2003)."""
    return 0.5 * (query @ np.log(target / background).T + np.log(query / background) @ target.T)


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
}
