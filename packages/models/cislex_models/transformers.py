"""Networks with self-attention over positions: the transformers that WTKO-CNN is compared with.

Encoder layers are pre-norm (Xiong et al. 2020), which trains from scratch without a warm-up; positions are told apart
by sines and cosines (Vaswani et al. 2017), so that any length can be read.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

from cislex_models.base import Architecture
from cislex_models.convolutional import BlockArchitecture, positions_after
from cislex_models.dropout import Dropout
from cislex_models.options import CnnTransformerOptions, TransformerOptions


def positional_encoding(positions: int, channels: int) -> Tensor:
    """(positions, channels) float32: sines in the even channels, cosines in the odd ones; ``channels`` is even."""
    rates = torch.exp(torch.arange(0, channels, 2) * (-math.log(10_000.0) / channels))
    angles = torch.arange(positions).unsqueeze(1) * rates
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=2).flatten(1)


class EncoderLayer(nn.Module):
    """x + attention(norm(x)), then x + feed-forward(norm(x)): (n, positions, channels) kept."""

    def __init__(self, channels: int, heads: int, feed_forward: int, dropout: float) -> None:
        super().__init__()
        self._heads = heads
        self.norm_attention = nn.LayerNorm(channels)
        self.projections = nn.Linear(channels, 3 * channels)
        self.joined = nn.Linear(channels, channels)
        self.norm_feed_forward = nn.LayerNorm(channels)
        self.feed_forward = nn.Sequential(
            nn.Linear(channels, feed_forward), nn.ReLU(), Dropout(dropout), nn.Linear(feed_forward, channels)
        )
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        x = x + self.dropout(self._attend(self.norm_attention(x)))
        return x + self.dropout(self.feed_forward(self.norm_feed_forward(x)))

    def _attend(self, x: Tensor) -> Tensor:
        n, positions, channels = x.shape
        split = self.projections(x).view(n, positions, 3, self._heads, channels // self._heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind(0)  # (n, heads, positions, channels of a head) each
        mixed = scaled_dot_product_attention(query, key, value)
        return self.joined(mixed.transpose(1, 2).reshape(n, positions, channels))


class Encoder(nn.Module):
    """Positions added, encoder layers, a last norm, the mean over positions, one hidden layer, the output layer."""

    position: Tensor

    def __init__(
        self, options: TransformerOptions | CnnTransformerOptions, channels: int, positions: int, n_outputs: int
    ) -> None:
        super().__init__()
        self.register_buffer("position", positional_encoding(positions, channels), persistent=False)
        self.layers = nn.ModuleList(
            EncoderLayer(channels, options.heads, options.feed_forward, options.dropout_attention)
            for _ in range(options.layers)
        )
        self.norm = nn.LayerNorm(channels)
        self.hidden = nn.Linear(channels, options.hidden)
        self.relu = nn.ReLU()
        self.output = nn.Linear(options.hidden, n_outputs)

    def forward(self, h: Tensor) -> Tensor:
        """(n, positions, channels) → logits (n, outputs)."""
        h = h + self.position
        for layer in self.layers:
            h = layer(h)
        return self.output(self.relu(self.hidden(self.norm(h).mean(1))))


class Transformer(Architecture):
    """Tokens of ``token_bp`` bases, linearly embedded; the last token is filled up with N. There are no filters."""

    name = "transformer"

    def __init__(self, options: TransformerOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        self._token_bp = options.token_bp
        tokens = -(-window_bp // options.token_bp)
        self._missing_bp = tokens * options.token_bp - window_bp
        self._tokens = tokens
        self.embedding = nn.Linear(4 * options.token_bp, options.channels)
        self.encoder = Encoder(options, options.channels, tokens, n_outputs)

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """(n, 4, window_bp) → logits (n, outputs); no extras."""
        x = pad(x, (0, self._missing_bp)) if self._missing_bp else x
        tokens = x.reshape(x.shape[0], 4, self._tokens, self._token_bp).transpose(1, 2).flatten(2)
        return self.encoder(self.embedding(tokens)), {}


class CnnTransformer(BlockArchitecture):
    """Two convolutional blocks, then encoder layers over their positions."""

    name = "cnn_transformer"

    def __init__(self, options: CnnTransformerOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        blocks = options.blocks()
        self._build_blocks(blocks)
        self.encoder = Encoder(options, options.dimensions(), positions_after(blocks, window_bp), n_outputs)

    def _head(self, features: Tensor) -> Tensor:
        return self.encoder(features.transpose(1, 2))
