"""Layers that several architectures share: blocks of convolutions, and fully connected layers after them.

On a CPU the convolutions run as 1×k two-dimensional ones in channels-last memory: pooling and convolution then read
neighbouring channels at once. ReLU and exp never fall, so they follow the pooling, with which they commute.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d, pad

from cislex_models.dropout import Dropout
from cislex_models.options.base import Activation, Block, Hidden


def activate(x: Tensor, activation: Activation) -> Tensor:
    """ReLU or the exponential (Koo and Ploenzke 2021)."""
    return torch.exp(x) if activation == "exp" else torch.relu(x)


def convolve(x: Tensor, layer: nn.Conv1d, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """(n, channels, 1, length) → (n, filters, 1, positions), with zeros added left and right."""
    x = pad(x, padding) if any(padding) else x
    if x.device.type == "cpu":
        x = x.contiguous(memory_format=torch.channels_last)
    return conv2d(x, layer.weight.unsqueeze(2), layer.bias)


class ConvBlock(nn.Module):
    """One ``Block``: maps (n, channels, 1, length) to (n, filters, 1, positions)."""

    def __init__(self, channels: int, block: Block) -> None:
        super().__init__()
        self.block = block
        self.conv = nn.Conv1d(channels, block.filters, block.kernel)
        self.norm: nn.Module = nn.Identity() if block.norm == "none" else nn.BatchNorm2d(block.filters)
        self.dropout = Dropout(block.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """The whole block."""
        return self._after_pool(activate(self._pool(self._convolved(x)), self.block.activation))

    def activations(self, x: Tensor) -> Tensor:
        """After the activation, before pooling."""
        return activate(self._convolved(x), self.block.activation)

    def after_activations(self, activations: Tensor) -> Tensor:
        """The rest of the block on ``activations``."""
        return self._after_pool(self._pool(activations))

    def _convolved(self, x: Tensor) -> Tensor:
        h = convolve(x, self.conv, self.block.padding)
        return self.norm(h) if self.block.norm == "before" else h

    def _pool(self, h: Tensor) -> Tensor:
        block = self.block
        return max_pool2d(h, (1, block.pool), (1, block.stride), (0, block.pool_padding))

    def _after_pool(self, h: Tensor) -> Tensor:
        return self.dropout(self.norm(h) if self.block.norm == "after" else h)


class FullyConnected(nn.Module):
    """``Hidden`` layers, then the output layer: maps (n, features) to (n, outputs)."""

    def __init__(self, features: int, hidden: Hidden, n_outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for size in hidden.sizes:
            layers.append(nn.Linear(features, size))
            if hidden.norm:
                layers.append(nn.BatchNorm1d(size))
            layers += [nn.ReLU(), Dropout(hidden.dropout)]
            features = size
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(features, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.output(self.hidden(x))
