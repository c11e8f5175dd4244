"""Reverse complement: attributions averaged over strands turn with the sequence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from cislex_core.sequences import reverse_complement
from cislex_explainer.attributions import Method, attribute
from cislex_explainer.ensembles import Ensemble
from cislex_explainer.strands import ReverseStrand, on_both_strands, strand_averaged, turn
from cislex_models.onehot import one_hot

CLASSES = ["KO", "WT"]


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients"])
@pytest.mark.parametrize("target", ["wt_minus_ko", "predicted"])
def test_the_reverse_complement_has_the_turned_attribution(
    small_model: Callable, sequences: Callable, method: str, target: str
) -> None:
    ensemble = Ensemble(on_both_strands([small_model(0), small_model(1)]))
    codes = sequences(12)[0]
    how = Method(method, target, gradient_correction=method == "input_x_gradient", steps=6)
    forward = attribute(ensemble, codes, np.arange(12), CLASSES, how)
    backward = attribute(ensemble, reverse_complement(codes).copy(), np.arange(12), CLASSES, how)
    np.testing.assert_allclose(backward.hypothetical, forward.hypothetical[:, ::-1, ::-1], atol=1e-6)
    np.testing.assert_allclose(backward.importance, forward.importance[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(backward.logits, forward.logits, atol=1e-6)


def test_without_averaging_it_does_not(small_model: Callable, sequences: Callable) -> None:
    ensemble = Ensemble([small_model(0)])
    codes = sequences(4)[0]
    forward = attribute(ensemble, codes, np.arange(4), CLASSES, Method())
    backward = attribute(ensemble, reverse_complement(codes).copy(), np.arange(4), CLASSES, Method())
    assert np.abs(backward.importance - forward.importance[:, ::-1]).max() > 1e-4


def test_averaging_is_the_mean_of_both_turned_back(small_model: Callable, sequences: Callable) -> None:
    model = small_model(2)
    codes = sequences(5)[0]
    both = attribute(Ensemble(on_both_strands([model])), codes, np.arange(5), CLASSES, Method()).hypothetical
    here = attribute(Ensemble([model]), codes, np.arange(5), CLASSES, Method()).hypothetical
    there = attribute(Ensemble([model]), reverse_complement(codes).copy(), np.arange(5), CLASSES, Method()).hypothetical
    np.testing.assert_allclose(both, (here + turn(torch.from_numpy(there)).numpy()) / 2, atol=1e-7)


def test_reading_the_other_strand_is_reading_the_reverse_complement(small_model: Callable, sequences: Callable) -> None:
    model = small_model(0)
    codes = sequences(3)[0]
    x, turned = one_hot(torch.from_numpy(codes)), one_hot(torch.from_numpy(reverse_complement(codes).copy()))
    assert torch.allclose(ReverseStrand(model)(x), model(turned), atol=1e-6)
    assert torch.allclose(strand_averaged(model, x), (model(x) + model(turned)) / 2, atol=1e-6)
    assert turn(torch.arange(3.0)[None]).tolist() == [[2, 1, 0]]
