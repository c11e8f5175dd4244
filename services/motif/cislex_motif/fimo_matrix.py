"""Log-odds on FIMO's grid of integers, its background, and the p-values of all scores (Grant et al. 2011)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.motifs import Motif

from cislex_motif.scanning import ScoreMatrix

FloatArray = npt.NDArray[np.float64]

RANGE = 1000
"""Steps of the grid between the smallest and the largest entry of a matrix."""
NONREDUNDANT = np.array([0.274552, 0.225448, 0.225448, 0.274552])
"""A, C, G, T in a non-redundant DNA database, both strands: FIMO's default where no background is named."""


@dataclass(frozen=True)
class FimoMatrix:
    """A motif as FIMO scores it: whole weights of at least 0 and how to read them as bits.

    grid: the weights. low: bits that weight 0 stands for, per position. background: (4,) the chance model.
    """

    motif: Motif
    grid: ScoreMatrix
    low: float
    background: FloatArray

    @classmethod
    def of(cls, motif: Motif, pseudocount: float, background: FloatArray) -> FimoMatrix:
        """log2 odds with a pseudocount; one unit is 1 / floor(1000 / (largest − floor(smallest))) bits."""
        log_odds = motif.pwm(pseudocount, background)
        low, high = np.floor(log_odds.min()), log_odds.max()
        scale = max(np.floor(RANGE / (high - low)), 1.0) if high > low else 1.0
        weights = np.rint((log_odds - low) * scale).astype(np.int64)
        return cls(motif, ScoreMatrix(motif.id, weights, 1.0 / scale), float(low), background)

    @property
    def largest(self) -> int:
        """The best score on the grid; the smallest is at least 0."""
        return int(self.grid.weights.max(axis=1).sum())

    def bits(self, scores: npt.NDArray[np.int64]) -> FloatArray:
        """Scores on the grid as bits."""
        return np.asarray(scores * self.grid.step + self.low * self.grid.width)

    def tails(self) -> FloatArray:
        """P(score ≥ x) at one place on one strand for x = 0 … largest + 1."""
        chance, low = self.grid.distribution(self.background)
        tail = np.zeros(self.largest + 2)
        tail[low : low + len(chance)] = np.cumsum(chance[::-1])[::-1]
        tail[: low + 1] = 1.0
        return np.minimum(tail, 1.0)


def qvalues(tails: FloatArray, counts: npt.NDArray[np.int64], method: str) -> FloatArray:
    """q of every score, from how often each score occurred at all places that were looked at.

    tails: P(score ≥ x). counts: places with score x, both (largest + 2,). bh: Benjamini & Hochberg 1995 over all
    places. storey: times the share of true nulls, estimated from the p above 0.5 (Storey 2002, λ = 0.5). 1 where no
    place was looked at.
    """
    total = int(counts.sum())
    if total == 0:
        return np.ones(len(tails))
    at_least = np.cumsum(counts[::-1])[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(counts > 0, tails * total / at_least, np.inf)
    q = np.minimum(np.minimum.accumulate(rate), 1.0)
    if method == "storey":
        q = q * min(1.0, 2.0 * float(counts[tails > 0.5].sum()) / total)
    return np.asarray(q)
