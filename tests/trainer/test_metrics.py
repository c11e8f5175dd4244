"""Our weighted metrics against scikit-learn's, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_trainer.calibration import calibration
from cislex_trainer.metrics import confusion, curves, plain, ranking_metrics, threshold_metrics
from sklearn import metrics as sk


def _random(seed: int, n: int = 300, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < 0.4).astype(np.int64)
    scores = 1 / (1 + np.exp(-rng.normal(labels * 1.2 - 0.5, 1.0)))
    return labels, scores.round(1) if ties else scores


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ranking_metrics_equal_scikit_learn(seed: int, ties: bool) -> None:
    labels, scores = _random(seed, ties=ties)
    ours = ranking_metrics(labels, scores)
    assert ours["auroc"][0] == pytest.approx(sk.roc_auc_score(labels, scores), abs=1e-12)
    assert ours["auprc"][0] == pytest.approx(sk.average_precision_score(labels, scores), abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_row_weights_equal_scikit_learns(ties: bool) -> None:
    labels, scores = _random(3, ties=ties)
    weights = np.random.default_rng(1).integers(0, 4, (5, len(labels)))
    ours = {
        **ranking_metrics(labels, scores, weights),
        **threshold_metrics(labels, (scores > 0.5).astype(int), weights),
    }
    for r, w in enumerate(weights):
        assert ours["auroc"][r] == pytest.approx(sk.roc_auc_score(labels, scores, sample_weight=w), abs=1e-12)
        assert ours["auprc"][r] == pytest.approx(sk.average_precision_score(labels, scores, sample_weight=w), abs=1e-12)
        assert ours["accuracy"][r] == pytest.approx(sk.accuracy_score(labels, scores > 0.5, sample_weight=w))


def test_per_class_metrics_equal_scikit_learn() -> None:
    labels, scores = _random(4)
    predicted = (scores > 0.5).astype(np.int64)
    ours = plain(labels, scores)
    p, r, f, _ = sk.precision_recall_fscore_support(labels, predicted)
    for c, name in enumerate(("KO", "WT")):
        assert ours[f"precision_{name}"] == pytest.approx(p[c])
        assert ours[f"recall_{name}"] == pytest.approx(r[c])
        assert ours[f"f1_{name}"] == pytest.approx(f[c])
    assert confusion(labels, predicted) == sk.confusion_matrix(labels, predicted).tolist()


def test_auroc_of_a_constant_is_a_half_and_of_a_perfect_score_one() -> None:
    labels = np.array([0, 1, 1, 0, 1])
    assert ranking_metrics(labels, np.zeros(5))["auroc"][0] == 0.5
    assert ranking_metrics(labels, labels.astype(float))["auroc"][0] == 1.0
    assert ranking_metrics(labels, -labels.astype(float))["auroc"][0] == 0.0


def test_undefined_values_are_none_not_zero() -> None:
    one_class = plain(np.ones(4, dtype=int), np.array([0.9, 0.8, 0.9, 0.7]))
    assert one_class["auroc"] is None
    assert one_class["precision_KO"] is None
    assert one_class["accuracy"] == 1.0
    assert plain(np.zeros(3, dtype=int), np.array([0.1, 0.2, 0.3]))["auprc"] is None


def test_auroc_is_unchanged_by_any_increasing_map() -> None:
    labels, scores = _random(5)
    a, b = ranking_metrics(labels, scores), ranking_metrics(labels, np.exp(7 * scores))
    assert a["auroc"][0] == b["auroc"][0]
    assert a["auprc"][0] == b["auprc"][0]


def test_curves_span_the_square_and_are_thinned() -> None:
    labels, scores = _random(6, n=5000)
    found = curves(labels, scores, points=200)
    assert (found["roc"]["fpr"][0], found["roc"]["tpr"][0]) == (0.0, 0.0)
    assert (found["roc"]["fpr"][-1], found["roc"]["tpr"][-1]) == (1.0, 1.0)
    assert len(found["roc"]["fpr"]) <= 201
    area = np.trapezoid(found["roc"]["tpr"], found["roc"]["fpr"])
    assert area == pytest.approx(sk.roc_auc_score(labels, scores), abs=0.005)


def test_calibration_of_honest_probabilities_is_near_zero_and_of_boasts_is_not() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(50_000)
    labels = (rng.random(50_000) < p).astype(int)
    assert calibration(labels, p)["ece"] < 0.01
    boast = np.where(p > 0.5, 0.99, 0.01)
    assert calibration(labels, boast)["ece"] == pytest.approx(0.24, abs=0.01)


def test_calibration_bins_by_hand() -> None:
    found = calibration(np.array([0, 1, 1, 1]), np.array([0.05, 0.05, 0.95, 1.0]))
    assert [b["n"] for b in found["bins"]] == [2, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert found["bins"][0]["observed_wt"] == 0.5
    assert found["bins"][4]["mean_p_wt"] is None
    assert found["ece"] == pytest.approx(0.5 * 0.45 + 0.5 * 0.025)
