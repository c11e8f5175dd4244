"""Where named motifs fit a shown sequence: marks for the eye, not a statistic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARE_OF_BEST = 0.8  # a site is marked when its log-odds score reaches this share of the motif's best possible score
PSEUDO = 0.01


@dataclass(frozen=True)
class Site:
    """[start, end) in the sequence, 0-based; strand of the motif; score as a share of the best possible one."""

    name: str
    start: int
    end: int
    strand: str
    score: float


def find_sites(codes: np.ndarray, motifs: list[tuple[str, np.ndarray]]) -> list[Site]:
    """Sites of each named (w, 4) probability matrix on both strands of a (L,) code array, best first.

    Scores are log2 of (p + 0.01) / 1.04 over 0.25, summed; N scores 0. Of overlapping sites of a motif the best stays.
    """
    found: list[Site] = []
    for name, probabilities in motifs:
        log_odds = np.log2((probabilities + PSEUDO) / (1 + 4 * PSEUDO) / 0.25)
        best = float(log_odds.max(axis=1).sum())
        if best <= 0 or len(log_odds) > len(codes):
            continue
        hits = []
        for strand, matrix in (("+", log_odds), ("-", log_odds[::-1, ::-1])):
            scores = scan(codes, matrix) / best
            hits += [
                Site(name, int(i), int(i) + len(matrix), strand, float(scores[i]))
                for i in np.flatnonzero(scores >= SHARE_OF_BEST)
            ]
        kept: list[Site] = []
        for hit in sorted(hits, key=lambda site: -site.score):
            if all(hit.start >= other.end or hit.end <= other.start for other in kept):
                kept.append(hit)
        found += kept
    return sorted(found, key=lambda site: -site.score)


def scan(codes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(L − w + 1,) sums of the matrix's entries at the observed bases; N (code 4) adds 0."""
    padded = np.hstack([matrix, np.zeros((len(matrix), 1))])
    n = len(codes) - len(matrix) + 1
    total = np.zeros(n)
    for k in range(len(matrix)):
        total += padded[k][np.minimum(codes[k : k + n], 4)]
    return total
