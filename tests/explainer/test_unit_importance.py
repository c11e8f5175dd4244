"""Unit importance: against plain numpy, by task, ranks, and what weights do not say; the order of the heat map."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_explainer.heatmap import clustered_order
from cislex_explainer.importance import (
    QUANTILES,
    Importance,
    Selection,
    agreement,
    contrast,
    ranks,
    sorted_quantiles,
    unit_importance,
)


def _measured(seed: int, n_sets: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, Selection]:
    rng = np.random.default_rng(seed)
    outputs = np.maximum(rng.normal(size=(60, 4)), 0).astype(np.float32)
    active = rng.random((60, 4)) < 0.4
    weights = rng.normal(size=(3, 4))
    return outputs, active, weights, Selection(rng.random((n_sets, 60)) < 0.7, rng.random((3, 60)) < 0.5)


@pytest.mark.parametrize("n_sets", [1, 3])
def test_importance_is_output_times_weight_over_active_correct_sequences(n_sets: int) -> None:
    outputs, active, weights, selection = _measured(1, n_sets)
    found = unit_importance(weights, lambda u: outputs[:, u], lambda u: active[:, u], selection)
    assert selection.positive is not None
    for unit in range(4):
        for task in range(3):
            correct = selection.correct[min(task, n_sets - 1)]
            values = weights[task, unit] * outputs[:, unit].astype(np.float64)
            chosen = values[active[:, unit] & correct]
            assert found.n[unit, task] == len(chosen)
            np.testing.assert_allclose(found.quantiles[unit, task], np.quantile(chosen, QUANTILES), atol=1e-12)
            assert found.mean[unit, task] == pytest.approx(chosen.mean())
            assert found.mean_inactive[unit, task] == pytest.approx(values[~active[:, unit] & correct].mean())
            positive = values[active[:, unit] & correct & selection.positive[task]]
            assert found.n_positive[unit, task] == len(positive)
            assert found.median_positive[unit, task] == pytest.approx(np.median(positive))
    np.testing.assert_allclose(found.effect, found.mean - found.mean_inactive)


def test_a_unit_that_no_sequence_activates_has_no_importance() -> None:
    outputs, active, weights, selection = _measured(2, 1)
    active[:, 1] = False
    found = unit_importance(weights, lambda u: outputs[:, u], lambda u: active[:, u], selection)
    assert found.n[1].tolist() == [0, 0, 0]
    assert np.isnan(found.quantiles[1]).all()
    assert np.isnan(found.mean[1]).all()
    assert np.isfinite(found.mean_inactive[1]).all()
    assert ranks(found.median)[1] == 4
    assert set(agreement(found)[1]) <= {"weight_only", "switched_off", "neither"}


def test_quantiles_of_few_values() -> None:
    assert np.isnan(sorted_quantiles(np.array([]))).all()
    assert sorted_quantiles(np.array([3.0])).tolist() == [3.0] * 5
    np.testing.assert_allclose(sorted_quantiles(np.array([0.0, 1.0])), QUANTILES)


def test_ranks_by_the_largest_median() -> None:
    assert ranks(np.array([[0.1, -0.2], [0.0, -3.0], [np.nan, np.nan], [0.2, 0.1]])).tolist() == [2, 1, 4, 3]
    assert contrast(np.array([[1.0, 2], [3, -1]])).tolist() == [[2.0, -3.0]]


def test_what_weights_do_not_say() -> None:
    """One output. Units: agrees; large weight never used (the paper's negative weight); speaks by silence; small weight
    with large outputs; neither; negative outputs."""
    weight = np.array([[2.0], [-2.0], [-2.0], [0.1], [0.01], [1.0]])
    median = np.array([[1.0], [0.0], [-0.0], [0.5], [0.0], [-0.9]])
    mean = np.array([[1.0], [-0.01], [-0.01], [0.5], [0.0], [-0.9]])
    inactive = np.array([[0.0], [-0.02], [-1.5], [0.0], [0.0], [0.0]])
    nothing = np.zeros((6, 1))
    quantiles = np.repeat(median[:, :, None], 5, axis=2)
    found = Importance(weight, nothing, mean, inactive, quantiles, nothing, nothing)
    answers = agreement(found, large_weight=0.25, negligible_importance=0.05)[:, 0].tolist()
    assert answers == ["agree", "weight_only", "switched_off", "importance_only", "neither", "opposite"]


def test_like_lies_beside_like() -> None:
    rng = np.random.default_rng(0)
    shapes = rng.normal(size=(3, 8))
    which = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    matrix = shapes[which] * rng.uniform(0.5, 2, (9, 1)) + rng.normal(scale=0.01, size=(9, 8))
    order = clustered_order(matrix)
    assert sorted(order.tolist()) == list(range(9))
    assert len(np.flatnonzero(np.diff(which[order]))) == 2
    matrix[4] = 1.0  # constant: correlates with nothing
    assert sorted(clustered_order(matrix).tolist()) == list(range(9))
    assert clustered_order(matrix[:, :2]).shape == (9,)
    assert clustered_order(matrix[:2]).tolist() == [0, 1]
