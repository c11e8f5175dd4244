"""The papers' other networks, written out a second time with torch's plain layers and the same parameters."""

from __future__ import annotations

import pytest
import torch
from cislex_models.registry import build
from torch import Tensor, nn

from tests.models.cases import small_input

OUTPUTS = 5


def _fully_connected(features: int, size: int, dropout: float, norm: bool = True) -> list[nn.Module]:
    def layer(inputs: int) -> list[nn.Module]:
        return [nn.Linear(inputs, size), *([nn.BatchNorm1d(size)] if norm else []), nn.ReLU(), nn.Dropout(dropout)]

    return [nn.Flatten(), *layer(features), *layer(size), nn.Linear(size, OUTPUTS)]


def _block(channels: int, filters: int, kernel: int, pool: int, padding: int = 0) -> list[nn.Module]:
    convolution = nn.Conv1d(channels, filters, kernel, padding=padding)
    return [convolution, nn.BatchNorm1d(filters), nn.ReLU(), nn.MaxPool1d(pool)]


def _ai_tac_block(channels: int, filters: int, kernel: int, pool: int) -> list[nn.Module]:
    convolution = nn.Conv1d(channels, filters, kernel, padding=kernel // 2)
    return [convolution, nn.ReLU(), nn.MaxPool1d(pool, padding=1), nn.BatchNorm1d(filters)]


class _Exp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x)


def _plain(name: str) -> nn.Sequential:
    """As the paper lists it, for the window in ``WINDOWS``; the features after the last pool are the paper's too."""
    if name == "cnn1":
        return nn.Sequential(*_block(4, 100, 19, 7), *_fully_connected(2600, 1000, 0.3))
    if name == "cnn1_exp":
        convolution, norm, _, pool = _block(4, 100, 19, 7)
        return nn.Sequential(convolution, norm, _Exp(), pool, *_fully_connected(2600, 1000, 0.3))
    if name == "deep_cnn":
        blocks = [*_block(4, 100, 19, 3), *_block(100, 200, 7, 3), *_block(200, 200, 4, 3)]
        return nn.Sequential(*blocks, *_fully_connected(1000, 1000, 0.3))
    if name == "deepstarr":
        sizes = ((4, 256, 7), (256, 60, 3), (60, 60, 5), (60, 120, 3))
        blocks = [layer for c, f, k in sizes for layer in _block(c, f, k, 2, padding=k // 2)]
        return nn.Sequential(*blocks, *_fully_connected(1800, 256, 0.4))
    blocks = [*_ai_tac_block(4, 300, 19, 3), *_ai_tac_block(300, 200, 11, 4), *_ai_tac_block(200, 200, 7, 4)]
    return nn.Sequential(*blocks, *_fully_connected(1000, 1000, 0.03, norm=False))


WINDOWS = {"cnn1": 200, "cnn1_exp": 200, "deep_cnn": 200, "deepstarr": 249, "ai_tac": 251}


@pytest.mark.parametrize("name", list(WINDOWS))
def test_outputs_and_gradients_equal_the_plain_writing(name: str) -> None:
    window = WINDOWS[name]
    model, plain = build(name, window, n_outputs=OUTPUTS, seed=0), _plain(name)
    model.train()
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        model(small_input(6, window, seed=3))  # running statistics move
    assert [p.shape for p in model.parameters()] == [p.shape for p in plain.parameters()]
    plain.load_state_dict(dict(zip(plain.state_dict(), model.state_dict().values(), strict=True)))
    model.eval()
    plain.eval()
    a, b = small_input(4, window).requires_grad_(), small_input(4, window).requires_grad_()
    torch.testing.assert_close(model(a), plain(b), rtol=1e-4, atol=1e-5)
    model(a)[:, 1].sum().backward()
    plain(b)[:, 1].sum().backward()
    torch.testing.assert_close(a.grad, b.grad, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
def test_danq_equals_the_plain_writing(layers: int) -> None:
    """200 bp leave 13 steps; states of both directions of all steps go into the hidden layer."""
    model = build("danq", 200, {"lstm_layers": layers}, OUTPUTS, seed=0).eval()
    lstm = nn.LSTM(320, 320, layers, batch_first=True, bidirectional=True)
    ours = [tensor for part in model.lstm for tensor in part.state_dict().values()]  # type: ignore[union-attr]
    lstm.load_state_dict(dict(zip(lstm.state_dict(), ours, strict=True)))
    x = small_input(3, 200)
    with torch.no_grad():
        h = torch.relu(model.require_first_layer()(x))
        h = lstm(nn.functional.max_pool1d(h, 13).transpose(1, 2))[0]
        assert h.shape == (3, 13, 640)
        expected = model.output(torch.relu(model.hidden(h.flatten(1))))  # type: ignore[operator]
        torch.testing.assert_close(model(x), expected, rtol=1e-5, atol=1e-6)


def test_options_given_as_text_are_understood() -> None:
    """A request carries them so."""
    model = build("danq", 100, {"lstm_layers": "1", "filters": "8", "dropout": "0.1", "hidden": "4"})
    assert model.options["lstm_layers"] == 1
    assert build("explainn", 100, {"frozen_filters": "true", "fc_layers": "0"}).options["frozen_filters"] is True
