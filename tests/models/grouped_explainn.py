"""ExplaiNN as its authors lay it out, with grouped convolutions over a repeated sequence: what ours is held against.

Written from the published parameter names and shapes (see ``cislex_models.import_explainn``).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class _Exp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x)


class _ToColumns(nn.Module):
    """(n, units, positions) → (n, units · positions, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1).unsqueeze(-1)


class GroupedExplainn(nn.Module):
    """The published network; ``layers`` = fully connected layers per unit."""

    def __init__(
        self, units: int, window: int, outputs: int, layers: int = 2, kernel: int = 19, pool: int = 7, stride: int = 7,
        hidden: int = 100, dropout: float = 0.3,
    ) -> None:  # fmt: skip
        super().__init__()
        self.units, positions = units, window - kernel + 1
        pooled = (positions - pool) // stride + 1

        def linear(inputs: int, nodes: int) -> list[nn.Module]:
            convolution = nn.Conv1d(inputs * units, nodes * units, 1, groups=units)
            return [convolution, nn.BatchNorm1d(nodes * units), nn.ReLU()]

        head: list[nn.Module] = [nn.Conv1d(4 * units, units, kernel, groups=units), nn.BatchNorm1d(units), _Exp()]
        if layers == 0:
            self.linears = nn.Sequential(*head, nn.MaxPool1d(positions), nn.Flatten())
        else:
            # two modules where the published network has Flatten and Unsqueeze, so that the numbers agree
            head += [nn.MaxPool1d(pool, stride), _ToColumns(), nn.Identity()]
            body = linear(pooled, 1 if layers == 1 else hidden)
            if layers == 2:
                body += [nn.Dropout(dropout), *linear(hidden, 1)]
            self.linears = nn.Sequential(*head, *body)
        if layers > 2:
            self.linears_bg = nn.ModuleList(
                nn.Sequential(nn.Dropout(dropout), *linear(hidden, hidden)) for _ in range(layers - 2)
            )
            self.last_linear = nn.Sequential(nn.Dropout(dropout), *linear(hidden, 1))
        self.final = nn.Linear(units, outputs)

    def unit_outputs(self, x: Tensor) -> Tensor:
        """(n, units)."""
        h = self.linears(x.repeat(1, self.units, 1))
        for layer in getattr(self, "linears_bg", []):
            h = layer(h)
        return (self.last_linear(h) if hasattr(self, "last_linear") else h).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.final(self.unit_outputs(x))
