"""ExplaiNN: the paper's sizes, its units' independence, and each option against a plain writing of the paper."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from cislex_models.explainn import Explainn
from cislex_models.registry import build, check_options
from torch import Tensor
from torch.nn.functional import batch_norm, conv1d, max_pool1d

from tests.models.cases import small_input, small_model

VARIANTS: list[dict[str, Any]] = [
    {"units": 4},
    {"units": 4, "activation": "relu", "pool_size": 5, "pool_stride": 2},
    {"units": 4, "fc_layers": 0},
    {"units": 4, "fc_layers": 0, "activation": "relu"},
    {"units": 4, "fc_layers": 1},
    {"units": 4, "fc_layers": 4, "hidden": 6},
]


def _explainn(options: dict[str, Any], window: int = 80) -> Explainn:
    model = small_model("explainn", options, window)
    assert isinstance(model, Explainn)
    return model


def _unit_by_unit(model: Explainn, x: Tensor) -> Tensor:
    """The unit of the paper, one after the other: (n, units)."""
    options = check_options("explainn", model.options)
    outputs = []
    for u in range(model.conv.weight.shape[0]):
        h = conv1d(x, model.conv.weight[u : u + 1], model.conv.bias[u : u + 1])
        norm = model.norm
        h = batch_norm(h, *(t[u : u + 1] for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias)))
        h = torch.exp(h) if options.activation == "exp" else torch.relu(h)
        if options.fc_layers == 0:
            outputs.append(h.amax(2))
            continue
        h = max_pool1d(h, options.pool_size, options.stride)[:, 0]
        for layer in model.layers:
            h = h @ layer.linear.weight[u] + layer.linear.bias[u]
            nodes, norm = slice(u * h.shape[1], (u + 1) * h.shape[1]), layer.norm
            h = batch_norm(h, *(t[nodes] for t in (norm.running_mean, norm.running_var, norm.weight, norm.bias)))
            h = torch.relu(h)
        outputs.append(h)
    return torch.cat(outputs, 1)


@pytest.mark.parametrize("options", VARIANTS)
def test_units_are_those_of_the_paper(options: dict[str, Any]) -> None:
    model, x = _explainn(options), small_input(10)
    with torch.no_grad():
        torch.testing.assert_close(model.unit_outputs(x), _unit_by_unit(model, x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", VARIANTS)
def test_reading_units_gives_what_a_forward_pass_gives(options: dict[str, Any]) -> None:
    model, x = _explainn(options), small_input(10)
    with torch.no_grad():
        logits, extras = model.forward_with_extras(x)
    reading = model.read_units(x)
    torch.testing.assert_close(reading.logits, logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(reading.outputs, extras["unit_outputs"], rtol=1e-5, atol=1e-5)
    activations = extras["filter_activations"]
    torch.testing.assert_close(reading.peaks, activations.amax(2), rtol=1e-5, atol=1e-5)
    row, unit = torch.tensor([0, 3, 9]), torch.tensor([2, 0, 3])
    torch.testing.assert_close(reading.at(row, unit), activations[row, unit], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", VARIANTS)
def test_a_unit_hears_its_own_filter_only(options: dict[str, Any]) -> None:
    model, x = _explainn(options), small_input(10)
    with torch.no_grad():
        for layer in model.layers:
            layer.norm.bias += 3.0  # no ReLU is silent
        before = model.unit_outputs(x)
        model.conv.weight[2, :2] += 1.0
        moved = (model.unit_outputs(x) != before).any(0)
    assert moved[2]
    assert not moved[[0, 1, 3]].any()


def test_parameters_of_the_papers_network() -> None:
    """100 units on 200 bp with 50 outputs, counted by hand: 26 pooled positions."""
    unit = (4 * 19 + 1) + 2 + (26 * 100 + 100) + 2 * 100 + (100 + 1) + 2
    assert build("explainn", 200, n_outputs=50).n_parameters == 100 * unit + 100 * 50 + 50 == 313_250


def test_units_are_additive() -> None:
    """Silencing two units changes the logits by the sum of silencing each: there is nothing between units."""
    model, x = _explainn({"units": 6}), small_input(8)

    def without(*units: int) -> Tensor:
        activations = model.filter_activations(x).clone()
        activations[:, list(units)] = 0.0
        return model.from_filter_activations(activations) - model(x)

    with torch.no_grad():
        torch.testing.assert_close(without(1, 4), without(1) + without(4), rtol=1e-4, atol=1e-5)


def test_exp_of_the_pool_is_the_pool_of_the_exp() -> None:
    model, x = _explainn({"units": 6}), small_input(8)
    with torch.no_grad():
        torch.testing.assert_close(model(x), model.forward_with_extras(x)[0], rtol=1e-6, atol=1e-6)


def test_without_layers_the_pool_is_the_whole_sequence_at_any_window() -> None:
    for window in (19, 20, 150):
        model, x = _explainn({"units": 3, "fc_layers": 0}, window), small_input(4, window)
        with torch.no_grad():
            assert torch.equal(model.unit_outputs(x), model.filter_activations(x).amax(2))


def test_first_layer_is_one_convolution_and_nothing_is_grouped() -> None:
    model = build("explainn", 200, {"units": 30, "fc_layers": 3})
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv1d | torch.nn.Conv2d)]
    assert convolutions == [model.first_layer]
    assert convolutions[0].groups == 1
