"""ExplaiNN: independent units, one filter each, summed by one linear layer (Novakovsky et al. 2023).

Unit: convolution of one filter → batch norm → exp → max-pool → Linear 100 → batch norm → ReLU → dropout → Linear 1 →
batch norm → ReLU. Output: one Linear over the units.

The authors' code repeats the sequence for each unit and convolves in groups. Here the filters of all units are one
convolution and each layer of the units one product in batches, with the same parameters in the same order: a training
step takes a fraction of the time (docs/benchmarks.md), and ``import_explainn`` reads the published weights.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cislex_models.base import UnitArchitecture, UnitReading
from cislex_models.dropout import Dropout
from cislex_models.layers import (
    activation,
    convolve,
    convolve_with,
    full_precision,
    keep_gradient_channels_last,
    scale_and_shift,
)
from cislex_models.options import ExplainnOptions


class UnitLinear(nn.Module):
    """A Linear of its own for each unit: (n, units, inputs) → (n, units, outputs). weight (units, inputs, outputs)."""

    def __init__(self, units: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)  # as torch starts a Linear and a grouped convolution
        self.weight = nn.Parameter(torch.empty(units, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(units, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        if self.weight.shape[2] == 1:  # a sum of products reads x once; a product of matrices would copy it first
            return (x * self.weight.squeeze(2)).sum(2, keepdim=True) + self.bias
        return torch.bmm(x.transpose(0, 1), self.weight).transpose(0, 1) + self.bias

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        units, inputs, outputs = self.weight.shape
        return f"units={units}, inputs={inputs}, outputs={outputs}"


class UnitLayer(nn.Module):
    """UnitLinear → [batch norm over each unit's nodes] → ReLU → dropout."""

    def __init__(self, units: int, inputs: int, outputs: int, norm: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.linear = UnitLinear(units, inputs, outputs)
        self.norm: nn.Module = nn.BatchNorm1d(units * outputs) if norm else nn.Identity()
        self.relu = nn.ReLU()
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(n, units, inputs) → (n, units, outputs)."""
        h = self.linear(x)
        return self.dropout(self.relu(self.norm(h.flatten(1)))).view(h.shape)

    def fast(self, x: Tensor) -> Tensor:
        """The same in evaluation mode on (units, n, inputs) → (units, n, outputs), its norm folded into the weights."""
        weight: Tensor = self.linear.weight
        bias: Tensor = self.linear.bias
        if isinstance(self.norm, nn.BatchNorm1d):
            scale, shift = (part.view_as(bias) for part in scale_and_shift(self.norm))
            weight, bias = weight * scale[:, None], bias * scale + shift
        if weight.shape[2] == 1:
            return self.relu((x * weight.transpose(1, 2)).sum(2, keepdim=True) + bias[:, None])
        return self.relu(torch.baddbmm(bias[:, None], x, weight))


class Explainn(UnitArchitecture):
    """See the module's text. ``unit_outputs`` follow the last ReLU (without layers: the largest activation)."""

    name = "explainn"
    extra_outputs = ("unit_outputs", "filter_activations")

    def __init__(self, options: ExplainnOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        units = options.units
        self.conv = nn.Conv1d(4, units, options.kernel_size)
        self.conv.requires_grad_(not options.frozen_filters)
        self.norm = nn.BatchNorm2d(units)
        positions = window_bp - options.kernel_size + 1
        pool, stride = (options.pool_size, options.stride) if options.fc_layers else (positions, positions)
        self.pool = nn.MaxPool2d((1, pool), (1, stride))
        self.activation = activation(options.activation)
        sizes = [options.positions(window_bp), *[options.hidden] * (options.fc_layers - 1), 1]
        self.layers = nn.ModuleList(
            UnitLayer(units, sizes[i], sizes[i + 1], dropout=options.dropout if i + 1 < options.fc_layers else 0.0)
            for i in range(options.fc_layers)
        )
        self.output = nn.Linear(units, n_outputs)

    @property
    def first_layer(self) -> nn.Conv1d:
        """The units' filters: weight (units, 4, kernel)."""
        return self.conv

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, outputs) of one-hot (n, 4, window_bp)."""
        return self._logits(self.unit_outputs(x))

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits, ``unit_outputs`` (n, units) and ``filter_activations`` (n, units, positions)."""
        activations = self.filter_activations(x)
        outputs = self._units_of(self.pool(activations.unsqueeze(2)))
        return self._logits(outputs), {"unit_outputs": outputs, "filter_activations": activations}

    def unit_outputs(self, x: Tensor) -> Tensor:
        """(n, units) of one-hot (n, 4, window_bp)."""
        # exp and ReLU never fall, so either side of the pooling gives the same; after it there is less to do
        h = self.pool(self._convolved(x))
        if self.training:
            keep_gradient_channels_last(h)
        return self._units_of(self.activation(h))

    @torch.no_grad()
    def read_units(self, x: Tensor) -> UnitReading:
        """As the base says, in less time than a forward pass with its extras: batch norms are folded into the
        weights before them, and activations are computed where they are asked for. exp and ReLU never fall, so the
        largest activation is that of the largest sum.
        """
        scale, shift = scale_and_shift(self.norm)
        assert self.conv.bias is not None, "the units' convolution has one"
        weight, bias = self.conv.weight * scale[:, None, None], shift + scale * self.conv.bias
        sums = convolve_with(x.unsqueeze(2), weight, bias)
        h = self.activation(self.pool(sums)).squeeze(2).transpose(0, 1).contiguous()  # (units, n, positions)
        for layer in self.layers:
            assert isinstance(layer, UnitLayer)
            h = layer.fast(h)
        outputs = h.squeeze(2).T
        sums = sums.squeeze(2)
        peaks = self.activation(sums.amax(2))
        return UnitReading(self._logits(outputs), outputs, peaks, lambda row, unit: self.activation(sums[row, unit]))

    def filter_activations(self, x: Tensor) -> Tensor:
        """(n, units, positions): after exp or ReLU, before pooling."""
        return self.activation(self._convolved(x)).squeeze(2)

    def from_filter_activations(self, activations: Tensor) -> Tensor:
        """Logits: the rest of the network on (possibly altered) ``filter_activations``."""
        return self._logits(self._units_of(self.pool(activations.unsqueeze(2))))

    def _convolved(self, x: Tensor) -> Tensor:
        """(n, units, 1, positions), normalised."""
        return self.norm(convolve(x.unsqueeze(2), self.conv))

    def _units_of(self, pooled: Tensor) -> Tensor:
        with full_precision(pooled):
            pooled = pooled.to(self.output.weight.dtype)
            # the convolution leaves channels last: laid out anew once, or each unit's product would gather its numbers
            h = pooled.squeeze(2).contiguous()  # (n, units, positions)
            for layer in self.layers:
                h = layer(h)
            return h.squeeze(2)

    def _logits(self, unit_outputs: Tensor) -> Tensor:
        with full_precision(unit_outputs):
            return self.output(unit_outputs)
