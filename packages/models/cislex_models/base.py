"""What every architecture offers to training, export and explanation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from cislex_core.errors import Reason, UserError
from torch import Tensor, nn


class Predictor(nn.Module, ABC):
    """Anything that turns one-hot float32 (n, 4, window_bp) into logits (n, n_outputs), and names what else it gives.

    Logits are the values before sigmoid or softmax; of a regression they are the predicted values themselves.
    Channels are A, C, G, T; N is a zero column. ``extra_outputs`` names the tensors of ``forward_with_extras`` in
    their order, which is also that of the outputs of an ONNX file after ``logits``.
    """

    extra_outputs: tuple[str, ...] = ()
    window_bp: int
    n_outputs: int

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, n_outputs) of one-hot (n, 4, window_bp)."""
        return self.forward_with_extras(x)[0]

    @abstractmethod
    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits (n, n_outputs) and each of ``extra_outputs`` by name, from one pass."""


class Architecture(Predictor):
    """Base of all architectures. ``options`` is the validated JSON that rebuilds the module.

    With a first layer that reads the sequence, ``first_layer`` is that convolution, and an architecture whose first
    layer pads sets ``first_layer_left_padding_bp`` = left: activation i reads input [i − left, i − left + kernel).
    """

    name: str = ""
    has_units: bool = False
    first_layer_left_padding_bp: int = 0

    def __init__(self, options: dict[str, object], window_bp: int, n_outputs: int) -> None:
        super().__init__()
        self.options = options
        self.window_bp = window_bp
        self.n_outputs = n_outputs

    @property
    def first_layer(self) -> nn.Conv1d | None:
        """The convolution that reads the sequence, weight (filters, 4, kernel); None when it is read otherwise."""
        return None

    def require_first_layer(self) -> nn.Conv1d:
        """``first_layer``, or INVALID_REQUEST when the architecture has none."""
        layer = self.first_layer
        if layer is None:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"architecture {self.name} has no first convolution whose filters could be explained; use "
                "ComputeAttributions",
                field="model",
                architecture=self.name,
            )
        return layer

    def filter_activations(self, x: Tensor) -> Tensor:
        """Activations (n, filters, positions) of the first layer after its ReLU or exp and before pooling.

        Raises INVALID_REQUEST when there is no first layer.
        """
        self.require_first_layer()
        raise NotImplementedError

    def from_filter_activations(self, activations: Tensor) -> Tensor:
        """Logits (n, n_outputs): the rest of the network on (possibly altered) ``filter_activations``.

        Raises INVALID_REQUEST when there is no first layer.
        """
        self.require_first_layer()
        raise NotImplementedError

    @property
    def n_parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return next(self.parameters()).device


@dataclass(frozen=True)
class UnitReading:
    """What one pass tells of the units: ``logits`` (n, n_outputs), ``outputs`` (n, units), ``peaks`` (n, units), the
    largest activation of each unit's filter; ``at(row, unit)``, index tensors (pairs,), gives the activations (pairs,
    positions) of single filters in single sequences."""

    logits: Tensor
    outputs: Tensor
    peaks: Tensor
    at: Callable[[Tensor, Tensor], Tensor]


class UnitArchitecture(Architecture):
    """An additive model: ``logits == unit_outputs @ output_weight.T + output_bias``, exactly.

    The importance of unit u for output o in a sequence is ``unit_outputs[u] · output_weight[o, u]``.
    """

    has_units = True
    output: nn.Linear

    @abstractmethod
    def unit_outputs(self, x: Tensor) -> Tensor:
        """(n, units): what multiplies ``output_weight``, of one-hot (n, 4, window_bp)."""

    def read_units(self, x: Tensor) -> UnitReading:
        """One pass over one-hot (n, 4, window_bp) in evaluation mode, for reading units over many sequences.

        Units without filters of their own are active by their output: it is their peak, and their one position.
        """
        logits, extras = self.forward_with_extras(x)
        outputs = extras["unit_outputs"]
        activations = extras.get("filter_activations", outputs.unsqueeze(2))
        return UnitReading(logits, outputs, activations.amax(2), lambda row, unit: activations[row, unit])

    @property
    def output_weight(self) -> Tensor:
        """(n_outputs, units)."""
        return self.output.weight

    @property
    def output_bias(self) -> Tensor:
        """(n_outputs,)."""
        return self.output.bias
