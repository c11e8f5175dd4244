"""What a dataset's targets may be, and the checks of their arrays. The format is docs/formats.md, kind dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from cislex_core.errors import Reason, UserError

TargetType = Literal["class_index", "multilabel", "regression"]
TARGET_TYPES: tuple[TargetType, ...] = ("class_index", "multilabel", "regression")

#: Entry of a multi-label target that nobody knows: masked in losses and metrics, never a negative.
UNRESOLVED = -1

_DTYPES: dict[str, type[np.generic]] = {"class_index": np.int64, "multilabel": np.int8, "regression": np.float32}


def target_semantics(target_type: TargetType, outputs: list[str], groups: list[str] | None = None) -> dict[str, Any]:
    """``manifest.semantics["target"]``: the type, the names of the outputs, and each task's group where there is one.

    Names must differ from one another; ``groups`` (lineage or family of each task) goes with tasks, not classes.
    """
    if len(set(outputs)) != len(outputs):
        twice = sorted({name for name in outputs if outputs.count(name) > 1})
        raise UserError(
            Reason.INVALID_REQUEST, f"classes or tasks named twice: {', '.join(twice)}; give each its own name"
        )
    if groups is not None and (target_type == "class_index" or len(groups) != len(outputs)):
        raise ValueError("groups name one group per task of a multilabel or regression target")
    key = "classes" if target_type == "class_index" else "tasks"
    named = {"type": target_type, key: list(outputs)}
    return named if groups is None else {**named, "groups": list(groups)}


def output_names(semantics: Mapping[str, Any]) -> list[str]:
    """Classes or tasks: the names of a model's outputs, in the order of its logits."""
    return list(semantics["classes"] if semantics["type"] == "class_index" else semantics["tasks"])


def check_targets(targets: np.ndarray, target_type: TargetType, n_rows: int, n_outputs: int) -> np.ndarray:
    """The array in its own dtype, or ARTIFACT_CORRUPT when shape, dtype or values are not those of the type.

    class_index: (n,) int64 in 0 … n_outputs − 1. multilabel: (n, tasks) int8 of 0, 1, −1 (unresolved). regression:
    (n, tasks) float32, all finite.
    """
    shape = (n_rows,) if target_type == "class_index" else (n_rows, n_outputs)
    dtype = _DTYPES[target_type]
    problem = ""
    if targets.shape != shape or targets.dtype != dtype:
        problem = f"are {targets.dtype} of shape {targets.shape}, not {np.dtype(dtype)} of shape {shape}"
    elif target_type == "class_index" and targets.size and not (targets.min() >= 0 and targets.max() < n_outputs):
        problem = f"name class {int(targets.max())} of {n_outputs}"
    elif target_type == "multilabel" and targets.size and not (targets.min() >= UNRESOLVED and targets.max() <= 1):
        problem = "hold values other than 0, 1 and −1 (unresolved)"
    elif target_type == "regression" and not np.isfinite(targets).all():
        row, task = np.argwhere(~np.isfinite(targets))[0]
        problem = f"hold {targets[row, task]} in row {row}, task {task}; leave such rows out or fill them"
    if problem:
        raise UserError(Reason.ARTIFACT_CORRUPT, f"targets of type {target_type} {problem}", target_type=target_type)
    return targets
