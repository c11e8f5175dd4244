"""One suite that every registered architecture passes, with each of its variants."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_models.base import Architecture, UnitArchitecture
from cislex_models.checkpoint import load_models, save_model
from cislex_models.registry import ARCHITECTURES, architecture_names, build, check_options, info
from torch.nn.functional import cross_entropy

from tests.models.cases import N_OUTPUTS, SMALL, WINDOW, small_input, small_model, without_dropout

CASES = [pytest.param(name, options, id=f"{name}-{i}") for name in SMALL for i, options in enumerate(SMALL[name])]
DEFAULTS = [pytest.param(name, {}, id=f"{name}-default") for name in SMALL if name != "unit_transfer"]
suite = pytest.mark.parametrize("name, options", CASES)
Names = list[str]
_LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])


def _with(condition: Callable[[str], bool]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name, options", [case for case in CASES if condition(str(case.values[0]))])


with_filters = _with(lambda name: info(name).has_filters)
with_units = _with(lambda name: info(name).has_units)


def test_every_architecture_is_in_the_suite() -> None:
    assert set(SMALL) == set(ARCHITECTURES) == set(architecture_names())


@pytest.mark.parametrize("name", architecture_names())
def test_the_registry_says_what_the_class_is(name: str) -> None:
    entry = info(name)
    module, cls = entry.target.split(":")
    model = small_model(name, SMALL[name][0])
    assert type(model) is getattr(importlib.import_module(module), cls)
    assert model.name == name
    assert entry.title
    assert entry.source
    assert entry.has_units == model.has_units == isinstance(model, UnitArchitecture)
    assert entry.has_filters == (model.first_layer is not None)
    assert entry.has_attention == ("attention" in model.extra_outputs)
    assert ("unit_outputs" in model.extra_outputs) == entry.has_units


@suite
def test_shapes_and_names_of_the_outputs(name: str, options: dict[str, Any]) -> None:
    model = small_model(name, options)
    x = small_input(5)
    logits, extras = model.forward_with_extras(x)
    assert logits.shape == (5, N_OUTPUTS)
    assert logits.dtype == torch.float32
    assert tuple(extras) == model.extra_outputs
    assert all(value.shape[0] == 5 for value in extras.values())
    torch.testing.assert_close(model(x), logits, rtol=1e-6, atol=1e-6)
    if "attention" in extras:
        torch.testing.assert_close(extras["attention"].sum(1), torch.ones(5))
    if "filter_activations" in extras:
        assert torch.equal(extras["filter_activations"], model.filter_activations(x))
    if "unit_outputs" in extras:
        assert isinstance(model, UnitArchitecture)
        torch.testing.assert_close(extras["unit_outputs"], model.unit_outputs(x), rtol=1e-6, atol=1e-6)


@with_units
def test_logits_are_the_weighted_sum_of_the_units(name: str, options: dict[str, Any]) -> None:
    model, x = small_model(name, options), small_input(9)
    assert isinstance(model, UnitArchitecture)
    units = model.unit_outputs(x)
    assert model.output_weight.shape == (N_OUTPUTS, units.shape[1])
    torch.testing.assert_close(model(x), units @ model.output_weight.T + model.output_bias, rtol=1e-6, atol=1e-6)


@with_filters
def test_filters_of_the_first_layer(name: str, options: dict[str, Any]) -> None:
    model = small_model(name, options)
    filters, channels, kernel = model.require_first_layer().weight.shape
    activations = model.filter_activations(small_input(3))
    assert channels == 4
    assert activations.shape[:2] == (3, filters)
    assert activations.min() >= 0
    padded = model.first_layer_left_padding_bp > 0
    assert activations.shape[2] == (WINDOW if padded else WINDOW - kernel + 1)


@with_filters
def test_the_rest_of_the_network_continues_from_the_activations(name: str, options: dict[str, Any]) -> None:
    model, x = small_model(name, options), small_input(6)
    with torch.no_grad():
        activations = model.filter_activations(x)
        torch.testing.assert_close(model.from_filter_activations(activations), model(x), rtol=1e-5, atol=1e-5)
        silent = torch.zeros_like(activations)
        assert not torch.allclose(model.from_filter_activations(silent), model(x), atol=1e-4)


@with_filters
def test_activation_i_reads_the_bases_from_i_minus_the_left_padding(name: str, options: dict[str, Any]) -> None:
    model = small_model(name, options)
    x = small_input(1)
    kernel, left = model.require_first_layer().kernel_size[0], model.first_layer_left_padding_bp
    changed = x.clone()
    changed[0, :, 40] = changed[0, :, 40].flip(0) + 0.5
    moved = (model.filter_activations(x) != model.filter_activations(changed)).any(1)[0].nonzero().ravel()
    assert moved.min() >= 40 + left - kernel + 1
    assert moved.max() <= 40 + left


@pytest.mark.parametrize("name", [name for name in SMALL if not info(name).has_filters])
def test_without_a_first_layer_filters_are_a_typed_error(name: str) -> None:
    model = small_model(name, SMALL[name][0])
    for call in (model.require_first_layer, lambda: model.filter_activations(small_input(1))):
        with pytest.raises(UserError, match=f"{name} has no first convolution") as caught:
            call()
        assert caught.value.reason is Reason.INVALID_REQUEST


@suite
def test_gradient_reaches_the_input(name: str, options: dict[str, Any]) -> None:
    model = small_model(name, options)
    x = small_input(4).requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[:, 1].sum(), x)
    assert gradient.shape == x.shape
    assert torch.isfinite(gradient).all()
    assert (gradient.abs().amax((1, 2)) > 0).all()


@suite
def test_gradient_equals_finite_differences(name: str, options: dict[str, Any]) -> None:
    model = small_model(name, options).double()
    x = small_input(1, seed=5).double().requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[0, 1], x)
    step = torch.zeros_like(x)
    for position in (0, 31, WINDOW - 1):
        step.zero_()[0, 2, position] = 1e-6
        with torch.no_grad():
            slope = (model(x + step)[0, 1] - model(x - step)[0, 1]) / 2e-6
        assert float(gradient[0, 2, position]) == pytest.approx(float(slope), rel=1e-4, abs=1e-7)


@suite
def test_gradient_reaches_every_trainable_parameter(name: str, options: dict[str, Any]) -> None:
    model = build(name, WINDOW, without_dropout(options, name), N_OUTPUTS, seed=0).double()
    cross_entropy(model(small_input(16, seed=1).double()), torch.arange(16) % N_OUTPUTS).backward()
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    # a softmax over positions does not change with the score's bias, keys have no use for theirs
    idle = [n for n, p in trained.items() if p.grad is None or (not p.grad.any() and "score.bias" not in n)]
    assert not idle
    assert model.n_parameters == sum(p.numel() for p in trained.values())


@suite
def test_overfits_eight_examples(name: str, options: dict[str, Any]) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build(name, WINDOW, without_dropout(options, name), N_OUTPUTS, seed=0)
        x = small_input(8)
        # the linear head alone is trained (a convex problem), on features that nobody scaled
        rate = 10.0 if options.get("head") == "linear" else 1e-2
        optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=rate)
        for _ in range(200):
            optimizer.zero_grad()
            loss = cross_entropy(model(x), _LABELS)
            loss.backward()
            optimizer.step()
            if float(loss.detach()) < 0.01:
                break
    assert float(loss.detach()) < 0.05
    assert torch.equal(model(x).argmax(1), _LABELS)


@suite
def test_evaluation_is_deterministic_and_without_dropout(name: str, options: dict[str, Any]) -> None:
    model, x = small_model(name, options), small_input(6)
    with torch.no_grad():
        first = model(x)
        assert torch.equal(model(x), first)
        before = {key: value.clone() for key, value in model.state_dict().items()}
        model(x)
        assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
        plain = build(name, WINDOW, without_dropout(options, name), N_OUTPUTS).eval()
        plain.load_state_dict(model.state_dict())
        assert torch.equal(plain(x), first)


@suite
def test_batch_of_one_equals_batch_of_64(name: str, options: dict[str, Any]) -> None:
    model, x = small_model(name, options), small_input(64)
    with torch.no_grad():
        together = model(x)
        alone = torch.cat([model(row[None]) for row in x])
    torch.testing.assert_close(alone, together, rtol=1e-5, atol=1e-6)


@suite
def test_order_in_the_batch_does_not_matter(name: str, options: dict[str, Any]) -> None:
    model, x = small_model(name, options), small_input(16)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(model(x)[order], model(x[order]), rtol=1e-5, atol=1e-6)


@suite
def test_checkpoint_round_trip_is_exact(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    models = [small_model(name, options, seed=seed) for seed in (0, 7, 10)]
    for seed, model in zip((0, 7, 10), models, strict=True):
        save_model(model, tmp_path / f"seed_{seed}", ["a", "b", "c"], seed)
    for model, loaded in zip(models, load_models(tmp_path), strict=True):
        assert not loaded.training
        assert loaded.options == check_options(name, options).model_dump(mode="json")
        with torch.no_grad():
            assert torch.equal(loaded(small_input(9)), model(small_input(9)))


@suite
def test_initialisation_depends_on_the_seed_alone(name: str, options: dict[str, Any]) -> None:
    torch.manual_seed(11)
    before = torch.get_rng_state()
    a, b, c = (build(name, WINDOW, options, seed=seed) for seed in (4, 4, 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
    assert not all(torch.equal(p, q) for p, q in zip(a.parameters(), c.parameters(), strict=True))


@pytest.mark.parametrize("name, options", CASES + DEFAULTS)
def test_shortest_window_works_and_one_less_is_refused(name: str, options: dict[str, Any]) -> None:
    shortest = check_options(name, options).min_window_bp()
    model: Architecture = build(name, shortest, options, N_OUTPUTS, seed=3).eval()
    with torch.no_grad():
        assert torch.isfinite(model(small_input(2, shortest))).all()
    with pytest.raises(UserError, match=f"at least {shortest} bp") as caught:
        build(name, shortest - 1, options)
    assert caught.value.reason is Reason.WINDOW_TOO_SHORT
    assert caught.value.metadata["shortest_bp"] == str(shortest)


@suite
def test_longer_windows_than_the_usual_work(name: str, options: dict[str, Any]) -> None:
    for window in (WINDOW + 1, 333):
        with torch.no_grad():
            assert build(name, window, options, 1).eval()(small_input(2, window)).shape == (2, 1)


@pytest.mark.parametrize("name", ["explainn", "cnn1_exp"])
@pytest.mark.parametrize("fc_layers", [0, 2])
def test_after_an_exponential_autocast_is_left(name: str, fc_layers: int) -> None:
    """float16 ends at 65,504, which the exponential of a strong match passes."""
    options = {"units": 4, "fc_layers": fc_layers} if name == "explainn" else SMALL[name][0]
    model, x = small_model(name, options), small_input(3)
    with torch.no_grad():
        norm = next(m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d))
        norm.bias += 12.0
        assert model.filter_activations(x).max() > 65_504
        with torch.autocast("cpu", torch.float16):
            logits = model(x)
    assert logits.dtype == torch.float32
    assert torch.isfinite(logits).all()


@suite
def test_on_a_gpu_it_computes_the_same(name: str, options: dict[str, Any]) -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch finds no GPU")
    model, x = small_model(name, options), small_input(7)
    with torch.no_grad():
        expected = model(x)
        got = model.cuda()(x.cuda()).cpu()
    torch.testing.assert_close(got, expected, rtol=1e-3, atol=1e-3)  # convolutions there may use TF32


# each takes seconds: one of every architecture, and the variants whose graph has other operators
EXPORTED = [case for case in CASES if str(case.id).endswith("-0") or case.id in ("explainn-1", "danq-1")]


@pytest.mark.parametrize("name, options", EXPORTED)
def test_onnx_gives_the_same_numbers(name: str, options: dict[str, Any], tmp_path: Path) -> None:
    from cislex_models.wrappers import Ensemble
    from cislex_trainer import parity
    from cislex_trainer.onnx_export import export_onnx

    seeds = (0, 1) if name in ("wtko_cnn", "explainn") else (0,)
    ensemble = Ensemble([small_model(name, options, seed=s) for s in seeds]).eval()
    path = tmp_path / "model.onnx"
    export_onnx(ensemble, WINDOW, path)
    real = np.random.default_rng(1).integers(0, 4, (17, WINDOW)).astype(np.uint8)
    report = parity.check(path, ensemble, real, tolerance=1e-4)
    assert len(report["checks"]) == 3 * 4
    assert set(report["checks"][0]) >= {"logits", *ensemble.extra_outputs}
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]  # the weights are inside
