"""In-silico mutagenesis against a loop over every base, and its normalisation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.ism import held_against_the_others, mutants_of, mutate
from cislex_models.onehot import one_hot

CLASSES = ("KO", "WT")


def _number(model: torch.nn.Module, codes: np.ndarray, weights: torch.Tensor) -> float:
    with torch.no_grad():
        return float((model(one_hot(torch.from_numpy(codes[None]))) * weights).sum())


def test_every_score_is_that_of_a_loop(small_model: Callable, sequences: Callable) -> None:
    codes = sequences(3)[0]
    model, weigh = small_model(), Weigh("wt_minus_ko", CLASSES)
    result = mutate(Ensemble([model]), codes, weigh, at_once=50)
    for i, sequence in enumerate(codes):
        here = _number(model, sequence, torch.tensor([[-1.0, 1.0]]))
        for position, old in enumerate(sequence):
            outputs = np.full(4, here)
            for base in range(4):
                if old != 4 and base != old:
                    changed = sequence.copy()
                    changed[position] = base
                    outputs[base] = _number(model, changed, torch.tensor([[-1.0, 1.0]]))
            np.testing.assert_allclose(result.raw[i, :, position], outputs - here, atol=1e-6)
            if old == 4:
                assert not result.hypothetical[i, :, position].any()
                continue
            for base in range(4):
                others = np.delete(outputs, base).mean()
                np.testing.assert_allclose(result.hypothetical[i, base, position], outputs[base] - others, atol=1e-6)


def test_the_observed_base_has_minus_the_mean_of_its_alternatives(small_model: Callable, sequences: Callable) -> None:
    codes = sequences(4)[0]
    result = mutate(Ensemble([small_model()]), codes, Weigh("predicted", CLASSES), at_once=64)
    x = one_hot(torch.from_numpy(codes))
    torch.testing.assert_close((result.hypothetical * x).sum(1), -result.raw.sum(1) / 3, rtol=1e-5, atol=1e-7)
    assert not (result.raw * x).any()


def test_chunks_do_not_matter(small_model: Callable, sequences: Callable) -> None:
    codes, weigh = sequences(3)[0], Weigh("wt_minus_ko", CLASSES)
    one, many = (mutate(Ensemble([small_model()]), codes, weigh, at_once=n) for n in (1, 10_000))
    torch.testing.assert_close(one.raw, many.raw, rtol=1e-4, atol=1e-7)


def test_a_linear_model_gives_its_weights_back() -> None:
    """f = Σ w·x: the score of base c is w_c minus the mean of the other three weights."""

    class Linear(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.arange(40.0).view(4, 10) ** 1.5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x * self.weight).sum((1, 2))[:, None]

    model = Linear()
    codes = np.random.default_rng(0).integers(0, 4, (2, 10)).astype(np.uint8)
    result = mutate(Ensemble([model]), codes, Weigh("output", ("a",), outputs=("a",)), at_once=8)
    w = model.weight.detach()
    expected = (w - (w.sum(0, keepdim=True) - w) / 3).expand(2, 4, 10)
    torch.testing.assert_close(result.hypothetical, expected, rtol=1e-4, atol=1e-3)


def test_the_reference_base_is_never_computed_again(sequences: Callable) -> None:
    codes = sequences(2)[0]
    mutants = mutants_of(codes)
    assert len(mutants) == 3 * int((codes != 4).sum())
    assert not (codes[mutants[:, 0], mutants[:, 1]] == mutants[:, 2]).any()
    assert len(np.unique(mutants, axis=0)) == len(mutants)
    flat = held_against_the_others(torch.zeros(1, 4, 3), torch.ones(1, 4, 3))
    assert not flat.any()
