"""The function that is explained: the mean of the logits of several models, seeds and strands.

The gradient of the mean is the mean of the gradients, so models are taken one after another and only one model's
activations are alive at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

WT_MINUS_KO = "wt_minus_ko"
PREDICTED = "predicted"


class Ensemble:
    """Mean logits of ``members`` and their gradient by the input. Members are put in evaluation mode and frozen.

    Freezing the weights spares the backward pass a third of its work: only the input's gradient is computed.
    """

    def __init__(self, members: Sequence[nn.Module], device: torch.device | str = "cpu") -> None:
        if not members:
            raise ValueError("an ensemble needs at least one model")
        self.device = torch.device(device)
        self.members = [member.to(self.device).eval().requires_grad_(False) for member in members]

    @torch.no_grad()
    def logits(self, x: Tensor) -> Tensor:
        """Mean logits (n, classes) of one-hot x (n, 4, L)."""
        total = self.members[0](x)
        for member in self.members[1:]:
            total = total + member(x)
        return total / len(self.members)

    def gradient(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Gradient (n, 4, L) of sum over classes of weights × mean logits, and the mean logits (n, classes).

        x: (n, 4, L) float; weights: (n, classes), constant.
        """
        x = x.detach().requires_grad_(True)
        gradient, logits = torch.zeros_like(x), torch.zeros_like(weights)
        for member in self.members:
            output = member(x)
            gradient += torch.autograd.grad((output * weights).sum(), x)[0]
            logits += output.detach()
        return gradient / len(self.members), logits / len(self.members)


def target_weights(target: str, classes: Sequence[str], n: int, logits: Tensor | None = None) -> Tensor:
    """Weights (n, classes) float32 whose product with the logits is the attributed number.

    ``wt_minus_ko``: +1 at WT, −1 at KO. ``predicted``: 1 at the class with the largest of ``logits`` (n, classes).
    """
    if target == WT_MINUS_KO:
        row = torch.zeros(len(classes))
        row[list(classes).index("WT")], row[list(classes).index("KO")] = 1.0, -1.0
        return row.expand(n, -1)
    if target != PREDICTED or logits is None:
        raise ValueError(f"target {target!r} needs logits or is unknown")
    return nn.functional.one_hot(logits.argmax(1), len(classes)).to(logits.dtype)
