"""Baselines of several tasks: equal to scikit-learn's, honest about what they were fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cislex_core.datasets import Dataset
from cislex_core.targets import TARGET_TYPES
from cislex_trainer import task_baselines as module
from cislex_trainer.baselines import kmer_counts, spread_scale
from cislex_trainer.task_baselines import task_baselines
from planted_targets import WORDS, planted_labels
from sklearn.linear_model import LogisticRegression, Ridge


def _open(desk: Any, targets: np.ndarray, kind: str, codes: np.ndarray, outputs: list[str]) -> Dataset:
    return Dataset.from_artifact(desk.targets_dataset(codes, targets, kind, outputs), TARGET_TYPES)


def test_values_equal_scikit_learns_ridge(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    codes, labels, _ = planted_labels(200, 0)
    values = labels @ np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]]) + 5
    dataset = _open(desk, values, "regression", codes, ["a", "b"])
    monkeypatch.setattr(module, "RIDGE", (0.1,))
    found, skipped = task_baselines(dataset, codes[:20], desk.progress())
    train = dataset.split("train")
    counts = kmer_counts(codes[train])
    scale = spread_scale(counts)
    # the penalty is of the mean squared error: scikit-learn's is of the sum
    ridge = Ridge(alpha=0.1 * len(train)).fit((counts @ scale).toarray(), values[train])
    expected = ridge.predict((kmer_counts(codes[:20]) @ scale).toarray())
    np.testing.assert_allclose(found["kmer6_ridge"].answers, expected, atol=1e-5)
    assert skipped == ""
    assert found["gc"].answers.shape == (20, 2)


def test_labels_equal_scikit_learns_logistic_on_resolved_rows(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    codes, _, masked = planted_labels(300, 0)
    dataset = _open(desk, masked, "multilabel", codes, list(WORDS))
    monkeypatch.setattr(module, "PENALTIES", (0.01,))
    found, _ = task_baselines(dataset, codes[:20], desk.progress())
    train = dataset.split("train")
    counts = kmer_counts(codes[train])
    scale = spread_scale(counts)
    known = masked[train, 1] >= 0
    model = LogisticRegression(C=0.01, max_iter=1000).fit((counts @ scale)[known], masked[train][known, 1])
    expected = model.decision_function(kmer_counts(codes[:20]) @ scale)
    np.testing.assert_allclose(found["kmer6_logistic"].answers[:, 1], expected, atol=1e-6)


def test_a_label_of_one_class_has_even_odds_and_no_train_split_no_baseline(desk: Any) -> None:
    codes, labels, _ = planted_labels(60, 0)
    labels[:, 0] = 1
    found, _ = task_baselines(_open(desk, labels, "multilabel", codes, list(WORDS)), codes[:5], desk.progress())
    assert found["gc"].answers[:, 0].tolist() == [0.0] * 5
    artifact = desk.targets_dataset(codes, labels, "multilabel", list(WORDS), splits=["test"] * 60)
    none, why = task_baselines(Dataset.from_artifact(artifact, TARGET_TYPES), codes[:5], desk.progress())
    assert none == {}
    assert "train split holds no sequences" in why


def test_classes_missing_from_train_are_said(desk: Any) -> None:
    codes, _, _ = planted_labels(60, 0)
    dataset = _open(desk, np.arange(60) % 2, "class_index", codes, ["a", "b", "c"])
    found, why = task_baselines(dataset, codes[:5], desk.progress())
    assert (found, why) == ({}, "the train split lacks a class")
