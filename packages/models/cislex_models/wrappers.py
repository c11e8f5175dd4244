"""Predictors made of predictors: both strands as one, calibrated, and several seeds as one. Each can be exported."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from cislex_models.base import Predictor
from cislex_models.onehot import reverse_complement

# what an ensemble averages; other extras (unit outputs, filter activations) belong to one seed and are concatenated
_AVERAGED = ("attention",)


class StrandSymmetric(Predictor):
    """Mean of the logits of both strands: the reverse complement gets the same answer, whatever was learned.

    Unit outputs are the mean of both strands too, so that an additive model stays additive; attention and filter
    activations are those of the strand that was given.
    """

    def __init__(self, model: Predictor) -> None:
        super().__init__()
        self.model = model
        self.window_bp, self.n_outputs, self.extra_outputs = model.window_bp, model.n_outputs, model.extra_outputs

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See the class."""
        logits, extras = self.model.forward_with_extras(x)
        other, other_extras = self.model.forward_with_extras(reverse_complement(x))
        if "unit_outputs" in extras:
            extras = {**extras, "unit_outputs": (extras["unit_outputs"] + other_extras["unit_outputs"]) / 2}
        return (logits + other) / 2, extras


class Calibrated(Predictor):
    """Logits divided by a temperature > 0: one for all outputs, or one per output (independent tasks).

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017. A single temperature never changes which output
    is largest; the extras are untouched.
    """

    temperature: Tensor

    def __init__(self, model: Predictor, temperature: float | Sequence[float] | Tensor) -> None:
        super().__init__()
        value = torch.as_tensor(temperature, dtype=torch.float32).detach().clone()
        if value.numel() not in (1, model.n_outputs) or not bool((value > 0).all()):
            raise ValueError(
                f"one positive temperature, or {model.n_outputs} of them, are needed, got {value.tolist()}"
            )
        self.model = model
        self.window_bp, self.n_outputs, self.extra_outputs = model.window_bp, model.n_outputs, model.extra_outputs
        self.register_buffer("temperature", value)

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See the class."""
        logits, extras = self.model.forward_with_extras(x)
        return logits / self.temperature, extras


class Ensemble(Predictor):
    """Mean of the models' logits and of their attention; other extras are concatenated on axis 1 in the models' order.

    All models have the same window, outputs and extras.
    """

    def __init__(self, models: Sequence[Predictor]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        first = models[0]
        self.window_bp, self.n_outputs, self.extra_outputs = first.window_bp, first.n_outputs, first.extra_outputs

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """See the class."""
        answers = [model.forward_with_extras(x) for model in self.models]  # type: ignore[operator]
        extras: dict[str, Tensor] = {}
        for name in self.extra_outputs:
            parts = [answer[1][name] for answer in answers]
            extras[name] = torch.stack(parts).mean(0) if name in _AVERAGED else torch.cat(parts, dim=1)
        return torch.stack([answer[0] for answer in answers]).mean(0), extras


class AsTuple(nn.Module):
    """A predictor whose call returns ``(logits, *extras)``: the form in which it is exported."""

    def __init__(self, model: Predictor) -> None:
        super().__init__()
        self.model = model

    @property
    def output_names(self) -> tuple[str, ...]:
        """``logits``, then the extras, in the order of the returned tensors."""
        return ("logits", *self.model.extra_outputs)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """One-hot (n, 4, window_bp) → the tensors of ``output_names``."""
        logits, extras = self.model.forward_with_extras(x)
        return (logits, *(extras[name] for name in self.model.extra_outputs))
