"""Enrichment at a score threshold: one that is given, or the one that separates target from control best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif.scanning import NO_HIT
from cislex_motif.statistics import log_enrichment_p

FloatArray = npt.NDArray[np.float64]
Hits = npt.NDArray[np.int32]

CANDIDATES = 8


@dataclass(frozen=True)
class Outcome:
    """Per motif: natural log of p (corrected for the choice of threshold), the threshold and how many were compared."""

    log_p: FloatArray
    threshold: npt.NDArray[np.int64]
    n_thresholds: npt.NDArray[np.int64]


def fixed_threshold(target: Hits, control: Hits, threshold: npt.NDArray[np.int64], test: str) -> Outcome:
    """p of each motif (row) at its threshold; a sequence is a hit when its best score is at least the threshold.

    target, control: (motifs, sequences) integer scores.
    """
    k = (target >= threshold[:, None]).sum(axis=1)
    c = (control >= threshold[:, None]).sum(axis=1)
    log_p = log_enrichment_p(k, target.shape[1], c, control.shape[1], test)
    return Outcome(log_p, np.asarray(threshold, dtype=np.int64), np.ones(len(k), dtype=np.int64))


def best_threshold(target: Hits, control: Hits, test: str) -> Outcome:
    """p of each motif at the threshold where it is smallest, Šidák-corrected for all distinct thresholds above 0.

    Thresholds are the distinct positive scores (log-odds above 0: more motif than background). The exact test is made
    at the ``CANDIDATES`` thresholds with the largest likelihood ratio, which bounds the tail; the correction counts all
    of them. A motif with no positive score gets p = 1 at a threshold above every score.
    """
    n, m = target.shape[1], control.shape[1]
    log_p, chosen, tried = np.zeros(len(target)), np.zeros(len(target), np.int64), np.ones(len(target), np.int64)
    cells: list[tuple[int, int, int, int]] = []
    for i in range(len(target)):
        own, other = np.sort(target[i]), np.sort(control[i])
        scores = np.unique(np.concatenate([own, other]))
        scores = scores[scores > 0]
        if len(scores) == 0:
            chosen[i] = max(int(own[-1]), int(other[-1]), NO_HIT) + 1
            continue
        k = n - np.searchsorted(own, scores, side="left")
        c = m - np.searchsorted(other, scores, side="left")
        ratio = _signed_likelihood_ratio(k, n, c, m)
        best = np.argsort(-ratio, kind="stable")[:CANDIDATES]
        cells += [(i, int(scores[j]), int(k[j]), int(c[j])) for j in best]
        tried[i] = len(scores)
        log_p[i] = np.inf
    if cells:
        motif, score, k_all, c_all = (np.array(column, dtype=np.int64) for column in zip(*cells, strict=True))
        cell_log_p = log_enrichment_p(k_all, n, c_all, m, test)
        # By p, then the stricter threshold: a stable answer where several are equal.
        for j in np.lexsort((-score, cell_log_p))[::-1]:
            log_p[motif[j]], chosen[motif[j]] = cell_log_p[j], score[j]
    return Outcome(_sidak(log_p, tried), chosen, tried)


def _signed_likelihood_ratio(k: npt.NDArray[np.int64], n: int, c: npt.NDArray[np.int64], m: int) -> FloatArray:
    """G of the 2 × 2 table, negative where the control has the larger share."""

    def term(x: FloatArray, expected: FloatArray) -> FloatArray:
        return np.where(x > 0, x * np.log(np.where(x > 0, x, 1.0) / np.where(expected > 0, expected, 1.0)), 0.0)

    a, b = k.astype(np.float64), c.astype(np.float64)
    share = (a + b) / (n + m)
    g = term(a, n * share) + term(n - a, n * (1 - share)) + term(b, m * share) + term(m - b, m * (1 - share))
    return np.where(a / n >= b / m, g, -g)


def _sidak(log_p: FloatArray, n: npt.NDArray[np.int64]) -> FloatArray:
    """log(1 − (1 − p)^n); for tiny p the same as log p + log n, which is where exp would round."""
    p = np.exp(np.minimum(log_p, 0.0))
    with np.errstate(divide="ignore"):
        exact = np.log(-np.expm1(n * np.log1p(-np.minimum(p, 1.0))))
    return np.minimum(np.where(log_p < -30.0, log_p + np.log(n), exact), 0.0)
