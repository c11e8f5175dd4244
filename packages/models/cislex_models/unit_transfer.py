"""Frozen pretrained models as the units of an additive model (Novakovsky et al. 2023, Fig. 5D)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from cislex_core.errors import Reason, UserError
from torch import Tensor, nn
from torch.nn.functional import pad

from cislex_models.base import Architecture, UnitArchitecture
from cislex_models.explainn import UnitLayer, UnitLinear
from cislex_models.options import TransferPart, UnitTransferOptions
from cislex_models.registry import build


class UnitTransfer(UnitArchitecture):
    """The parts' outputs, in order, are the features; a linear or additive (NAM) head makes logits of them.

    The parts' weights belong to the state dict, take no gradient, and the parts stay in evaluation mode whatever mode
    the model is in. Features do not change while the head is trained: compute ``unit_features`` once and train
    ``forward_from_features``.
    """

    name = "unit_transfer"
    extra_outputs = ("unit_outputs",)

    def __init__(self, options: UnitTransferOptions, window_bp: int, n_outputs: int = 2) -> None:
        super().__init__(options.model_dump(mode="json"), window_bp, n_outputs)
        self._described = options.parts
        self.parts = nn.ModuleList(
            build(part.architecture, part.window_bp, part.options, part.n_outputs) for part in options.parts
        )
        self.parts.requires_grad_(False).eval()
        self.passed_on = nn.ModuleList(
            nn.Sigmoid() if part.activation == "sigmoid" else nn.Identity() for part in options.parts
        )
        units = sum(len(part.taken) for part in options.parts)
        self.layers = nn.ModuleList()
        if options.head == "nam":
            self.layers.append(UnitLayer(units, 1, options.hidden, options.batch_norm, options.dropout))
            self.layers.append(UnitLinear(units, options.hidden, 1))
        self.output = nn.Linear(units, n_outputs)

    def train(self, mode: bool = True) -> UnitTransfer:
        """Training mode of the head alone."""
        super().train(mode)
        self.parts.eval()
        return self

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, outputs) of one-hot (n, 4, window_bp)."""
        return self.forward_from_features(self._features(x))

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Logits and ``unit_outputs`` (n, units)."""
        outputs = self.unit_outputs(x)
        return self.output(outputs), {"unit_outputs": outputs}

    @torch.no_grad()
    def unit_features(self, x: Tensor) -> Tensor:
        """(n, features) of one-hot (n, 4, window_bp): what the frozen parts say, to be computed once."""
        return self._features(x)

    def forward_from_features(self, features: Tensor) -> Tensor:
        """Logits (n, outputs) of ``unit_features``."""
        return self.output(self._head(features))

    def unit_outputs(self, x: Tensor) -> Tensor:
        """(n, units): the features (head linear), or what each one's own network makes of it (head nam)."""
        return self._head(self._features(x))

    def _features(self, x: Tensor) -> Tensor:
        answers = []
        for part, described, passed_on in zip(self.parts, self._described, self.passed_on, strict=True):
            logits = part(centred(x, described.window_bp))
            if described.outputs is not None:
                logits = logits[:, described.outputs]
            answers.append(passed_on(logits))
        return torch.cat(answers, dim=1)

    def _head(self, features: Tensor) -> Tensor:
        if not self.layers:
            return features
        h = features.unsqueeze(2)
        for layer in self.layers:
            h = layer(h)
        return h.squeeze(2)


def centred(x: Tensor, window_bp: int) -> Tensor:
    """One-hot (n, 4, L) → (n, 4, window_bp): the centre, or padded with N on both sides (the odd base on the right)."""
    missing = window_bp - x.shape[2]
    if missing > 0:
        return pad(x, (missing // 2, missing - missing // 2))
    start = -missing // 2
    return x[:, :, start : start + window_bp]


def describe_part(
    model: Architecture, outputs: Sequence[int] | None = None, activation: str = "none", name: str = ""
) -> dict[str, Any]:
    """A trained model as an entry of ``options.parts``."""
    return TransferPart.model_validate(
        {
            "architecture": model.name,
            "options": model.options,
            "window_bp": model.window_bp,
            "n_outputs": model.n_outputs,
            "outputs": None if outputs is None else list(outputs),
            "activation": activation,
            "name": name,
        }
    ).model_dump(mode="json")


def transfer_options(parts: Sequence[Mapping[str, Any]], **head: Any) -> dict[str, Any]:
    """Options of ``unit_transfer`` from ``describe_part`` entries and the head's options."""
    return {"parts": [dict(part) for part in parts], **head}


def set_parts(model: UnitTransfer, parts: Sequence[Architecture]) -> None:
    """Copy the weights of trained models, one for each part in order, into ``model``.

    Raises INVALID_REQUEST when they are not the models that its options describe.
    """
    described = model._described
    found = [(part.name, part.window_bp, part.n_outputs, part.options) for part in parts]
    wanted = []
    for part, module in zip(described, model.parts, strict=True):
        assert isinstance(module, Architecture)
        wanted.append((part.architecture, part.window_bp, part.n_outputs, module.options))
    if found != wanted:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the {len(parts)} models given are not the {len(described)} parts that the options describe; build the "
            "options from these models",
            field="options",
        )
    for module, trained in zip(model.parts, parts, strict=True):
        module.load_state_dict(trained.state_dict())
