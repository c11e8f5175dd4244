"""Metrics from counts per block agree with the row-weighted ones, with sklearn and scipy, and stay true thinned."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_trainer.block_metrics import (
    Counting,
    class_metrics,
    multilabel_metrics,
    ranking,
    regression_metrics,
    softmax,
)
from cislex_trainer.bootstrap import Blocks, replicate_weights
from cislex_trainer.metrics import ranking_metrics
from cislex_trainer.paired import MOST_THRESHOLDS, drawn_blocks, two_sided_p
from scipy.stats import pearsonr
from sklearn import metrics as sk


def _scored(n: int, seed: int = 0, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    scores = rng.normal(size=n) + labels
    return labels, np.round(scores, 1) if ties else scores


@pytest.mark.parametrize("ties", [False, True])
def test_block_counts_give_the_row_weighted_ranking_metrics(ties: bool) -> None:
    labels, scores = _scored(300, ties=ties)
    found = Blocks(np.arange(300) % 7, "contiguous", "")
    by_rows = next(replicate_weights(found, 50, 3))
    by_blocks = next(drawn_blocks(found, 50, 3))
    expected = ranking_metrics(labels, scores, by_rows)
    got = ranking(labels == 1, scores, Counting(found.of, by_blocks))
    for name in ("auroc", "auprc"):
        np.testing.assert_allclose(got[name], expected[name], atol=1e-12)


@pytest.mark.parametrize("share", [0.5, 0.02])
def test_thinned_rankings_stay_within_a_hair(share: float) -> None:
    rng = np.random.default_rng(4)
    positive = rng.random(50_000) < share
    scores = rng.normal(size=50_000) + 2 * positive
    exact = ranking(positive, scores, Counting.plain(50_000))
    thinned = ranking(positive, scores, Counting(np.zeros(50_000, dtype=np.int64), np.ones((1, 1)), MOST_THRESHOLDS))
    assert thinned["auroc"][0] == pytest.approx(exact["auroc"][0], abs=2e-5)
    assert thinned["auprc"][0] == pytest.approx(exact["auprc"][0], abs=3e-4)


def test_golden_two_classes() -> None:
    labels = np.array([0, 0, 1, 1])
    logits = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 3.0]])
    found = {k: float(v[0]) for k, v in class_metrics(labels, logits, ["KO", "WT"], Counting.plain(4)).values.items()}
    assert found["accuracy"] == 0.5
    assert (found["precision_WT"], found["recall_WT"], found["f1_KO"]) == (0.5, 0.5, 0.5)
    assert found["auroc"] == 0.75
    assert found["auprc"] == pytest.approx((1 + 2 / 3) / 2)


def test_many_classes_are_macro_means_as_sklearn_has_them() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 4, 400)
    logits = rng.normal(size=(400, 4)) + np.eye(4)[labels]
    found = class_metrics(labels, logits, list("abcd"), Counting.plain(400)).values
    p, predicted = softmax(logits), logits.argmax(1)
    assert found["macro_f1"][0] == pytest.approx(sk.f1_score(labels, predicted, average="macro"))
    assert found["accuracy"][0] == pytest.approx(sk.accuracy_score(labels, predicted))
    assert found["auroc"][0] == pytest.approx(sk.roc_auc_score(labels, p, multi_class="ovr", average="macro"))
    one = [sk.average_precision_score(labels == c, p[:, c]) for c in range(4)]
    assert found["auprc"][0] == pytest.approx(np.mean(one))


def test_unresolved_entries_and_tasks_of_one_class_are_left_out() -> None:
    rng = np.random.default_rng(2)
    targets = rng.integers(0, 2, (200, 3)).astype(np.int8)
    targets[:, 2] = 1
    logits = rng.normal(size=(200, 3)) + targets
    targets[:50, 0] = -1
    found = multilabel_metrics(targets, logits, Counting.plain(200))
    expected = [
        sk.roc_auc_score(targets[50:, 0], logits[50:, 0]),
        sk.roc_auc_score(targets[:, 1], logits[:, 1]),
    ]
    np.testing.assert_allclose(found.per_task["auroc"][:2, 0], expected)
    assert np.isnan(found.per_task["auroc"][2, 0])
    assert found.values["auroc"][0] == pytest.approx(np.mean(expected))


def test_regression_agrees_with_scipy_far_from_zero() -> None:
    rng = np.random.default_rng(3)
    targets = rng.normal(size=(100, 4)).astype(np.float32) + 1000
    answers = targets + rng.normal(size=(100, 4)).astype(np.float32)
    found = regression_metrics(targets, answers, Counting.plain(100))
    for t in range(4):
        assert found.per_task["pearson"][t, 0] == pytest.approx(pearsonr(targets[:, t], answers[:, t])[0], abs=1e-5)
    assert found.values["mse"][0] == pytest.approx(((targets - answers) ** 2).mean(), rel=1e-5)
    across = np.mean([pearsonr(a, b)[0] for a, b in zip(targets, answers, strict=True)])
    assert found.values["pearson_across_tasks"][0] == pytest.approx(across, abs=1e-4)


def test_a_ranking_of_nothing_is_undefined() -> None:
    empty = ranking(np.zeros(0, dtype=bool), np.zeros(0), Counting.plain(0))
    assert np.isnan(empty["auroc"][0])
    only = ranking(np.ones(5, dtype=bool), np.arange(5.0), Counting.plain(5))
    assert np.isnan(only["auroc"][0])


def test_p_is_two_sided_and_never_zero() -> None:
    assert two_sided_p(np.linspace(1, 2, 999)) == pytest.approx(2 / 1000)
    assert two_sided_p(np.linspace(-1, 1, 1000)) == 1.0
    assert two_sided_p(np.full(10, np.nan)) is None
