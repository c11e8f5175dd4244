"""Open what a task explains: the models, the rows of a split and the device, checked against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs
from cislex_models.base import Architecture
from cislex_models.checkpoint import describe, load_models, seed_folders, seeds_of
from cislex_models.devices import DeviceChoice, choose_device


@dataclass(frozen=True)
class Opened:
    """Models (on the CPU, evaluation mode), their seeds, the dataset, rows (m,) int64 of the split, the device."""

    models: list[Architecture]
    seeds: list[int]
    dataset: Dataset
    rows: np.ndarray
    device: DeviceChoice

    def batches(self, batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Codes (n, L) uint8 and class indices (n,) of the split, in order."""
        for start in range(0, len(self.rows), batch_size):
            part = self.rows[start : start + batch_size]
            yield np.asarray(self.dataset.codes[part]), self.dataset.targets[part]

    def batch_size(self, requested: int | None) -> int:
        """As requested, else what suits the device: 32 keeps a CPU's caches warm, a GPU wants 512."""
        return requested or (512 if self.device.device == "cuda" else 32)

    @property
    def wt_index(self) -> int:
        """Class index of WT."""
        return self.dataset.classes.index("WT")


def open_inputs(
    inputs: Inputs, model: str, dataset: str, split: str, device: str, two_conditions: bool = True
) -> Opened:
    """Open and check. ``two_conditions``: only WT and KO will do; else every target type.

    Raises ARTIFACT_KIND, EMPTY_SPLIT, DEVICE_UNAVAILABLE, INVALID_REQUEST (windows or outputs of model and dataset
    differ).
    """
    choice = choose_device(device)
    data = Dataset.from_artifact(inputs.artifact(dataset), ("class_index",) if two_conditions else TARGET_TYPES)
    artifact = inputs.artifact(model)
    need_kind(artifact, "model")
    models = load_models(artifact)
    if models[0].window_bp != data.window_bp:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model was trained on windows of {models[0].window_bp} bp, the dataset has {data.window_bp} bp; "
            "build the dataset with the model's window_bp",
            field="dataset",
            model_window_bp=models[0].window_bp,
            dataset_window_bp=data.window_bp,
        )
    if two_conditions and (not {"WT", "KO"} <= set(data.classes) or models[0].n_outputs != len(data.classes)):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the dataset has classes {', '.join(data.classes)}, the model {models[0].n_outputs} outputs; both must be "
            "about WT and KO",
            field="dataset",
        )
    trained = output_names_of(artifact)
    if trained != data.outputs:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model's outputs are {_some(trained)}, the dataset's classes or tasks {_some(data.outputs)}; give the "
            "dataset the model was trained on, or one with the same outputs in the same order",
            field="dataset",
        )
    rows = data.split(split)
    if not len(rows):
        raise UserError(
            Reason.EMPTY_SPLIT, f"split {split} of the dataset holds no sequence; choose another", field="split"
        )
    return Opened(models, seeds_of(artifact), data, rows, choice)


def output_names_of(model: Artifact) -> list[str]:
    """The names of a model's logits, in order: classes or tasks."""
    return list(describe(seed_folders(model.dir)[0]).classes)


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f", … ({len(names)})" if len(names) > 5 else "")


def need_kind(artifact: Artifact, kind: str) -> None:
    """Raise ARTIFACT_KIND unless the artifact is of this kind."""
    if artifact.kind != kind:
        raise UserError(
            Reason.ARTIFACT_KIND,
            f"artifact {artifact.digest[:16]} is of kind {artifact.kind!r}; {kind} is needed",
            kind=artifact.kind,
        )
