"""One suite that every registered architecture passes, with each of its variants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cislex_models.base import Architecture
from cislex_models.checkpoint import load_models, save_model
from cislex_models.onehot import one_hot
from cislex_models.registry import ARCHITECTURES, build, check_options
from torch.nn.functional import cross_entropy

WINDOW = 80
# an architecture that joins the registry names its variants here; the empty one is its default
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "wtko_cnn": [{}, {"batch_norm": True}, {"padding": "same"}, {"kernel_size": 7, "pool_size": 3, "filters": 12}],
}
CASES = [pytest.param(name, options, id=f"{name}-{i}") for name in VARIANTS for i, options in enumerate(VARIANTS[name])]
suite = pytest.mark.parametrize("name, options", CASES)


def _input(n: int, window: int = WINDOW, seed: int = 0) -> torch.Tensor:
    codes = np.random.default_rng(seed).integers(0, 5, (n, window)).astype(np.uint8)
    return one_hot(torch.from_numpy(codes))


def _model(name: str, options: dict[str, Any], window: int = WINDOW) -> Architecture:
    return build(name, window, options, seed=3).eval()


def test_every_architecture_is_in_the_suite() -> None:
    assert set(VARIANTS) == set(ARCHITECTURES)


@suite
def test_shapes(name: str, options: dict[str, Any]) -> None:
    model = _model(name, options)
    logits, extras = model.forward_with_extras(_input(5))
    attention = extras["attention"]
    assert logits.shape == (5, 2)
    assert logits.dtype == torch.float32
    assert attention.shape[0] == 5
    torch.testing.assert_close(attention.sum(1), torch.ones(5))
    assert torch.equal(model(_input(5)), logits)


@suite
def test_filters_of_the_first_layer(name: str, options: dict[str, Any]) -> None:
    model = _model(name, options)
    filters, channels, kernel = model.first_layer.weight.shape
    activations = model.filter_activations(_input(3))
    assert channels == 4
    assert activations.shape[:2] == (3, filters)
    assert activations.min() >= 0
    padded = model.first_layer_left_padding_bp > 0
    assert activations.shape[2] == (WINDOW if padded else WINDOW - kernel + 1)


@suite
def test_activation_i_reads_the_bases_from_i_minus_the_left_padding(name: str, options: dict[str, Any]) -> None:
    model = _model(name, options)
    x = _input(1)
    kernel, left = model.first_layer.kernel_size[0], model.first_layer_left_padding_bp
    changed = x.clone()
    changed[0, :, 40] = changed[0, :, 40].flip(0) + 0.5
    moved = (model.filter_activations(x) != model.filter_activations(changed)).any(1)[0].nonzero().ravel()
    assert moved.min() >= 40 + left - kernel + 1
    assert moved.max() <= 40 + left


@suite
def test_gradient_reaches_the_input(name: str, options: dict[str, Any]) -> None:
    model = _model(name, options)
    x = _input(4).requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, 1].sum(), x)
    assert gradient.shape == x.shape
    assert torch.isfinite(gradient).all()
    assert (gradient.abs().amax((1, 2)) > 0).all()


@suite
def test_gradient_equals_finite_differences(name: str, options: dict[str, Any]) -> None:
    model = _model(name, options).double()
    x = _input(1, seed=5).double().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[0, 1], x)
    step = torch.zeros_like(x)
    for position in (0, 31, WINDOW - 1):
        step.zero_()[0, 2, position] = 1e-6
        with torch.no_grad():
            slope = (model(x + step)[0, 1] - model(x - step)[0, 1]) / 2e-6
        assert float(gradient[0, 2, position]) == pytest.approx(float(slope), rel=1e-4, abs=1e-7)


@suite
def test_every_parameter_is_trained(name: str, options: dict[str, Any]) -> None:
    model = build(name, WINDOW, options, seed=0)
    cross_entropy(model(_input(8)), torch.arange(8) % 2).backward()
    # a softmax over positions does not change with the score's bias
    idle = [n for n, p in model.named_parameters() if p.grad is None or (not p.grad.any() and "score.bias" not in n)]
    assert not idle


@suite
def test_overfits_eight_examples(name: str, options: dict[str, Any]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build(name, WINDOW, {**options, "dropout": 0.0}, seed=0)
        x, y = _input(8), torch.arange(8) % 2
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        for _ in range(150):
            optimizer.zero_grad()
            loss = cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
    assert float(loss.detach()) < 0.01
    assert torch.equal(model.eval()(x).argmax(1), y)


@suite
def test_batch_of_one_equals_batch_of_64(name: str, options: dict[str, Any]) -> None:
    model, x = _model(name, options), _input(64)
    with torch.no_grad():
        together = model(x)
        alone = torch.cat([model(row[None]) for row in x])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-6)


@suite
def test_order_in_the_batch_does_not_matter(name: str, options: dict[str, Any]) -> None:
    model, x = _model(name, options), _input(16)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(x)[order], model(x[order]), rtol=0, atol=1e-6)


@suite
def test_checkpoint_round_trip_is_exact(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    models = [build(name, WINDOW, options, seed=seed) for seed in (0, 7, 10)]
    for seed, model in zip((0, 7, 10), models, strict=True):
        model.train()
        model(_input(6))  # moves the running statistics of a batch norm
        save_model(model, tmp_path / f"seed_{seed}", ["KO", "WT"], seed)
    for model, loaded in zip(models, load_models(tmp_path), strict=True):
        assert not loaded.training
        assert loaded.options == check_options(name, options).model_dump(mode="json")
        with torch.no_grad():
            assert torch.equal(loaded(_input(9)), model.eval()(_input(9)))


@suite
def test_initialisation_depends_on_the_seed_alone(name: str, options: dict[str, Any]) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    a, b, c = (build(name, WINDOW, options, seed=seed) for seed in (4, 4, 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not torch.equal(a.first_layer.weight, c.first_layer.weight)


@suite
def test_shortest_window_works_and_one_less_is_refused(name: str, options: dict[str, Any]) -> None:
    from cislex_core.errors import Reason, UserError

    shortest = check_options(name, options).min_window_bp()
    assert torch.isfinite(_model(name, options, shortest)(_input(2, shortest))).all()
    with pytest.raises(UserError, match=f"at least {shortest} bp") as caught:
        build(name, shortest - 1, options)
    assert caught.value.reason is Reason.WINDOW_TOO_SHORT


@suite
def test_onnx_gives_the_same_numbers(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    from cislex_models.wrappers import Ensemble
    from cislex_trainer import parity
    from cislex_trainer.onnx_export import export_onnx

    ensemble = Ensemble([build(name, WINDOW, options, seed=s) for s in (0, 1)]).eval()
    path = tmp_path / "model.onnx"
    export_onnx(ensemble, WINDOW, path)
    real = np.random.default_rng(1).integers(0, 4, (17, WINDOW)).astype(np.uint8)
    report = parity.check(path, ensemble, real, tolerance=1e-5)
    assert len(report["checks"]) == 3 * 4
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]  # the weights are inside
