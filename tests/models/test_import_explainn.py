"""Weights in the published layout give the published outputs; files that are no weights are refused unrun."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_models.channels import permute_input_channels
from cislex_models.import_explainn import convert, import_explainn, read_weights
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy

from tests.models.cases import small_input
from tests.models.grouped_explainn import GroupedExplainn

WINDOW = 120


def _published(layers: int, seed: int = 0, **sizes: Any) -> GroupedExplainn:
    """A trained-looking network: running statistics and scales that are no longer the initial ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GroupedExplainn(5, WINDOW, 3, layers, hidden=sizes.pop("hidden", 11), **sizes)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for step in range(5):
            x = small_input(32, WINDOW, seed=step)
            optimizer.zero_grad()
            cross_entropy(model(x), torch.arange(32) % 3).backward()
            optimizer.step()
        optimizer.zero_grad()
    return model.eval()


@pytest.mark.parametrize("layers", [0, 1, 2, 3, 5])
def test_published_weights_give_the_published_outputs(layers: int, tmp_path: Path) -> None:
    published = _published(layers)
    torch.save(published.state_dict(), tmp_path / "model_epoch_best_4.pth")
    model = import_explainn(tmp_path / "model_epoch_best_4.pth", WINDOW)
    assert model.options["fc_layers"] == layers
    assert model.options["units"] == 5
    x = small_input(20, WINDOW, seed=99)
    with torch.no_grad():
        torch.testing.assert_close(model(x), published(x), rtol=0, atol=1e-5)
        torch.testing.assert_close(model.unit_outputs(x), published.unit_outputs(x), rtol=0, atol=1e-5)


def test_other_sizes_are_read_from_the_weights_or_said(tmp_path: Path) -> None:
    published = _published(2, kernel=11, pool=6, stride=4, hidden=7)
    save_file({name: value.contiguous() for name, value in published.state_dict().items()}, tmp_path / "w.safetensors")
    model = import_explainn(tmp_path / "w.safetensors", WINDOW, {"pool_size": "6", "pool_stride": 4})
    assert (model.options["kernel_size"], model.options["hidden"]) == (11, 7)
    x = small_input(6, WINDOW)
    with torch.no_grad():
        torch.testing.assert_close(model(x), published(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_gradients_and_training_statistics_are_the_published_ones(layers: int) -> None:
    published = _published(layers, dropout=0.0)
    model = convert(published.state_dict(), WINDOW, {"dropout": 0.0})
    published.train()
    model.train()
    a, b = small_input(16, WINDOW).requires_grad_(), small_input(16, WINDOW).requires_grad_()
    y = torch.arange(16) % 3
    loss_a, loss_b = cross_entropy(model(a), y), cross_entropy(published(b), y)
    torch.testing.assert_close(loss_a, loss_b, rtol=1e-5, atol=1e-6)
    loss_a.backward()
    loss_b.backward()
    torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(model.conv.weight.grad, published.linears[0].weight.grad, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(model.norm.running_var, published.linears[1].running_var, rtol=1e-4, atol=1e-6)


def test_wrappers_half_precision_and_a_squeezed_axis_are_understood(tmp_path: Path) -> None:
    published = _published(2)
    weights = {
        f"module.{name}": (value.squeeze(-1) if value.dim() == 3 and value.shape[-1] == 1 else value)
        for name, value in published.state_dict().items()
    }
    torch.save({"state_dict": weights, "epoch": 4}, tmp_path / "w.pth")
    x = small_input(4, WINDOW)
    with torch.no_grad():
        expected = published(x)
        torch.testing.assert_close(import_explainn(tmp_path / "w.pth", WINDOW)(x), expected, rtol=0, atol=1e-5)
        half = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
        torch.save(half, tmp_path / "half.pth")
        torch.testing.assert_close(import_explainn(tmp_path / "half.pth", WINDOW)(x), expected, rtol=0.05, atol=0.05)


def test_weights_for_another_order_of_letters_are_permuted() -> None:
    published = _published(2)
    model = convert(published.state_dict(), WINDOW, channel_order="ATGC")
    x = small_input(8, WINDOW)
    atgc = x[:, [0, 3, 2, 1]]  # the same letters as the published network would have been shown them
    with torch.no_grad():
        torch.testing.assert_close(model(x), published(atgc), rtol=0, atol=1e-5)


@pytest.mark.parametrize("order", ["ACG", "ACGU", "AACG", ""])
def test_an_order_that_is_none(order: str) -> None:
    with pytest.raises(UserError, match="must be the four letters"):
        permute_input_channels(torch.zeros(2, 4, 3), order)


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("evil_was_here",)


def test_a_pickle_with_code_is_refused_unrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"final.weight": torch.zeros(1), "extra": _Evil()}, tmp_path / "evil.pth")
    torch.save(_published(1), tmp_path / "whole_module.pth")
    for name in ("evil.pth", "whole_module.pth"):
        with pytest.raises(UserError, match=f"{name} holds more than tensors") as caught:
            read_weights(tmp_path / name)
        assert caught.value.reason is Reason.INVALID_REQUEST
    assert not (tmp_path / "evil_was_here").exists()


@pytest.mark.parametrize("content", [b"", b"\x80\x02not a pickle", b"PK\x03\x04" + bytes(50), b"hello"])
@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_files_that_are_no_weights(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} (cannot be read as weights|holds)") as caught:
        read_weights(tmp_path / name)
    assert caught.value.reason is Reason.INVALID_REQUEST


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_weights(tmp_path / "none.pth")
    assert caught.value.reason is Reason.FILE_NOT_FOUND


def test_other_networks_contradictions_and_other_windows_say_what_is_wrong() -> None:
    weights = _published(2).state_dict()
    with pytest.raises(UserError, match=r"the weights lack 'linears\.0\.weight'"):
        convert({"c1.weight": torch.zeros(3)}, WINDOW)
    with pytest.raises(UserError, match="units is 5, not 100; leave them out"):
        convert(weights, WINDOW, {"units": 100})
    with pytest.raises(UserError, match=r"read 14 pooled positions, a window of 200 bp gives 26; .* on 116 to 122 bp"):
        convert(weights, 200)
    with pytest.raises(UserError, match=r"hold extra\.weight, which"):
        convert({**weights, "extra.weight": torch.zeros(1)}, WINDOW)
    with pytest.raises(UserError, match="do not fit together"):
        convert({**weights, "linears.7.bias": torch.zeros(7)}, WINDOW)
    with pytest.raises(UserError, match="must have shape"):
        convert({**weights, "linears.0.weight": torch.zeros(5, 20, 19)}, WINDOW)
