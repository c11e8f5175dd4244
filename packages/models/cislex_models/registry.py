"""The architectures by name. Importing this loads no torch; ``build`` does, when called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cislex_core.errors import Reason, UserError, Violation
from pydantic import ValidationError

from cislex_models.options import ArchitectureOptions, WtkoCnnOptions

if TYPE_CHECKING:
    from cislex_models.base import Architecture


@dataclass(frozen=True)
class ArchitectureInfo:
    """An entry of the registry; ``target`` is ``module:Class``, imported by ``build`` only.

    ``source`` names the paper and its table or passage. ``has_filters``: a first convolution reads the sequence and
    its filters can be explained; ``has_units``: logits are a linear sum of unit outputs; ``has_attention``: the model
    gives weights over positions.
    """

    name: str
    title: str
    target: str
    options: type[ArchitectureOptions]
    source: str = ""
    has_filters: bool = True
    has_units: bool = False
    has_attention: bool = False


ARCHITECTURES: dict[str, ArchitectureInfo] = {
    "wtko_cnn": ArchitectureInfo(
        name="wtko_cnn",
        title="WTKO-CNN: two convolutions, attention pooling, two logits (Table 3)",
        target="cislex_models.wtko_cnn:WtkoCnn",
        options=WtkoCnnOptions,
        source="Dey 2026, Table 3",
        has_attention=True,
    ),
}


def architecture_names() -> list[str]:
    """The registered names, in the registry's order."""
    return list(ARCHITECTURES)


def info(name: str) -> ArchitectureInfo:
    """The entry, or INVALID_REQUEST naming those that exist."""
    if name not in ARCHITECTURES:
        known = ", ".join(sorted(ARCHITECTURES))
        raise UserError(
            Reason.INVALID_REQUEST, f"no architecture {name!r}; known: {known}", field="architecture", value=name
        )
    return ARCHITECTURES[name]


def check_options(name: str, options: Mapping[str, Any]) -> ArchitectureOptions:
    """Validated options with defaults filled in. Raises INVALID_REQUEST with every violation at once."""
    try:
        return info(name).options.model_validate(dict(options))
    except ValidationError as error:
        violations = [
            Violation(".".join(["options", *map(str, item["loc"])]), f"{item['msg']}, got {item['input']!r}")
            for item in error.errors()
        ]
        listed = "; ".join(f"{v.field}: {v.description}" for v in violations)
        raise UserError(
            Reason.INVALID_REQUEST, f"options of {name} are not valid: {listed}", violations=violations
        ) from None


def check_window(name: str, options: ArchitectureOptions, window_bp: int) -> None:
    """Raise WINDOW_TOO_SHORT, naming the shortest window that works, when no position would be left."""
    shortest = options.min_window_bp()
    if window_bp < shortest:
        raise UserError(
            Reason.WINDOW_TOO_SHORT,
            f"{name} needs windows of at least {shortest} bp with these options, got {window_bp} bp; build the "
            f"dataset with window_bp >= {shortest}, or use padding 'same' or a smaller kernel_size",
            field="window_bp",
            window_bp=window_bp,
            shortest_bp=shortest,
        )


def build(
    name: str,
    window_bp: int,
    options: Mapping[str, Any] | None = None,
    n_outputs: int = 2,
    seed: int | None = None,
) -> Architecture:
    """A freshly initialised module on the CPU, in training mode.

    With ``seed`` the initialisation depends on it alone and the global generator is left as it was.
    Raises INVALID_REQUEST (name, options) and WINDOW_TOO_SHORT.
    """
    import torch

    entry = info(name)
    checked = check_options(name, options or {})
    check_window(name, checked, window_bp)
    module_name, class_name = entry.target.split(":")
    cls = getattr(importlib.import_module(module_name), class_name)
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        model: Architecture = cls(checked, window_bp, n_outputs)
    return model
