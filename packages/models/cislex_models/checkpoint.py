"""Weights on disk: ``model.safetensors`` beside ``model.json``. Nothing is ever pickled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import CislexError, Reason
from cislex_core.manifests import Artifact
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from cislex_models.base import Architecture
from cislex_models.registry import build

WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class ModelDescription:
    """The content of ``model.json``; ``classes[i]`` names logit i: a class, or a task of another ``target_type``.

    ``loss`` is what the weights were trained for; it decides how a logit is read (docs/formats.md, kind model).
    """

    architecture: str
    options: dict[str, object]
    window_bp: int
    classes: list[str]
    seed: int
    format_version: int = FORMAT_VERSION
    target_type: str = "class_index"
    loss: str = "cross_entropy"


def save_model(
    model: Architecture,
    folder: Path,
    classes: Sequence[str],
    seed: int,
    target_type: str = "class_index",
    loss: str = "cross_entropy",
) -> None:
    """Write weights (as they are, on any device) and description into ``folder``, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    description = ModelDescription(
        model.name, model.options, model.window_bp, list(classes), seed, target_type=target_type, loss=loss
    )
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    (folder / DESCRIPTION).write_text(json.dumps(vars(description), indent=2, sort_keys=True) + "\n")


def describe(folder: Path) -> ModelDescription:
    """Read ``model.json``. Raises ARTIFACT_CORRUPT when it is missing, of another version, or not as written here."""
    path = folder / DESCRIPTION
    try:
        fields = json.loads(path.read_text())
        description = ModelDescription(**fields)
    except (OSError, ValueError, TypeError) as error:
        raise CislexError(Reason.ARTIFACT_CORRUPT, f"{path} cannot be read as a model description: {error}") from None
    if description.format_version != FORMAT_VERSION:
        raise CislexError(
            Reason.ARTIFACT_CORRUPT,
            f"{path} has format_version {description.format_version}; this cislex reads {FORMAT_VERSION}",
        )
    return description


def load_model(folder: Path) -> Architecture:
    """The module of one seed, on the CPU, in evaluation mode. Raises ARTIFACT_CORRUPT."""
    description = describe(folder)
    model = build(description.architecture, description.window_bp, description.options, len(description.classes))
    try:
        model.load_state_dict(load_file(folder / WEIGHTS), strict=True)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CislexError(
            Reason.ARTIFACT_CORRUPT,
            f"{folder / WEIGHTS} does not hold the weights of {description.architecture}: {error}",
        ) from None
    return model.eval()


def seed_folders(folder: Path) -> list[Path]:
    """The ``seed_<s>`` folders in ascending order of seed."""
    return sorted(folder.glob("seed_*"), key=lambda path: int(path.name.removeprefix("seed_")))


def load_models(source: Artifact | Path) -> list[Architecture]:
    """All seeds of a model artifact, ascending, on the CPU in evaluation mode.

    Given an ``Artifact``, each file is verified against the manifest first. Raises ARTIFACT_CORRUPT.
    """
    if isinstance(source, Artifact):
        for name in source.names():
            if name.endswith((WEIGHTS, DESCRIPTION)):
                source.path(name)
        source = source.dir
    folders = seed_folders(Path(source))
    if not folders:
        raise CislexError(Reason.ARTIFACT_CORRUPT, f"{source} holds no seed_<s> folder: it is not a model artifact")
    return [load_model(folder) for folder in folders]


def seeds_of(source: Artifact | Path) -> list[int]:
    """The seeds of a model artifact, ascending: the order of ``load_models``."""
    folder = source.dir if isinstance(source, Artifact) else Path(source)
    return [describe(path).seed for path in seed_folders(folder)]
