"""Both strands: the reverse complement of one-hot arrays and attributions, and the average over strands.

Channels are A C G T, so the complement is a flip of the channel axis and the reversal a flip of the position axis.
Both are linear, so the gradient of f(rc(x)) by x is the turned-back gradient of f at rc(x): averaging a model's output
over strands averages its attributions, and an attribution of rc(x) is the attribution of x turned round.
"""

from __future__ import annotations

import torch
from cislex_models.onehot import reverse_complement
from torch import Tensor, nn


def turn(scores: Tensor) -> Tensor:
    """Attributions of a sequence ↔ of its reverse complement: (n, 4, L) flips channel and position; (n, L) position."""
    return reverse_complement(scores) if scores.dim() == 3 else scores.flip(-1)


class ReverseStrand(nn.Module):
    """A model read on the other strand: x (n, 4, L) → model(reverse complement of x)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, classes) of the reverse complement of one-hot x (n, 4, L)."""
        logits: Tensor = self.model(reverse_complement(x))
        return logits


def on_both_strands(models: list[nn.Module]) -> list[nn.Module]:
    """Each model, and each model on the other strand; the mean of their outputs is the strand-averaged ensemble."""
    return [*models, *(ReverseStrand(model) for model in models)]


def strand_averaged(model: nn.Module, x: Tensor) -> Tensor:
    """Mean logits (n, classes) of x (n, 4, L) and its reverse complement."""
    return torch.stack([part(x) for part in on_both_strands([model])]).mean(0)
