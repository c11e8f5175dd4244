"""WTKO-CNN against Table 3, written out a second time with torch's plain layers, and golden numbers."""

from __future__ import annotations

import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_models.dropout import Dropout
from cislex_models.onehot import one_hot
from cislex_models.registry import build
from torch import nn
from torch.nn.functional import cross_entropy

GOLDEN = torch.tensor([[-0.012195748, 0.035084758], [-0.012365742, 0.034934700]])


def _input(n: int = 4, window: int = 600) -> torch.Tensor:
    codes = (torch.arange(n * window) * 7919 // 3 % 4).reshape(n, window).to(torch.uint8)
    codes[0, :20] = 4
    return one_hot(codes)


class Table3(nn.Module):
    """The rows of Table 3, in their order, with the same parameters."""

    def __init__(self, source: nn.Module) -> None:
        super().__init__()
        self.m = source
        self.pool = nn.MaxPool1d(2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        m = self.m
        h = self.pool(torch.relu(m.conv1(x)))
        h = self.pool(torch.relu(m.conv2(h))).transpose(1, 2)
        weights = torch.softmax(m.attention_score(h), dim=1)
        return m.output(torch.relu(m.hidden((h * weights).sum(1))))


def test_parameter_count_is_that_of_table_3() -> None:
    by_hand = (64 * 4 * 10 + 64) + (128 * 64 * 10 + 128) + (128 + 1) + (128 * 64 + 64) + (64 * 2 + 2)
    assert build("wtko_cnn", 600).n_parameters == by_hand == 93_187
    assert build("wtko_cnn", 600, {"batch_norm": True}).n_parameters == by_hand + 2 * (64 + 128)


def test_forward_and_gradients_equal_the_plain_writing_of_table_3() -> None:
    model = build("wtko_cnn", 600, seed=0).eval()
    plain, y = Table3(model), torch.tensor([0, 1, 1, 0])
    a, b = _input().requires_grad_(), _input().requires_grad_()
    loss_a, loss_b = cross_entropy(model(a), y), cross_entropy(plain(b), y)
    weights = list(model.parameters())
    gradients_a = torch.autograd.grad(loss_a, [a, *weights])
    gradients_b = torch.autograd.grad(loss_b, [b, *weights])
    torch.testing.assert_close(model(a), plain(b), rtol=0, atol=1e-6)
    for got, expected in zip(gradients_a, gradients_b, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-7)


def test_golden_forward() -> None:
    with torch.no_grad():
        logits = build("wtko_cnn", 600, seed=42).eval()(_input(2))
    torch.testing.assert_close(logits, GOLDEN, rtol=0, atol=1e-5)


def test_600_bp_leave_143_positions_and_31_bp_leave_one() -> None:
    for window, options, positions in ((600, {}, 143), (31, {}, 1), (600, {"padding": "same"}, 150)):
        extras = build("wtko_cnn", window, options).eval().forward_with_extras(_input(window=window))[1]
        assert extras["attention"].shape == (4, positions)


def test_too_short_a_window_names_the_shortest() -> None:
    with pytest.raises(UserError, match="at least 31 bp with these options, got 30 bp") as caught:
        build("wtko_cnn", 30)
    assert caught.value.reason is Reason.WINDOW_TOO_SHORT
    assert caught.value.metadata["shortest_bp"] == "31"


def test_continuing_from_filter_activations_is_the_forward_pass() -> None:
    model = build("wtko_cnn", 600, {"batch_norm": True}, seed=0).eval()
    with torch.no_grad():
        logits = model.from_filter_activations(model.filter_activations(_input()))
        torch.testing.assert_close(logits, model(_input()), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "options, field",
    [({"dropout": 1.0}, "options.dropout"), ({"filters": 0}, "options.filters"), ({"depth": 3}, "options.depth"),
     ({"padding": "reflect"}, "options.padding")],
)  # fmt: skip
def test_bad_options_name_the_field(options: dict[str, object], field: str) -> None:
    with pytest.raises(UserError) as caught:
        build("wtko_cnn", 600, options)
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert [v.field for v in caught.value.violations] == [field]


def test_unknown_architecture_names_those_that_exist() -> None:
    with pytest.raises(UserError, match=r"known: ai_tac, .*, wtko_cnn"):
        build("resnet", 600)


def test_options_may_be_text() -> None:
    model = build("wtko_cnn", 100, {"batch_norm": "true", "dropout": "0.1", "filters": "8"})
    assert model.options["batch_norm"] is True
    assert model.options["dropout"] == 0.1
    assert model.first_layer.weight.shape == (8, 4, 10)


def test_dropout_drops_the_stated_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer = Dropout(0.3)
    x = torch.ones(64, 50, 41).to(memory_format=torch.contiguous_format)
    y = layer(x)
    assert float((y == 0).double().mean()) == pytest.approx(0.3, abs=0.005)
    assert float(y.mean()) == pytest.approx(1.0, abs=0.01)
    assert y[y > 0].unique().numel() == 1
    assert torch.equal(layer.eval()(x), x)


def test_dropout_repeats_from_the_generator_state_in_any_memory_layout() -> None:
    layer = Dropout(0.3)
    for x in (torch.ones(3, 5, 1, 7), torch.ones(3, 5, 1, 7).to(memory_format=torch.channels_last)):
        state = torch.get_rng_state()
        first = layer(x)
        torch.set_rng_state(state)
        assert torch.equal(layer(x), first)
        assert first.stride() == x.stride()


def test_dropout_masks_neighbours_independently() -> None:
    torch.manual_seed(1)
    dropped = (Dropout(0.3)(torch.ones(400_000)) == 0).double()
    for lag in (1, 2, 3, 4, 5):  # four masks come from one 64-bit draw
        together = float((dropped[:-lag] * dropped[lag:]).mean())
        assert together == pytest.approx(0.09, abs=0.003)
