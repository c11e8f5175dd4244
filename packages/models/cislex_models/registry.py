"""The architectures by name. Importing this loads no torch; ``build`` does, when called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cislex_core.errors import Reason, UserError, Violation
from pydantic import ValidationError

from cislex_models.catalogue import ARCHITECTURES, ArchitectureInfo
from cislex_models.options import ArchitectureOptions

if TYPE_CHECKING:
    from cislex_models.base import Architecture

__all__ = ["ARCHITECTURES", "ArchitectureInfo", "architecture_names", "build", "check_options", "check_window", "info"]


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
            Violation(".".join(["options", *map(str, item["loc"])]), f"{item['msg']}, got {_shown(item['input'])}")
            for item in error.errors()
        ]
        listed = "; ".join(f"{v.field}: {v.description}" for v in violations)
        raise UserError(
            Reason.INVALID_REQUEST, f"options of {name} are not valid: {listed}", violations=violations
        ) from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def check_window(name: str, options: ArchitectureOptions, window_bp: int) -> None:
    """Raise WINDOW_TOO_SHORT, naming the shortest window that works, when no position would be left."""
    shortest = options.min_window_bp()
    if window_bp < shortest:
        raise UserError(
            Reason.WINDOW_TOO_SHORT,
            f"{name} needs windows of at least {shortest} bp with these options, got {window_bp} bp; build the "
            f"dataset with window_bp >= {shortest}, or {options.shorter_by}",
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
