"""What a network is trained for: one loss per kind of target, masked, weighted, and summed so that batches add up.

A loss here is a sum and the weight that the sum is divided by (how many sequences or entries it counts). The batches of
one update are added before they are divided, so an update is the mean over its whole group, and a batch whose entries
are all unresolved adds nothing to either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.targets import UNRESOLVED, TargetType
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

LossName = Literal["cross_entropy", "bce", "mse", "poisson", "pearson"]

#: The losses of each kind of target; the first is what ``auto`` takes.
LOSSES_OF: dict[TargetType, tuple[LossName, ...]] = {
    "class_index": ("cross_entropy",),
    "multilabel": ("bce",),
    "regression": ("mse", "poisson", "pearson"),
}

# losses whose size is the data's own: what counts as an improvement is then a share of the best loss
_OWN_SCALE = ("mse", "poisson")

# A spread below this share of the values' own size is rounding, not variation: such a row has no correlation.
_NO_SPREAD = 1e-6


@dataclass(frozen=True)
class Objective:
    """A loss with its weights. ``weights``: per class (cross_entropy) or per task's positives (bce); None = all one."""

    loss: LossName = "cross_entropy"
    n_outputs: int = 2
    weights: Tensor | None = None

    @property
    def target_type(self) -> TargetType:
        """The kind of target this loss is for."""
        return next(kind for kind, losses in LOSSES_OF.items() if self.loss in losses)

    @property
    def relative(self) -> bool:
        """True where the loss has the scale of the data: an improvement is then a share of the best loss."""
        return self.loss in _OWN_SCALE

    def on(self, device: torch.device) -> Objective:
        """The same with its weights on a device: no batch has to move them."""
        return self if self.weights is None else replace(self, weights=self.weights.to(device))

    def weight(self, targets: Tensor) -> Tensor | int:
        """What the sum of the loss over these targets is divided by: a number, or a tensor where values decide."""
        if self.loss == "cross_entropy":
            return len(targets) if self.weights is None else self._weights_on(targets)[targets].sum()
        if self.loss == "bce":
            return (targets != UNRESOLVED).sum()
        return _varies(targets).sum() if self.loss == "pearson" else targets.numel()

    def total(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Sum of the loss over a batch, float32.

        logits (b, n_outputs). targets: (b,) int64; (b, tasks) int8 with −1 = unresolved; (b, tasks) float32.
        """
        weights = None if self.weights is None else self._weights_on(targets)
        return _TOTALS[self.loss](logits.float(), targets, weights)

    def _weights_on(self, targets: Tensor) -> Tensor:
        assert self.weights is not None
        return self.weights.to(targets.device)


def _cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """Softmax cross-entropy in nats."""
    return cross_entropy(logits, targets, weight=weights, reduction="sum")


def _bce(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """Sigmoid cross-entropy in nats over resolved entries; ``weights`` (tasks,) multiply the positives' terms."""
    truth = targets.clamp(min=0).to(logits.dtype)
    entries = binary_cross_entropy_with_logits(logits, truth, pos_weight=weights, reduction="none")
    return torch.where(targets != UNRESOLVED, entries, 0.0).sum()


def _mse(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """Squared difference over all entries."""
    return (logits - targets).square().sum()


def _poisson(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """Poisson negative log-likelihood of counts y under rate exp(z), without the constant log y!: exp(z) − y z."""
    return (logits.exp() - targets * logits).sum()


def _pearson(logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
    """1 − Pearson's correlation across the tasks of each sequence (AI-TAC).

    A sequence whose targets are all equal has no correlation and is not counted.
    """
    x, y = (v - v.mean(1, keepdim=True) for v in (logits, targets))
    # the small terms keep the gradient finite where a network answers the same for every task
    r = (x * y).sum(1) / ((x.square().sum(1) + 1e-12).sqrt() * (y.square().sum(1) + 1e-12).sqrt())
    return torch.where(_varies(targets), 1 - r, 0.0).sum()


def _varies(targets: Tensor) -> Tensor:
    """(b,) True where the tasks of a sequence differ by more than rounding."""
    spread = targets.amax(1) - targets.amin(1)
    return spread > _NO_SPREAD * targets.abs().amax(1)


_TOTALS: dict[LossName, Callable[[Tensor, Tensor, Tensor | None], Tensor]] = {
    "cross_entropy": _cross_entropy,
    "bce": _bce,
    "mse": _mse,
    "poisson": _poisson,
    "pearson": _pearson,
}


def choose_loss(asked: str, target_type: TargetType) -> LossName:
    """The loss of ``asked`` (or of ``auto``) for these targets. Raises INVALID_REQUEST when they do not go together."""
    fitting = LOSSES_OF[target_type]
    if asked == "auto":
        return fitting[0]
    for name in fitting:
        if name == asked:
            return name
    raise UserError(
        Reason.INVALID_REQUEST,
        f"loss {asked} does not serve {target_type} targets; use {' or '.join(fitting)}, or auto",
        field="loss",
        loss=asked,
        target_type=target_type,
    )


def objective_for(
    loss: LossName, class_weights: str, targets: np.ndarray, outputs: list[str], *, field: str = "loss"
) -> Objective:
    """The objective for the training rows' ``targets``. ``class_weights`` "balanced" makes every class count the same:

    cross_entropy: n / (classes · n_c) per class; bce: negatives / positives of each task on its positives.
    Raises INVALID_REQUEST: weights for values, pearson of one task, negative counts for poisson.
    """
    if loss == "pearson" and len(outputs) < 2:
        raise UserError(
            Reason.INVALID_REQUEST,
            "loss pearson is the correlation across the tasks of a sequence, and the dataset has one; use loss mse",
            field=field,
        )
    if loss == "poisson" and (targets < 0).any():
        row, task = np.argwhere(targets < 0)[0]
        raise UserError(
            Reason.INVALID_REQUEST,
            f"loss poisson needs counts of 0 or more; task {outputs[task]} holds {targets[row, task]:g}; use loss mse, "
            "or targets that are counts",
            field=field,
            task=outputs[task],
        )
    if class_weights == "none":
        return Objective(loss, len(outputs))
    if loss == "cross_entropy":
        counts = np.bincount(targets, minlength=len(outputs))
        values = len(targets) / (len(outputs) * np.maximum(counts, 1))
    elif loss == "bce":
        values = (targets == 0).sum(0) / np.maximum((targets == 1).sum(0), 1)
    else:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"class_weights {class_weights} needs classes; loss {loss} has values: leave class_weights out",
            field="class_weights",
        )
    return Objective(loss, len(outputs), torch.tensor(values, dtype=torch.float32))
