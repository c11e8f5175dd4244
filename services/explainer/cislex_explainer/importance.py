"""Unit importance: unit output × output weight, over sequences that activate the unit (ExplaiNN, Methods).

For one unit and one output the importance is the unit's output times a constant, so its quantiles are those of the
unit's output times that constant, read from the other end where it is negative. They are exact, however many sequences
there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MEDIAN = QUANTILES.index(0.5)
_BLOCK = 65_536


@dataclass(frozen=True)
class Selection:
    """Which sequences count for which output, (sets, n) bool each; one set serves all outputs where there is only one.

    ``correct``: predicted correctly. ``positive``: (outputs, n) of the class, or labelled 1; None for regression.
    """

    correct: np.ndarray
    positive: np.ndarray | None


@dataclass(frozen=True)
class Importance:
    """Importance of every unit for every output. Shapes (units, outputs); quantiles with a last axis of QUANTILES.

    ``n``: sequences counted. Where none is, mean and quantiles are NaN. ``mean_inactive``: over the correct sequences
    that do not activate the unit. ``n_positive`` and ``median_positive``: over the positive sequences among those
    counted; zeros and NaN for regression.
    """

    weight: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    mean_inactive: np.ndarray
    quantiles: np.ndarray
    n_positive: np.ndarray
    median_positive: np.ndarray

    @property
    def median(self) -> np.ndarray:
        """(units, outputs)."""
        return self.quantiles[:, :, MEDIAN]

    @property
    def effect(self) -> np.ndarray:
        """(units, outputs): what activating the unit changes, mean − mean_inactive; NaN where either is."""
        return self.mean - self.mean_inactive


def sorted_quantiles(values: np.ndarray) -> np.ndarray:
    """QUANTILES of ascending values (m,), linear between neighbours (numpy's default); NaN for m = 0."""
    if not len(values):
        return np.full(len(QUANTILES), np.nan)
    place = np.asarray(QUANTILES) * (len(values) - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


def unit_importance(
    weights: np.ndarray,
    column: Callable[[int], np.ndarray],
    active: Callable[[int], np.ndarray],
    selection: Selection,
    tick: Callable[[int], None] = lambda unit: None,
) -> Importance:
    """weights (outputs, units); ``column(u)`` (n,) outputs of unit u, ``active(u)`` (n,) bool where it is active."""
    n_outputs, n_units = weights.shape
    shape = (n_units, n_outputs)
    n, n_positive = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    mean, mean_inactive, median_positive = (np.full(shape, np.nan) for _ in range(3))
    quantiles = np.full((*shape, len(QUANTILES)), np.nan)
    n_correct = selection.correct.sum(axis=1)
    for unit in range(n_units):
        tick(unit)
        index = np.flatnonzero(active(unit))
        every = column(unit)
        sums = _sums(selection.correct, every)
        values = every[index].astype(np.float64)
        order = np.argsort(values, kind="stable")
        index, values = index[order], values[order]
        facts = [_facts(values[chosen[index]]) for chosen in selection.correct]
        for output in range(n_outputs):
            which = min(output, len(facts) - 1)
            weight = float(weights[output, unit])
            n[unit, output], average, found = facts[which]
            mean[unit, output] = weight * average
            others = n_correct[which] - n[unit, output]
            if others:
                rest = sums[which] - (average * n[unit, output] if n[unit, output] else 0.0)
                mean_inactive[unit, output] = weight * rest / others
            quantiles[unit, output] = weight * (found if weight >= 0 else found[::-1])
            if selection.positive is not None:
                both = values[selection.correct[which][index] & selection.positive[output][index]]
                n_positive[unit, output] = len(both)
                median_positive[unit, output] = weight * sorted_quantiles(both)[MEDIAN]
    weight_of = weights.T.astype(np.float64)
    return Importance(weight_of, n, mean, mean_inactive, quantiles, n_positive, median_positive)


def _facts(values: np.ndarray) -> tuple[int, float, np.ndarray]:
    return len(values), float(values.mean()) if len(values) else np.nan, sorted_quantiles(values)


def _sums(chosen: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(sets,) float64: sum of values (n,) over each set (sets, n) bool, in blocks that stay small."""
    total = np.zeros(len(chosen))
    for start in range(0, len(values), _BLOCK):
        part = slice(start, start + _BLOCK)
        total += chosen[:, part].astype(np.float64) @ values[part].astype(np.float64)
    return total


def contrast(weights: np.ndarray) -> np.ndarray:
    """Weights (1, units) of logit 1 − logit 0, of weights (2, units): with two classes a softmax sees only this."""
    return weights[1:2] - weights[0:1]


def ranks(median: np.ndarray) -> np.ndarray:
    """(units,) int64 from 1 = most important, by the largest |median| (units, outputs) of a unit; ties by index."""
    score = np.nan_to_num(np.abs(median), nan=0.0).max(axis=1)
    order = np.argsort(-score, kind="stable")
    rank = np.empty(len(score), dtype=np.int64)
    rank[order] = np.arange(1, len(score) + 1)
    return rank


def agreement(importance: Importance, large_weight: float = 0.25, negligible_importance: float = 0.05) -> np.ndarray:
    """(units, outputs) of str: does the weight say what the importance says?

    A weight is large from ``large_weight`` × the largest |weight| of its output on; an importance is negligible below
    ``negligible_importance`` × the largest |median importance| of its output, or where no sequence was counted.

    ``agree``: large weight, importance of the same sign. ``weight_only``: large weight, negligible importance: the
    model does not use the unit for this output (ExplaiNN's negative weights, Fig. S1). ``switched_off``: the same, but
    the mean importance of sequences that do not activate the unit is not negligible and at least twice that of those
    that do: the motif speaks by silencing the unit. ``opposite``: importance of the other sign than the weight, which
    only units with negative outputs can have. ``importance_only``: small weight, but outputs so large that the
    importance is not negligible. ``neither``: both small.
    """
    weight, median = importance.weight, np.nan_to_num(importance.median)
    size, strength, resting = np.abs(weight), np.abs(median), np.abs(np.nan_to_num(importance.mean_inactive))
    large = (size >= large_weight * size.max(axis=0, initial=0.0)) & (size > 0)
    floor = negligible_importance * strength.max(axis=0, initial=0.0)
    counts = (strength >= floor) & (strength > 0)
    silenced = (resting >= floor) & (resting > 0) & (resting >= 2 * np.abs(np.nan_to_num(importance.mean)))
    answer = np.full(weight.shape, "neither", dtype=object)
    answer[~large & counts] = "importance_only"
    answer[large & ~counts] = "weight_only"
    answer[large & ~counts & silenced] = "switched_off"
    answer[large & counts] = "agree"
    answer[counts & (np.sign(median) != np.sign(weight))] = "opposite"
    return answer
