"""Gradients against finite differences and by hand; targets; correction; Eq. 2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from cislex_explainer.attributions import Attributed, Method, attribute, in_batches
from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.saliency import correct_gradient, position_importance, saliency
from cislex_models.onehot import one_hot

CLASSES = ["KO", "WT"]
WT_MINUS_KO = Weigh("wt_minus_ko", ("KO", "WT"))


def _x(sequences: Callable[..., tuple[np.ndarray, np.ndarray]], n: int = 8) -> torch.Tensor:
    return one_hot(torch.from_numpy(sequences(n)[0]))


def test_gradient_is_the_finite_difference(small_model: Callable, sequences: Callable) -> None:
    models = [small_model(seed).double() for seed in (0, 1)]
    ensemble = Ensemble(models)
    x = _x(sequences, 5)[2:].double()  # the first two hold N, where pools tie and the function has a kink
    gradient, logits = saliency(ensemble, x, WT_MINUS_KO)
    assert torch.allclose(logits, (models[0](x) + models[1](x)) / 2)
    step = 1e-6
    for channel in range(4):
        for position in (0, 17, 58):
            up, down = x.clone(), x.clone()
            up[:, channel, position] += step
            down[:, channel, position] -= step
            difference = (ensemble.logits(up) - ensemble.logits(down)) / (2 * step)
            expected = difference[:, 1] - difference[:, 0]
            assert torch.allclose(gradient[:, channel, position], expected, atol=1e-6)


def test_a_linear_model_gives_its_weights() -> None:
    weight = torch.arange(8.0).reshape(4, 2)

    class Linear(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            wt = (x * weight).sum((1, 2))
            return torch.stack([-wt, wt], 1)

    codes = np.array([[0, 3], [2, 4]], dtype=np.uint8)
    result = attribute(Ensemble([Linear()]), codes, np.arange(2), CLASSES, Method())
    np.testing.assert_array_equal(result.hypothetical, np.broadcast_to(2 * weight.numpy(), (2, 4, 2)))
    np.testing.assert_array_equal(result.importance, [[12, 14], [12, 14]])
    assert result.projected[0].tolist() == [[0, 0], [0, 0], [0, 0], [0, 14]]
    assert result.projected[1].tolist() == [[0, 0], [0, 0], [8, 0], [0, 0]]
    corrected = attribute(
        Ensemble([Linear()]), codes, np.arange(2), CLASSES, Method("input_x_gradient", gradient_correction=True)
    )
    assert corrected.hypothetical[0].tolist() == [[-6, -6], [-2, -2], [2, 2], [6, 6]]
    assert corrected.importance.tolist() == [[6, 6], [2, 0]]


def test_targets_are_related(small_model: Callable, sequences: Callable) -> None:
    """d(WT − KO) is d WT − d KO, and the predicted class's gradient is one of the two."""
    ensemble = Ensemble([small_model(3)])
    x = _x(sequences, 16)
    weights = torch.eye(2)
    ko, wt = (ensemble.gradient(x, Weigh("predicted", ("KO", "WT"), fixed=row.expand(16, -1)))[0] for row in weights)
    difference, logits = ensemble.gradient(x, WT_MINUS_KO)
    predicted, _ = ensemble.gradient(x, Weigh("predicted", ("KO", "WT")))
    assert torch.allclose(difference, wt - ko, atol=1e-7)
    chosen = torch.where((logits[:, 1] > logits[:, 0])[:, None, None], wt, ko)
    assert torch.allclose(predicted, chosen, atol=1e-7)


def test_the_ensemble_predicts_one_class_for_all_its_members(small_model: Callable, sequences: Callable) -> None:
    models = [small_model(seed) for seed in range(4)]
    x = _x(sequences, 32)
    together = Ensemble(models)
    predicted, logits = together.gradient(x, Weigh("predicted", ("KO", "WT")))
    weights = torch.nn.functional.one_hot(logits.argmax(1), 2).float()
    fixed = Weigh("predicted", ("KO", "WT"), fixed=weights)
    mean = torch.stack([Ensemble([model]).gradient(x, fixed)[0] for model in models]).mean(0)
    assert torch.allclose(predicted, mean, atol=1e-7)
    votes = torch.stack([model(x).argmax(1) for model in models])
    assert (votes != votes[0]).any(), "the members must disagree somewhere, or this shows nothing"


def test_class_order_is_read_from_the_classes() -> None:
    logits = torch.zeros(2, 2)
    assert Weigh("wt_minus_ko", ("WT", "KO"))(logits).tolist() == [[1, -1], [1, -1]]
    assert Weigh("wt_minus_ko", ("KO", "WT"))(logits).tolist() == [[-1, 1], [-1, 1]]


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(ValueError, match="no target 'both'"):
        Weigh("both", ("KO", "WT"))(torch.zeros(1, 2))


def test_correction_sums_to_zero_and_changes_nothing_twice() -> None:
    gradient = torch.randn(3, 4, 9, generator=torch.Generator().manual_seed(0))
    corrected = correct_gradient(gradient)
    assert corrected.sum(1).abs().max() < 1e-5
    assert torch.allclose(correct_gradient(corrected), corrected, atol=1e-6)


def test_eq2_takes_the_largest_absolute_channel() -> None:
    gradient = torch.tensor([[[1.0, -9.0], [-3.0, 2.0], [2.0, 0.0], [0.0, 8.0]]])
    assert position_importance(gradient).tolist() == [[3.0, 9.0]]


def test_the_models_weights_keep_no_gradient(small_model: Callable, sequences: Callable) -> None:
    model = small_model(0)
    Ensemble([model]).gradient(_x(sequences), WT_MINUS_KO)
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())


def test_a_batch_that_does_not_fit_is_halved_and_nothing_is_lost() -> None:
    seen: list[int] = []
    told: list[int] = []

    def work(part: slice) -> Attributed:
        size = part.stop - part.start
        if size > 3:
            raise torch.OutOfMemoryError("no room")
        seen.extend(range(part.start, part.stop))
        empty = np.zeros((size, 2), dtype=np.float32)
        return Attributed(empty, empty, empty, empty)

    results = list(in_batches(10, 8, work, told.append))
    assert seen == list(range(10))
    assert told == [4, 2]
    assert sum(len(r.logits) for r in results) == 10
