"""Integrated gradients: completeness, the convention of hypothetical scores, baselines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from cislex_core.sequences import dinucleotide_counts
from cislex_explainer.attributions import Method, attribute
from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.integrated import baselines_of, constant_baseline, integrate, shuffled_baselines
from cislex_models.onehot import one_hot

WT_MINUS_KO = Weigh("wt_minus_ko", ("KO", "WT"))


@pytest.mark.parametrize("baseline", ["uniform", "zeros", "dinucleotide_shuffle"])
@pytest.mark.parametrize("target", ["wt_minus_ko", "predicted"])
def test_projected_scores_add_up_to_the_change_of_the_output(
    small_model: Callable, sequences: Callable, baseline: str, target: str
) -> None:
    ensemble = Ensemble([small_model(0), small_model(1)])
    codes = sequences(6)[0]
    method = Method("integrated_gradients", target, steps=200, baseline=baseline, n_baselines=3)
    result = attribute(ensemble, codes, np.arange(6), ["KO", "WT"], method)
    assert result.reached is not None
    assert result.expected is not None
    spread = np.abs(result.expected).max()
    assert spread > 1e-3
    np.testing.assert_allclose(result.reached, result.expected, atol=0.02 * spread)
    np.testing.assert_allclose(result.projected.sum((1, 2)), result.reached, atol=1e-5)


def test_more_steps_come_nearer(small_model: Callable, sequences: Callable) -> None:
    ensemble = Ensemble([small_model(0)])
    x = one_hot(torch.from_numpy(sequences(8)[0]))
    apart = []
    for steps in (2, 200):
        result = integrate(ensemble, x, WT_MINUS_KO, [torch.zeros_like(x)], steps)
        apart.append(float((result.reached - result.expected).abs().mean()))
    assert apart[1] < apart[0] / 5


def test_uniform_baseline_gives_the_corrected_gradient(small_model: Callable, sequences: Callable) -> None:
    ensemble = Ensemble([small_model(0)])
    x = one_hot(torch.from_numpy(sequences(4)[0]))
    known = x.sum(1, keepdim=True)
    baseline = [constant_baseline(x, "uniform")]
    plain = integrate(ensemble, x, WT_MINUS_KO, baseline, 5).hypothetical
    assert (plain.sum(1) * known[:, 0]).abs().max() < 1e-6
    corrected = integrate(ensemble, x, WT_MINUS_KO, baseline, 5, gradient_correction=True).hypothetical
    assert torch.allclose(plain * known, corrected * known, atol=1e-6)


def test_on_a_linear_function_it_is_exact() -> None:
    weight = torch.tensor([[1.0], [2.0], [3.0], [10.0]])

    class Linear(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            wt = (x * weight).sum((1, 2))
            return torch.stack([torch.zeros_like(wt), wt], 1)

    x = one_hot(torch.tensor([[3]], dtype=torch.uint8))
    result = integrate(Ensemble([Linear()]), x, WT_MINUS_KO, [constant_baseline(x, "uniform")], 2)
    assert result.hypothetical[0, :, 0].tolist() == [-3.0, -2.0, -1.0, 6.0]
    assert float(result.expected[0]) == 6.0
    assert float(result.reached[0]) == 6.0


def test_n_stays_n_in_every_baseline_and_gets_no_score(small_model: Callable, sequences: Callable) -> None:
    codes = sequences(2)[0]
    x = one_hot(torch.from_numpy(codes))
    unknown = torch.from_numpy(codes == 4)
    for name in ("uniform", "zeros", "dinucleotide_shuffle"):
        for baseline in baselines_of(x, codes, np.arange(2), name, 2, 0):
            assert baseline.transpose(1, 2)[unknown].abs().max() == 0
    result = attribute(Ensemble([small_model(0)]), codes, np.arange(2), ["KO", "WT"], Method("integrated_gradients"))
    assert np.abs(result.projected.transpose(0, 2, 1)[codes == 4]).max() == 0


def test_shuffles_keep_dinucleotides_and_depend_on_the_row_alone(sequences: Callable) -> None:
    codes = sequences(6)[0]
    together = shuffled_baselines(codes, np.array([5, 6, 7, 8, 9, 10]), 4, seed=42)
    alone = shuffled_baselines(codes[3:4], np.array([8]), 4, seed=42)
    np.testing.assert_array_equal(together[:, 3], alone[:, 0])
    assert (together[0, 3] != codes[3]).any()
    assert (together[0, 3] != together[1, 3]).any()
    np.testing.assert_array_equal(dinucleotide_counts(together[2, 3]), dinucleotide_counts(codes[3]))
    other = shuffled_baselines(codes[3:4], np.array([8]), 4, seed=43)
    assert (other != alone).any()


def test_an_unknown_baseline_is_refused() -> None:
    with pytest.raises(ValueError, match="no constant baseline 'black'"):
        constant_baseline(torch.zeros(1, 4, 3), "black")
