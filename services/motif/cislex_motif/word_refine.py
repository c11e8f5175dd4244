"""A seed word becomes a matrix: find the best site of each sequence, keep those that tell the sets apart, count again.

One step scans both sets, takes the best site of each sequence, and chooses the score at which the sequences above it
are most enriched in the primary set (Fisher's exact test). The sites of the primary sequences above it are the next
matrix; where that gains nothing, the best half of them and twice as many are tried. Steps go on while p falls. (In own
words after the refinement by nested subsets of Bailey 2021.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif import em
from cislex_motif.seeds import Seed
from cislex_motif.significance import best_threshold

IntArray = npt.NDArray[np.int64]
# Share of a seed's letter in the matrix it starts as; the rest is background.
_SEED_SHARE = 0.85
_MAX_STEPS = 20
# Natural logarithm: a step that gains less ends the refinement.
_LEAST_GAIN = 1e-3


@dataclass(frozen=True)
class Refined:
    """A matrix of probabilities (w, 4) and what it does on the sequences it was scored on.

    threshold (nats), hits and control_hits of the best Fisher p, ln p. rows, strands, starts: the best site of each
    primary sequence that has any, best first; the first ``hits`` are those above the threshold.
    """

    matrix: em.FloatArray
    seed: Seed
    threshold: float
    hits: int
    control_hits: int
    log_p: float
    rows: IntArray
    strands: IntArray
    starts: IntArray


def start_matrix(seed: Seed, background: em.FloatArray) -> em.FloatArray:
    """(span, 4) probabilities of the seed's word, softened; background in its gap."""
    k = len(seed.pattern.offsets)
    letters = [(seed.word >> (2 * (k - 1 - i))) & 3 for i in range(k)]
    matrix = np.tile(background, (seed.pattern.span, 1))
    matrix[list(seed.pattern.offsets)] = _SEED_SHARE * np.eye(4)[letters] + (1 - _SEED_SHARE) * background
    return matrix


def judge(
    data: em.Sequences, control: em.Sequences, matrix: em.FloatArray, seed: Seed, background: em.FloatArray,
    both_strands: bool = True,
) -> Refined:  # fmt: skip
    """Scan both sets with a matrix of positive probabilities, at the threshold that separates them best."""
    log_odds = em.log_odds(matrix, background)
    strand, start, score = best_sites(data, log_odds, both_strands)
    threshold, hits, control_hits, log_p = best_threshold(score, control.best(log_odds, both_strands))
    rows = np.argsort(-score, kind="stable")[: int(np.isfinite(score).sum())]
    return Refined(matrix, seed, threshold, hits, control_hits, log_p, rows, strand[rows], start[rows])


def refine(
    data: em.Sequences, control: em.Sequences, start: Refined, background: em.FloatArray, both_strands: bool = True,
    steps: int = _MAX_STEPS,
) -> Refined:  # fmt: skip
    """Count and judge again from ``start`` (judged on the same sequences) while ln p falls, at most ``steps`` times."""
    best = start
    for _ in range(steps):
        for n_sites in (best.hits, best.hits // 2, 2 * best.hits):
            if n_sites < 2:
                continue
            counts = site_counts(data, best, n_sites) + background
            matrix = counts / counts.sum(axis=1, keepdims=True)
            following = judge(data, control, matrix, best.seed, background, both_strands)
            if following.log_p < best.log_p - _LEAST_GAIN:
                best = following
                break
        else:
            break
    return best


def site_counts(data: em.Sequences, sites: Refined, n_sites: int, pad: int = 0) -> em.FloatArray:
    """(w + 2 pad, 4) bases of the best ``n_sites`` sites and of ``pad`` positions on either side."""
    rows, strands, starts = sites.rows[:n_sites], sites.strands[:n_sites], sites.starts[:n_sites]
    return em.window_counts(data.codes, strands, rows, starts - pad, len(sites.matrix) + 2 * pad)


def best_sites(
    data: em.Sequences, log_odds: em.FloatArray, both_strands: bool = True
) -> tuple[IntArray, IntArray, npt.NDArray[np.float32]]:
    """Strand (0 +, 1 −), start and score of each sequence's best window; −inf where none is free of N."""
    n = len(data)
    scores = data.scores(log_odds, both_strands)
    if scores.shape[2] == 0:
        return np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, -np.inf, dtype=np.float32)
    at = scores.argmax(axis=2)
    best = np.take_along_axis(scores, at[:, :, None], axis=2)[:, :, 0]
    strand = best.argmax(axis=0)
    rows = np.arange(n)
    score = best[strand, rows]
    # A window with N scores thousands below any other.
    score = np.where(score > -5000.0, score, -np.inf).astype(np.float32)
    return strand.astype(np.int64), at[strand, rows].astype(np.int64), score
