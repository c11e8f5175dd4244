"""The function that is explained: the mean of the logits of several models, seeds and strands.

The gradient of the mean is the mean of the gradients, so models are taken one after another and only one model's
activations are alive at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

WT_MINUS_KO = "wt_minus_ko"
PREDICTED = "predicted"
OUTPUT = "output"


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

    def gradient(self, x: Tensor, weigh: Weigh) -> tuple[Tensor, Tensor]:
        """Gradient (n, 4, L) of sum over classes of weights × mean logits, and the mean logits (n, classes).

        x: (n, 4, L) float. ``weigh`` makes the weights (n, classes) from the mean logits; they count as constant. The
        weights of several members are asked for only after all have answered, which costs a forward pass more.
        """
        x = x.detach().requires_grad_(True)
        weights = weigh(self.logits(x)) if len(self.members) > 1 and weigh.needs_logits else None
        gradient, logits = torch.zeros_like(x), []
        for member in self.members:
            output = member(x)
            chosen = weigh(output.detach()) if weights is None else weights
            gradient += torch.autograd.grad((output * chosen).sum(), x)[0]
            logits.append(output.detach())
        return gradient / len(self.members), torch.stack(logits).mean(0)


@dataclass(frozen=True)
class Weigh:
    """Weights (n, classes) whose product with the logits is the attributed number.

    ``wt_minus_ko``: +1 at WT, −1 at KO. ``predicted``: 1 at the class with the largest logit, 0 elsewhere.
    ``output``: 1/m at each of the m named ``outputs``. ``fixed``: as given, whatever the logits.
    """

    target: str
    classes: tuple[str, ...]
    fixed: Tensor | None = None
    outputs: tuple[str, ...] = ()

    @property
    def needs_logits(self) -> bool:
        """True when the weights hang on the logits."""
        return self.target == PREDICTED and self.fixed is None

    def __call__(self, logits: Tensor) -> Tensor:
        """The weights for logits (n, classes)."""
        if self.fixed is not None:
            return self.fixed
        if self.target == PREDICTED:
            return nn.functional.one_hot(logits.argmax(1), logits.shape[1]).to(logits.dtype)
        row = torch.zeros_like(logits)
        if self.target == OUTPUT:
            row[:, [self.classes.index(name) for name in self.outputs]] = 1.0 / len(self.outputs)
            return row
        if self.target != WT_MINUS_KO:
            raise ValueError(f"no target {self.target!r}; known: {WT_MINUS_KO}, {PREDICTED}, {OUTPUT}")
        row[:, self.classes.index("WT")], row[:, self.classes.index("KO")] = 1.0, -1.0
        return row

    def fix(self, logits: Tensor) -> Weigh:
        """The same weights for every later call, made from these logits."""
        return replace(self, fixed=self(logits))
