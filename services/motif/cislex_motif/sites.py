"""From a candidate to a motif: refined on all sequences, its sites placed, empty flanks cut, hits counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif import em
from cislex_motif.search import Candidate, FinderOptions
from cislex_motif.seeds import Seed
from cislex_motif.significance import best_threshold


@dataclass
class Found:
    """A motif: counts (w, 4) of its sites, and how it was tested. Logarithms are natural.

    rows, strands, starts, scores: the sites, one per sequence (strand 0 + / 1 −; start of the window in the sequence).
    hits / control_hits: sequences of all n / n_control that reach ``threshold``, with the final matrix.
    """

    counts: em.FloatArray
    background: em.FloatArray
    threshold: float
    log_p: float
    log_e: float
    test: str
    seed: Seed
    hits: int
    control_hits: int
    rows: npt.NDArray[np.int64]
    strands: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    scores: em.FloatArray


def finish(
    data: em.Sequences, control: em.Sequences, candidate: Candidate, background: em.FloatArray, options: FinderOptions
) -> Found:
    """Refine on all sequences, place the sites, cut flanks that say nothing and refine once more, count hits.

    The share of sequences with a site is kept at what the control says: hits over those that the control has as well.
    Left to itself, EM softens a short motif until nearly every sequence has a "site".
    """
    both, model = options.both_strands, options.model
    current = candidate.matrix
    while True:
        gamma = _excess(data, control, em.log_odds(current, background), both)
        result = em.fit(
            data, current, background, model=model, both_strands=both, max_iterations=15, gamma=gamma, fixed_gamma=True
        )
        matrix = em.log_odds(result.probabilities, background)
        probability, strand, start, _ = em.site_posteriors(data, matrix, result.gamma, both, model)
        rows = np.flatnonzero(probability > 0.5)
        strand, start = strand[rows], start[rows]
        counts = em.window_counts(data.codes, strand, rows, start, len(matrix))
        first, last = informative(counts, background, options.min_width)
        if last - first == len(matrix) or len(rows) == 0:
            break
        # Empty columns fit noise and blur which windows are sites, so EM goes on without them.
        current = result.probabilities[first:last]
    final = site_matrix(counts, background) if len(rows) else matrix
    score = window_scores(data.codes, final, rows, strand, start)
    scores, control_scores = data.best(final, both), control.best(final, both)
    threshold, hits, control_hits, _ = best_threshold(scores, control_scores)
    return Found(
        counts=counts, background=background, threshold=threshold, log_p=0.0, log_e=0.0, test="",
        seed=candidate.seed, hits=hits, control_hits=control_hits, rows=rows, strands=strand, starts=start,
        scores=score,
    )  # fmt: skip


def _excess(data: em.Sequences, control: em.Sequences, matrix: em.FloatArray, both_strands: bool) -> float:
    """Share of sequences that hold a site beyond the control's rate, at the best threshold; 0.02 to 0.98."""
    _, hits, control_hits, _ = best_threshold(data.best(matrix, both_strands), control.best(matrix, both_strands))
    rate, control_rate = hits / max(len(data), 1), control_hits / max(len(control), 1)
    return float(np.clip((rate - control_rate) / max(1.0 - control_rate, 1e-9), 0.02, 0.98))


def window_scores(
    codes: npt.NDArray[np.uint8],
    matrix: em.FloatArray,
    rows: npt.NDArray[np.int64],
    strand: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
) -> em.FloatArray:
    """(m,) natural log odds of the given windows, read on their strands; they hold no N."""
    score = np.zeros(len(rows))
    width = len(matrix)
    for offset in range(width):
        letter = codes[rows, start + offset]
        score += np.where(strand == 0, matrix[offset, letter], matrix[width - 1 - offset, 3 - letter])
    return score


def informative(counts: em.FloatArray, background: em.FloatArray, min_width: int) -> tuple[int, int]:
    """Columns [first, last) left when flanks that say next to nothing (0.1 bits, more where sites are few) are cut."""
    total = max(float(counts.sum(axis=1).max(initial=0.0)), 1.0)
    p = (counts + background) / (total + 1.0)
    information = (p * np.log2(p / background)).sum(axis=1)
    low = max(0.1, 4.0 / total)
    first, last = 0, len(counts)
    while last - first > min_width and min(information[first], information[last - 1]) < low:
        if information[first] <= information[last - 1]:
            first += 1
        else:
            last -= 1
    return first, last


def site_matrix(counts: em.FloatArray, background: em.FloatArray) -> em.FloatArray:
    """Natural log odds (w, 4) of site counts with one pseudocount per column."""
    matrix = counts + background
    return em.log_odds(matrix / matrix.sum(axis=1, keepdims=True), background)
