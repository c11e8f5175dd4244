"""The encoder against torch's own layer, and positions that any length has."""

from __future__ import annotations

import math

import pytest
import torch
from cislex_models.registry import build
from cislex_models.transformers import EncoderLayer, positional_encoding
from torch import nn

from tests.models.cases import small_input


def test_an_encoder_layer_is_torchs_pre_norm_layer() -> None:
    ours = EncoderLayer(12, 3, 20, 0.0).eval()
    plain = nn.TransformerEncoderLayer(12, 3, 20, 0.0, batch_first=True, norm_first=True).eval()
    names = {
        "self_attn.in_proj_": ours.projections,
        "self_attn.out_proj.": ours.joined,
        "linear1.": ours.feed_forward[0],
        "linear2.": ours.feed_forward[3],
        "norm1.": ours.norm_attention,
        "norm2.": ours.norm_feed_forward,
    }
    plain.load_state_dict({f"{name}{part}": v for name, m in names.items() for part, v in m.state_dict().items()})
    x = torch.randn(4, 7, 12, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-5, atol=1e-6)


def test_positions_are_sines_and_cosines() -> None:
    table = positional_encoding(50, 8)
    assert table.shape == (50, 8)
    assert float(table[3, 2]) == pytest.approx(math.sin(3 / 10_000 ** (2 / 8)), rel=1e-6)
    torch.testing.assert_close(table[:, 0::2] ** 2 + table[:, 1::2] ** 2, torch.ones(50, 4))


def test_order_matters_to_the_transformer_and_the_last_token_is_filled_with_n() -> None:
    model = build("transformer", 20, {"token_bp": 6, "channels": 16, "heads": 2}, seed=0).eval()
    x = small_input(3, 20)
    swapped = torch.cat([x[:, :, 6:12], x[:, :, :6], x[:, :, 12:]], 2)
    with torch.no_grad():
        assert not torch.allclose(model(x), model(swapped), atol=1e-5)
        longer = build("transformer", 24, {"token_bp": 6, "channels": 16, "heads": 2}, seed=0).eval()
        assert torch.equal(longer(nn.functional.pad(x, (0, 4))), model(x))
