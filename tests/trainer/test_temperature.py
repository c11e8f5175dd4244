"""Temperatures undo a known overconfidence, task by task, and never change an order."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_core.activations import activate
from cislex_trainer.calibration import reliability
from cislex_trainer.temperature import fit_temperatures


@pytest.mark.parametrize("boast", [0.5, 1.0, 3.0])
def test_classes_that_boast_are_brought_down(boast: float) -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(size=(20_000, 3)) * 1.5
    p = activate("softmax", honest)
    labels = (p.cumsum(1) > rng.random((20_000, 1))).argmax(1)
    (found,) = fit_temperatures("class_index", honest * boast, labels)
    assert found == pytest.approx(boast, rel=0.05)


def test_each_label_has_its_own_and_unresolved_entries_do_not_count() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(size=(20_000, 2)) * 1.5
    labels = (rng.random(honest.shape) < activate("sigmoid", honest)).astype(np.int8)
    said = honest * np.array([4.0, 0.5])
    labels[:5000] = -1
    said[:5000] = 1e3
    found = fit_temperatures("multilabel", said, labels)
    assert found == pytest.approx([4.0, 0.5], rel=0.05)
    before = reliability(labels[5000:, 0], activate("sigmoid", said[5000:, :1])[:, 0])["ece"]
    after = reliability(labels[5000:, 0], activate("sigmoid", said[5000:, :1] / found[0])[:, 0])["ece"]
    assert after < 0.02 < before


def test_a_label_of_one_class_keeps_its_logits() -> None:
    logits = np.random.default_rng(2).normal(size=(50, 2))
    labels = np.array([[1, 1], [1, 0]] * 25, dtype=np.int8)
    assert fit_temperatures("multilabel", logits, labels)[0] == 1.0


def test_rates_stay_numbers_and_probabilities_sum_to_one() -> None:
    z = np.array([[1000.0, -1000.0, 0.0]], dtype=np.float32)
    assert np.isfinite(activate("exp", z)).all()
    assert activate("softmax", z).sum() == 1.0
    assert activate("sigmoid", z).tolist() == [[1.0, 0.0, 0.5]]
    assert activate("identity", z).tolist() == z.tolist()
