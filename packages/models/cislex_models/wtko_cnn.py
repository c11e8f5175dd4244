"""WTKO-CNN, Table 3 of the paper: two convolutional blocks, attention over positions, a small classifier.

Conv1d 64×10 → ReLU → MaxPool 2 → Dropout 0.3 → Conv1d 128×10 → ReLU → MaxPool 2 → Dropout 0.3 → attention
(Linear 128→1, softmax over positions, weighted sum) → Linear 64 → ReLU → Linear 2. No padding by default.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cislex_models.base import Architecture
from cislex_models.options import WtkoCnnOptions


class WtkoCnn(Architecture):
    """See the module's text. For 600 bp the last feature map has 141 positions, each pooled from 4 bp steps."""

    name = "wtko_cnn"

    def __init__(self, options: WtkoCnnOptions, window_bp: int, n_classes: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_classes)
        k = options.kernel_size
        left, right = ((k - 1) // 2, k // 2) if options.padding == "same" else (0, 0)
        self.first_layer_left_padding_bp = left
        # asymmetric zero padding, so that even kernels keep the length too
        self.pad: nn.Module = nn.ConstantPad1d((left, right), 0.0) if left + right else nn.Identity()
        self.conv1 = nn.Conv1d(4, options.filters, k)
        self.norm1: nn.Module = nn.BatchNorm1d(options.filters) if options.batch_norm else nn.Identity()
        self.conv2 = nn.Conv1d(options.filters, options.filters_2, k)
        self.norm2: nn.Module = nn.BatchNorm1d(options.filters_2) if options.batch_norm else nn.Identity()
        self.pool = nn.MaxPool1d(options.pool_size)
        self.dropout = nn.Dropout(options.dropout)
        self.attention_score = nn.Linear(options.filters_2, 1)
        self.hidden = nn.Linear(options.filters_2, options.hidden)
        self.output = nn.Linear(options.hidden, n_classes)

    @property
    def first_layer(self) -> nn.Conv1d:  # type: ignore[override]
        """The convolution that reads the sequence: weight (filters, 4, kernel)."""
        return self.conv1

    def filter_activations(self, x: Tensor) -> Tensor:
        """(n, 4, L) → (n, filters, L − kernel + 1) without padding, (n, filters, L) with "same"; after ReLU."""
        return torch.relu(self.norm1(self.conv1(self.pad(x))))

    def from_filter_activations(self, activations: Tensor) -> tuple[Tensor, Tensor]:
        """The rest of the network on (possibly altered) first-layer activations: logits and attention weights."""
        h = self.dropout(self.pool(activations))
        h = self.dropout(self.pool(torch.relu(self.norm2(self.conv2(self.pad(h))))))  # (n, filters_2, positions)
        features = h.transpose(1, 2)  # (n, positions, filters_2)
        weights = torch.softmax(self.attention_score(features), dim=1)  # (n, positions, 1)
        pooled = (features * weights).sum(dim=1)  # (n, filters_2)
        return self.output(torch.relu(self.hidden(pooled))), weights.squeeze(2)

    def forward_with_attention(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 4, window_bp) → logits (n, classes), attention weights (n, positions)."""
        return self.from_filter_activations(self.filter_activations(x))
