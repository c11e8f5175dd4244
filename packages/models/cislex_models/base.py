"""What every architecture offers to training, export and explanation."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn


class Architecture(nn.Module, ABC):
    """Base of all architectures: one-hot float32 (n, 4, window_bp) in, pre-softmax logits (n, classes) out.

    Channels are A, C, G, T; N is a zero column. ``options`` is the validated JSON that rebuilds the module.
    A first layer that pads sets ``first_layer_left_padding_bp`` = left: activation i reads input
    [i − left, i − left + kernel).
    """

    name: str = ""
    first_layer_left_padding_bp: int = 0

    def __init__(self, options: dict[str, object], window_bp: int, n_classes: int) -> None:
        super().__init__()
        self.options = options
        self.window_bp = window_bp
        self.n_classes = n_classes

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, n_classes) of one-hot (n, 4, window_bp)."""
        return self.forward_with_attention(x)[0]

    @abstractmethod
    def forward_with_attention(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (n, n_classes) and attention weights (n, positions) from one pass."""

    def attention(self, x: Tensor) -> Tensor:
        """Attention weights (n, positions), each row summing to one. Positions are those of the last feature map."""
        return self.forward_with_attention(x)[1]

    @property
    @abstractmethod
    def first_layer(self) -> nn.Conv1d:
        """The convolution that reads the sequence: weight (filters, 4, kernel)."""

    @abstractmethod
    def filter_activations(self, x: Tensor) -> Tensor:
        """Activations of the first layer after its ReLU, before pooling: (n, filters, positions)."""

    @property
    def n_parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return next(self.parameters()).device
