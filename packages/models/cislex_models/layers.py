"""Layers that several architectures share: blocks of convolutions, and fully connected layers after them.

On a CPU the convolutions run as 1×k two-dimensional ones in channels-last memory: pooling and convolution then read
neighbouring channels at once. ReLU and exp never fall, so they follow the pooling, with which they commute.

What is not linear is a module (``nn.ReLU``, ``nn.MaxPool2d``, ``Exp``…), used once in a forward pass, so that
DeepLIFT, which replaces the gradients of such modules, finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from cislex_models.dropout import Dropout
from cislex_models.options.base import Activation, Block, Hidden

_HALF = (torch.float16, torch.bfloat16)


class Exp(nn.Module):
    """The exponential as a first layer's activation (Koo and Ploenzke 2021), in float32 at least."""

    def forward(self, x: Tensor) -> Tensor:
        """e to the x."""
        return torch.exp(x.float() if x.dtype in _HALF else x)


def activation(kind: Activation) -> nn.Module:
    """``nn.ReLU`` or ``Exp``, a module of its own for each place."""
    return Exp() if kind == "exp" else nn.ReLU()


@contextmanager
def full_precision(x: Tensor) -> Iterator[None]:
    """Autocast off: what follows an exponential may pass 65,504, the largest number of half precision."""
    if torch.is_autocast_enabled(x.device.type):
        with torch.autocast(x.device.type, enabled=False):
            yield
    else:
        yield


def convolve(x: Tensor, layer: nn.Conv1d, padding: tuple[int, int] = (0, 0)) -> Tensor:
    """(n, channels, 1, length) → (n, filters, 1, positions), with zeros added left and right."""
    return convolve_with(pad(x, padding) if any(padding) else x, layer.weight, layer.bias)


def convolve_with(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """(n, channels, 1, length) → (n, filters, 1, positions) with weights (filters, channels, kernel) of one's own."""
    if x.device.type == "cpu":
        x = x.contiguous(memory_format=torch.channels_last)
    return conv2d(x, weight.unsqueeze(2), bias)


def scale_and_shift(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """What batch normalisation does in evaluation: x · scale + shift, each (channels,)."""
    assert norm.running_mean is not None, "it keeps running statistics"
    assert norm.running_var is not None, "it keeps running statistics"
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def keep_gradient_channels_last(h: Tensor) -> None:
    """Let the gradient of ``h`` come in the memory order of the convolutions.

    In another one the backward of max-pooling copies its whole input, which costs as much as the convolution.
    """
    if h.requires_grad and h.device.type == "cpu":
        h.register_hook(lambda gradient: gradient.contiguous(memory_format=torch.channels_last))


class ConvBlock(nn.Module):
    """One ``Block``: maps (n, channels, 1, length) to (n, filters, 1, positions)."""

    def __init__(self, channels: int, block: Block) -> None:
        super().__init__()
        self.block = block
        self.conv = nn.Conv1d(channels, block.filters, block.kernel)
        self.norm: nn.Module = nn.Identity() if block.norm == "none" else nn.BatchNorm2d(block.filters)
        self.pool = nn.MaxPool2d((1, block.pool), (1, block.stride), (0, block.pool_padding))
        self.activation = activation(block.activation)
        self.dropout = Dropout(block.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """The whole block."""
        h = self.pool(self._convolved(x))
        if self.training:
            keep_gradient_channels_last(h)
        return self._after_pool(self.activation(h))

    def activations(self, x: Tensor) -> Tensor:
        """After the activation, before pooling."""
        return self.activation(self._convolved(x))

    def after_activations(self, activations: Tensor) -> Tensor:
        """The rest of the block on ``activations``."""
        return self._after_pool(self.pool(activations))

    def _convolved(self, x: Tensor) -> Tensor:
        h = convolve(x, self.conv, self.block.padding)
        return self.norm(h) if self.block.norm == "before" else h

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
