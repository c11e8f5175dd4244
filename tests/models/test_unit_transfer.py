"""Frozen models as units: features, both heads, and what stays as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import fit
from cislex_models.base import Architecture
from cislex_models.checkpoint import load_model, save_model
from cislex_models.onehot import one_hot
from cislex_models.registry import build
from cislex_models.unit_transfer import UnitTransfer, centred, describe_part, set_parts, transfer_options
from torch.nn.functional import cross_entropy

from tests.models.cases import SMALL, WINDOW, small_input, small_model


def _parts() -> list[Architecture]:
    return [
        small_model("cnn1", SMALL["cnn1"][0], window=60),
        small_model("danq", SMALL["danq"][0], window=100, seed=4),
        small_model("explainn", SMALL["explainn"][0], window=WINDOW, seed=5),
    ]


def _model(**head: Any) -> tuple[UnitTransfer, list[Architecture]]:
    parts = _parts()
    described = [describe_part(parts[0]), describe_part(parts[1], [2, 0], "sigmoid"), describe_part(parts[2], [1])]
    model = build("unit_transfer", WINDOW, transfer_options(described, **head), 4, seed=0)
    assert isinstance(model, UnitTransfer)
    set_parts(model, parts)
    return model, parts


def test_features_are_what_the_parts_say() -> None:
    model, parts = _model()
    x = small_input(5)
    features = model.unit_features(x)
    assert not features.requires_grad
    with torch.no_grad():
        expected = [
            parts[0](x[:, :, 10:70]),
            torch.sigmoid(parts[1](torch.nn.functional.pad(x, (10, 10)))[:, [2, 0]]),
            parts[2](x)[:, [1]],
        ]
    assert torch.equal(features, torch.cat(expected, 1))


@pytest.mark.parametrize("length, window", [(10, 7), (10, 10), (10, 13), (11, 6)])
def test_sequences_are_cut_to_or_filled_up_around_their_centre(length: int, window: int) -> None:
    """As datasets do it."""
    codes = np.random.default_rng(0).integers(0, 5, length).astype(np.uint8)
    expected = one_hot(torch.from_numpy(fit(codes, window)[None]))
    assert torch.equal(centred(one_hot(torch.from_numpy(codes[None])), window), expected)


@pytest.mark.parametrize("head", ["linear", "nam"])
def test_training_on_cached_features_is_training_on_sequences(head: str) -> None:
    model, _ = _model(head=head, dropout=0.0)
    x, y = small_input(12), torch.arange(12) % 4
    features = model.unit_features(x)
    model.train()
    torch.testing.assert_close(model.forward_from_features(features), model(x), rtol=1e-6, atol=1e-6)
    cross_entropy(model.forward_from_features(features), y).backward()
    cached = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    cross_entropy(model(x), y).backward()
    assert cached
    for name, parameter in model.named_parameters():
        if name in cached:
            torch.testing.assert_close(parameter.grad, cached[name], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("head", ["linear", "nam"])
def test_parts_stay_as_they_are(head: str) -> None:
    model, parts = _model(head=head)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1, weight_decay=0.1)
    model.train()
    assert not any(part.training for part in model.parts.modules())
    for _ in range(3):
        optimizer.zero_grad()
        cross_entropy(model(small_input(12)), torch.arange(12) % 4).backward()
        optimizer.step()
    for ours, theirs in zip(model.parts, parts, strict=True):
        for key, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[key], value), key
    heads = {"linear": 6 * 4 + 4, "nam": 6 * 4 + 4 + 6 * (200 + 200 + 2 * 200 + 200 + 1)}
    assert model.n_parameters == heads[head]


def test_the_saved_model_needs_nothing_else(tmp_path: Any) -> None:
    model, _ = _model(head="nam")
    model.eval()
    save_model(model, tmp_path / "seed_0", list("abcd"), 0)
    with torch.no_grad():
        assert torch.equal(load_model(tmp_path / "seed_0")(small_input(5)), model(small_input(5)))


def test_gradients_reach_the_sequence_through_the_frozen_parts() -> None:
    model, _ = _model()
    x = small_input(3).requires_grad_()
    model.eval()(x).sum().backward()
    assert x.grad is not None
    assert (x.grad.abs().amax((1, 2)) > 0).all()


def test_other_models_than_described_are_refused() -> None:
    model, parts = _model()
    with pytest.raises(UserError, match="3 models given are not the 3 parts") as caught:
        set_parts(model, parts[::-1])
    assert caught.value.reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize(
    "part, said",
    [
        ({"architecture": "resnet", "window_bp": 60, "n_outputs": 1}, "no architecture 'resnet'"),
        ({"architecture": "cnn1", "window_bp": 10, "n_outputs": 1}, "at least 25 bp"),
        ({"architecture": "cnn1", "window_bp": 60, "n_outputs": 2, "outputs": [2]}, "distinct indices of the part's 2"),
        ({"architecture": "cnn1", "window_bp": 60, "n_outputs": 2, "outputs": []}, "distinct indices"),
        ({"architecture": "cnn1", "options": {"hidden": 0}, "window_bp": 60, "n_outputs": 1}, "options of cnn1"),
        ({"architecture": "cnn1", "window_bp": 60, "n_outputs": 1, "activation": "tanh"}, "none"),
    ],
)
def test_parts_that_cannot_be(part: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        build("unit_transfer", WINDOW, {"parts": [part]})
    with pytest.raises(UserError, match="parts"):
        build("unit_transfer", WINDOW, {})
