"""Networks that are a stack of convolutional blocks, flattened, then fully connected layers.

CNN₁, CNN₁Exp, DeepCNN, DeepSTARR, AI-TAC and WTKO-CNN's four-layer CNN differ in their options alone
(``options.baselines``, ``options.wtko``); docs/methods.md has the table.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cislex_models.base import Architecture
from cislex_models.layers import ConvBlock, Exp, FullyConnected, full_precision
from cislex_models.options import ConvolutionalOptions
from cislex_models.options.base import Block


def stack(blocks: tuple[Block, ...]) -> nn.ModuleList:
    """The blocks as modules, the first reading one-hot sequence."""
    channels = (4, *(block.filters for block in blocks[:-1]))
    return nn.ModuleList(ConvBlock(c, block) for c, block in zip(channels, blocks, strict=True))


def positions_after(blocks: tuple[Block, ...], window_bp: int) -> int:
    """Positions that leave the last block."""
    for block in blocks:
        window_bp = block.positions(window_bp)
    return window_bp


class BlockArchitecture(Architecture):
    """Blocks, then whatever ``_head`` makes of their positions."""

    blocks: nn.ModuleList

    @property
    def first_layer(self) -> nn.Conv1d:
        """The first block's convolution."""
        block: ConvBlock = self.blocks[0]  # type: ignore[assignment]
        return block.conv

    def _build_blocks(self, blocks: tuple[Block, ...]) -> None:
        self.blocks = stack(blocks)
        self.first_layer_left_padding_bp = blocks[0].padding[0]

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """(n, 4, window_bp) → logits (n, outputs); no extras."""
        return self._after_first_block(self.blocks[0](x.unsqueeze(2))), {}

    def filter_activations(self, x: Tensor) -> Tensor:
        """(n, filters, positions) after the first block's activation, before pooling."""
        block: ConvBlock = self.blocks[0]  # type: ignore[assignment]
        return block.activations(x.unsqueeze(2)).squeeze(2)

    def from_filter_activations(self, activations: Tensor) -> Tensor:
        """Logits: the rest of the network on (possibly altered) ``filter_activations``."""
        block: ConvBlock = self.blocks[0]  # type: ignore[assignment]
        return self._after_first_block(block.after_activations(activations.unsqueeze(2)))

    def _after_first_block(self, h: Tensor) -> Tensor:
        first: ConvBlock = self.blocks[0]  # type: ignore[assignment]
        if not isinstance(first.activation, Exp):
            return self._deeper(h)
        with full_precision(h):
            return self._deeper(h)

    def _deeper(self, h: Tensor) -> Tensor:
        for block in self.blocks[1:]:
            h = block(h)
        return self._head(h.squeeze(2))

    def _head(self, features: Tensor) -> Tensor:
        """Logits of the last feature map (n, channels, positions)."""
        raise NotImplementedError


class ConvolutionalNetwork(BlockArchitecture):
    """Blocks → flatten → fully connected layers → logits."""

    def __init__(self, options: ConvolutionalOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        blocks = options.blocks()
        self._build_blocks(blocks)
        features = blocks[-1].filters * positions_after(blocks, window_bp)
        self.fully_connected = FullyConnected(features, options.hidden_layers(), n_outputs)

    def _head(self, features: Tensor) -> Tensor:
        return self.fully_connected(torch.flatten(features, 1))


class Cnn1(ConvolutionalNetwork):
    """CNN₁ of the ExplaiNN paper."""

    name = "cnn1"


class Cnn1Exp(ConvolutionalNetwork):
    """CNN₁Exp of the ExplaiNN paper."""

    name = "cnn1_exp"


class DeepCnn(ConvolutionalNetwork):
    """DeepCNN of the ExplaiNN paper, adapted from Basset (Kelley et al. 2016)."""

    name = "deep_cnn"


class DeepStarr(ConvolutionalNetwork):
    """DeepSTARR (de Almeida et al. 2022)."""

    name = "deepstarr"


class AiTac(ConvolutionalNetwork):
    """AI-TAC (Maslova et al. 2020)."""

    name = "ai_tac"


class Cnn4(ConvolutionalNetwork):
    """The four-layer CNN that WTKO-CNN is compared with."""

    name = "cnn4"
