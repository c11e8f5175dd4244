"""DeepLIFT/SHAP: every architecture adds up, the gate bites, and neither batches nor company change a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason
from cislex_explainer import visible
from cislex_explainer.deeplift import lift, relative_delta
from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.gate import ENOUGH, Gate, NotConverged
from cislex_explainer.integrated import shuffled_baselines
from cislex_explainer.strands import on_both_strands
from cislex_explainer.visible import Visible
from cislex_models.onehot import one_hot
from torch import Tensor, nn
from torch.nn import functional as F

from tests.models.cases import N_OUTPUTS, SMALL, WINDOW, small_input, small_model

FIRST = Weigh("output", tuple("abc"), outputs=("a",))


def _codes(n: int, window: int = WINDOW, seed: int = 5) -> np.ndarray:
    codes = np.random.default_rng(seed).integers(0, 4, (n, window)).astype(np.uint8)
    codes[0, :6] = 4
    return codes


def _loud(model: nn.Module, factor: float = 2.0) -> nn.Module:
    """Weights as large as training leaves them: at the start of training all outputs are nearly alike."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(factor)
    return model


@pytest.mark.parametrize("name", list(SMALL))
def test_every_architecture_converges(name: str) -> None:
    for options in SMALL[name][:2]:
        model = _loud(small_model(name, options))
        result = lift(Ensemble([model]), _codes(2), np.arange(2), FIRST, n_references=3, seed=0, pairs=6)
        assert float(result.relative.max()) < 1e-3, options
        torch.testing.assert_close(result.reached, result.expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", list(SMALL))
def test_what_is_made_visible_computes_the_same(name: str) -> None:
    model, x = small_model(name, SMALL[name][-1]).requires_grad_(False), small_input(4)
    weights = torch.eye(N_OUTPUTS)[[0, 1, 2, 0]]
    seen = Visible(model).eval().look(x[:1])
    asked = x.clone().requires_grad_(True)
    torch.testing.assert_close(seen(asked, weights), (model(x) * weights).sum(1, keepdim=True), rtol=1e-4, atol=1e-5)


class _Net(nn.Module):
    """A convolution and then anything."""

    def __init__(self, function: Any, window: int = 30) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.function = nn.Conv1d(4, 6, 5), function
        self.out = nn.LazyLinear(3)
        self(torch.zeros(2, 4, window))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.out(self.function(self.conv(x)).flatten(1))
        return logits


FUNCTIONS = {
    "relu": lambda h: F.relu(h),
    "relu in place": lambda h: h.relu_(),
    "clamp": lambda h: h.clamp(min=0, max=1),
    "power": lambda h: h**3,
    "exp and largest": lambda h: h.exp().amax(-1),
    "max of torch": lambda h: torch.max(h, dim=2).values,
    "overlapping pool": lambda h: F.max_pool1d(h, 5, stride=2),
    "adaptive pool": lambda h: F.adaptive_max_pool1d(h, 1),
    "shares": lambda h: h.exp() / h.exp().sum(1, keepdim=True),
    "gate": lambda h: torch.sigmoid(h) * h.tanh(),
    "gram": lambda h: torch.einsum("nip,njp->nij", h, h),
    "attention": lambda h: F.scaled_dot_product_attention(h, h, h),
    "module": nn.Sequential(nn.ReLU(), nn.MaxPool1d(3), nn.Softplus()),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_calls_are_seen(name: str) -> None:
    net = _Net(FUNCTIONS[name]).eval()
    result = lift(Ensemble([net]), _codes(3, 30), np.arange(3), FIRST, n_references=4, seed=0, pairs=5)
    assert float(result.relative.max()) < 1e-4


@pytest.mark.parametrize("name", ["sort", "median"])
def test_an_operation_without_a_rule_is_caught(name: str) -> None:
    net = _Net(lambda h: getattr(torch, name)(h, dim=2).values).eval()
    result = lift(Ensemble([net]), _codes(3, 30), np.arange(3), FIRST, n_references=4, seed=0, pairs=5)
    assert float(result.relative.max()) > 0.01


def test_additivity_hypothetical_scores_and_references() -> None:
    model, codes, rows = _loud(small_model("cnn1", SMALL["cnn1"][0])), _codes(3), np.array([4, 7, 11])
    result = lift(Ensemble([model]), codes, rows, FIRST, n_references=5, seed=3, pairs=4)
    x = one_hot(torch.from_numpy(codes))
    references = [one_hot(torch.from_numpy(s)) for s in shuffled_baselines(codes, rows, 5, 3)]
    with torch.no_grad():
        expected = model(x)[:, 0] - torch.stack([model(r)[:, 0] for r in references]).mean(0)
    projected = (result.hypothetical * x).sum((1, 2))
    torch.testing.assert_close(projected, expected, rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(result.logits[:, 0], model(x)[:, 0])
    # a hypothetical score is what the base's attribution would be: the same multipliers, another base
    other_bases = (result.hypothetical * (1 - x))[1].abs().sum(0)
    assert float(other_bases.median()) > 0
    assert (result.hypothetical * x)[0, :, :6].abs().max() == 0


def test_pairs_batches_and_company_do_not_matter() -> None:
    model, codes = _loud(small_model("deepstarr", SMALL["deepstarr"][0])), _codes(4)
    together = lift(Ensemble([model]), codes, np.arange(4), FIRST, 3, 0, pairs=32)
    few = lift(Ensemble([model]), codes, np.arange(4), FIRST, 3, 0, pairs=1)
    alone = lift(Ensemble([model]), codes[2:3], np.array([2]), FIRST, 3, 0, pairs=32)
    torch.testing.assert_close(few.hypothetical, together.hypothetical, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(alone.hypothetical[0], together.hypothetical[2], rtol=1e-4, atol=1e-6)
    assert not model.training


def test_an_ensemble_is_the_mean_of_its_members_and_strands() -> None:
    models = [_loud(small_model("explainn", SMALL["explainn"][0], seed=seed)) for seed in (1, 2)]
    codes = _codes(2)
    each = [lift(Ensemble([m]), codes, np.arange(2), FIRST, 3, 0, 8).hypothetical for m in models]
    both = lift(Ensemble(models), codes, np.arange(2), FIRST, 3, 0, 8).hypothetical
    torch.testing.assert_close(both, torch.stack(each).mean(0), rtol=1e-4, atol=1e-6)
    strands = lift(Ensemble(on_both_strands(models[:1])), codes, np.arange(2), FIRST, 3, 0, 8)
    assert float(strands.relative.max()) < 1e-3


def test_the_relative_delta_is_that_of_the_text() -> None:
    delta = torch.tensor([0.1, 0.1, 0.0])
    at_x, at_references = torch.tensor([3.0, 100.0, 0.0]), torch.tensor([[1.0, 4.0], [100.0, 100.0], [0.0, 0.0]])
    assert relative_delta(delta, at_x, at_references).tolist() == pytest.approx([0.05, 0.1, 0.0])


def test_the_gate_counts_before_it_speaks() -> None:
    gate = Gate(0.01, n=200)
    gate.add(np.full(ENOUGH - 4, 0.009))
    with pytest.raises(NotConverged) as caught:
        gate.add(np.array([0.5, np.nan, 0.01, 0.2]))
    refusal = caught.value.refusal()
    assert (caught.value.failed, caught.value.read) == (3, ENOUGH)
    assert refusal.reason is Reason.NOT_CONVERGED
    assert refusal.metadata["share"] == f"{3 / ENOUGH:.4f}"
    assert "worst by 0.5" in refusal.message
    assert "integrated_gradients or ism" in refusal.message
    Gate(0.01, n=3).add(np.zeros(3))


def test_without_its_modules_a_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this file is for: the same network, its function calls unseen, does not add up."""
    model = _loud(small_model("cnn1_exp", SMALL["cnn1_exp"][0]))
    monkeypatch.setattr(visible, "_HANDLERS", {})
    result = lift(Ensemble([model]), _codes(2), np.arange(2), FIRST, 3, 0, 8)
    assert float(result.relative.max()) > 0.01
