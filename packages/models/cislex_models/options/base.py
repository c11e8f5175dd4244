"""What the options of every architecture share: how a stack of convolutions is described, and what it can read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Activation = Literal["relu", "exp"]


class ArchitectureOptions(BaseModel, ABC):
    """Base: unknown options are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    # what to change, besides the dataset, when a window is too short
    shorter_by: ClassVar[str] = "choose smaller kernels and pools in the options"

    @abstractmethod
    def min_window_bp(self) -> int:
        """The shortest window that leaves at least one position in the last feature map."""


@dataclass(frozen=True)
class Block:
    """Convolution → [norm] → activation → max-pool → [norm] → dropout.

    ``padding`` = zeros added on the (left, right) of the convolution's input; ``pool_padding`` on both sides of the
    pool's, where they never win. ``norm`` says where a batch normalisation stands: before the activation, after the
    pool, or nowhere.
    """

    filters: int
    kernel: int
    pool: int
    padding: tuple[int, int] = (0, 0)
    pool_stride: int = 0  # 0: as wide as the pool
    pool_padding: int = 0
    norm: Literal["none", "before", "after"] = "none"
    activation: Activation = "relu"
    dropout: float = 0.0

    @property
    def stride(self) -> int:
        """The pool's step."""
        return self.pool_stride or self.pool

    def positions(self, length: int) -> int:
        """Positions that leave the block when ``length`` enter."""
        convolved = length + sum(self.padding) - self.kernel + 1
        return (convolved + 2 * self.pool_padding - self.pool) // self.stride + 1

    def needs(self, positions: int) -> int:
        """The smallest length whose ``positions`` are that many."""
        convolved = max((positions - 1) * self.stride + self.pool - 2 * self.pool_padding, 1)
        return max(convolved + self.kernel - 1 - sum(self.padding), 1)


@dataclass(frozen=True)
class Hidden:
    """Fully connected layers after the blocks: Linear → [batch norm] → ReLU → dropout, for each size."""

    sizes: tuple[int, ...]
    norm: bool = False
    dropout: float = 0.0


def same_padding(kernel: int) -> tuple[int, int]:
    """Zeros on both sides that keep the length, the odd one on the right."""
    return (kernel - 1) // 2, kernel // 2


def shortest_input(blocks: Sequence[Block]) -> int:
    """The shortest input that leaves one position after all blocks."""
    length = 1
    for block in reversed(blocks):
        length = block.needs(length)
    return length


class ConvolutionalOptions(ArchitectureOptions, ABC):
    """Options of a network that is a stack of blocks, then fully connected layers."""

    @abstractmethod
    def blocks(self) -> tuple[Block, ...]:
        """The convolutional part, first block first."""

    @abstractmethod
    def hidden_layers(self) -> Hidden:
        """The fully connected layers before the output layer."""

    def min_window_bp(self) -> int:
        """The shortest window that leaves one position after the last block."""
        return shortest_input(self.blocks())


def width(default: int) -> int:
    """A number of filters or nodes: 1 to 4096."""
    field: int = Field(default, ge=1, le=4096)
    return field


def share(default: float) -> float:
    """A dropout probability: 0 ≤ p < 1."""
    field: float = Field(default, ge=0.0, lt=1.0)
    return field


def kernel_bp(default: int) -> int:
    """A width in positions: 1 to 101."""
    field: int = Field(default, ge=1, le=101)
    return field


def pool(default: int) -> int:
    """A pool's width: 1 to 64."""
    field: int = Field(default, ge=1, le=64)
    return field
