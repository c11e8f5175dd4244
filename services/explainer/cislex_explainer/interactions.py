"""Does a model add two motifs up? Two words in random DNA, at every distance, against the sum of each alone.

The design of de Almeida et al. 2022 (DeepSTARR) as ExplaiNN uses it (Fig. S2): motif A stands at the centre of a
background sequence, motif B is moved along it; the residual over the additive expectation, f(AB) − f(A) − f(B) +
f(background), is taken in each background sequence and compared with that of a control word moved in B's place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from cislex_core.sequences import N_CODE

Predict = Callable[[np.ndarray], np.ndarray]
"""Codes (n, L) uint8 → values (n, outputs) float64."""
FoldChange = float | None
"""Pseudocount of the log2 fold change; None = differences."""


@dataclass(frozen=True)
class Curve:
    """What two words do over the distances. Shapes: distances (P,) bp between the centres, negative = the second lies
    before the first; starts (P,); residuals (n, P, outputs); effect_first (n, outputs), effect_second (n, P, outputs);
    averaged (P, rest): mean residuals of the further values that were predicted."""

    distances: np.ndarray
    starts: np.ndarray
    residuals: np.ndarray
    effect_first: np.ndarray
    effect_second: np.ndarray
    averaged: np.ndarray


def centre_start(window_bp: int, width: int) -> int:
    """Where a word of ``width`` begins that stands at the centre."""
    return (window_bp - width) // 2


def allowed_distances(
    window_bp: int, first_bp: int, second_bp: list[int], min_gap_bp: int, max_distance_bp: int, step_bp: int
) -> np.ndarray:
    """Multiples of ``step_bp`` up to ``max_distance_bp`` on both sides, ascending, at which every word of a length in
    ``second_bp`` lies inside the window and at least ``min_gap_bp`` bases away from the first. (P,) int64.

    Distance: from the first word's middle base (start + width // 2) to the second's.
    """
    reach = max_distance_bp // step_bp * step_bp
    distances = np.arange(-reach, reach + 1, step_bp, dtype=np.int64)
    first = centre_start(window_bp, first_bp)
    fits = np.ones(len(distances), dtype=bool)
    for width in second_bp:
        start = second_starts(window_bp, first_bp, width, distances)
        after, before = start >= first + first_bp + min_gap_bp, start + width + min_gap_bp <= first
        fits &= (after | before) & (start >= 0) & (start + width <= window_bp)
    return distances[fits]


def second_starts(window_bp: int, first_bp: int, second_bp: int, distances: np.ndarray) -> np.ndarray:
    """(P,) int64: where the second word begins at each distance."""
    return centre_start(window_bp, first_bp) + first_bp // 2 + distances - second_bp // 2


def insert(codes: np.ndarray, word: np.ndarray, start: int) -> np.ndarray:
    """A copy of codes (n, L) with ``word`` (w,) at ``start``; where the word has an N the background stays."""
    out = codes.copy()
    known = np.flatnonzero(word < N_CODE)
    out[:, start + known] = word[known]
    return out


def measure(
    predict: Predict,
    backgrounds: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    distances: np.ndarray,
    pseudocount: FoldChange = None,
    n_outputs: int | None = None,
    tick: Callable[[int], None] = lambda n: None,
) -> Curve:
    """The curve of two words (codes) in backgrounds (n, L); ``tick`` hears how many sequences were predicted.

    Of the predicted values the first ``n_outputs`` (default all) are kept for each background, the rest averaged.
    """
    window = backgrounds.shape[1]
    starts = second_starts(window, len(first), len(second), distances)
    with_first = insert(backgrounds, first, centre_start(window, len(first)))
    empty, alone = predict(backgrounds), predict(with_first)
    tick(2 * len(backgrounds))
    residuals, effects, averaged = [], [], []
    for start in starts:
        other, both = (predict(insert(codes, second, int(start))) for codes in (backgrounds, with_first))
        found = residual(both, alone, other, empty, pseudocount)
        residuals.append(found[:, :n_outputs])
        averaged.append(found[:, found.shape[1] if n_outputs is None else n_outputs :].mean(axis=0))
        effects.append(effect(other, empty, pseudocount)[:, :n_outputs])
        tick(2 * len(backgrounds))
    first_effect = effect(alone, empty, pseudocount)[:, :n_outputs]
    stacked = (np.stack(values, axis=1) for values in (residuals, effects))
    return Curve(distances, starts, next(stacked), first_effect, next(stacked), np.stack(averaged))


def residual(
    both: np.ndarray, first: np.ndarray, second: np.ndarray, empty: np.ndarray, pseudocount: FoldChange = None
) -> np.ndarray:
    """both − first − second + empty; with a pseudocount the log2 of both over what the sum predicts, values >= 0."""
    if pseudocount is None:
        return both - first - second + empty
    return _log2(both, pseudocount) - _log2(first + second - empty, pseudocount)


def effect(value: np.ndarray, empty: np.ndarray, pseudocount: FoldChange = None) -> np.ndarray:
    """value − empty, or the log2 fold change of it."""
    return value - empty if pseudocount is None else _log2(value, pseudocount) - _log2(empty, pseudocount)


def _log2(value: np.ndarray, pseudocount: float) -> np.ndarray:
    return np.log2(np.maximum(value, 0.0) + pseudocount)
