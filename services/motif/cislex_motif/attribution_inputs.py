"""An attributions artifact with its dataset, checked against each other, as seqlets and TF-MoDISco read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs


@dataclass(frozen=True)
class Attributions:
    """``rows`` (n,) int64: the dataset row of each sequence; arrays of ``artifact`` follow their order."""

    artifact: Artifact
    dataset: Dataset
    rows: npt.NDArray[np.int64]

    def codes(self) -> npt.NDArray[np.uint8]:
        """(n, window) uint8, A0 C1 G2 T3 N4."""
        return np.asarray(self.dataset.codes[self.rows])

    def observed(self) -> npt.NDArray[np.float32]:
        """(n, window): the attribution of the base that is there; 0 at N."""
        projected = self.artifact.array("projected.npy")
        total = np.empty((projected.shape[0], projected.shape[2]), dtype=np.float32)
        for start in range(0, len(total), 4096):  # a memory map: block by block
            np.sum(projected[start : start + 4096], axis=1, out=total[start : start + 4096])
        return total


def open_attributions(inputs: Inputs, attributions: str, dataset: str) -> Attributions:
    """Open both. Raises ARTIFACT_KIND, and INVALID_REQUEST where the attributions are another dataset's."""
    artifact = inputs.artifact(attributions)
    if artifact.kind != "attributions":
        raise UserError(
            Reason.ARTIFACT_KIND,
            f"attributions is an artifact of kind {artifact.kind!r}, not attributions",
            field="attributions",
            kind=artifact.kind,
        )
    data = Dataset.from_artifact(inputs.artifact(dataset), TARGET_TYPES)
    used = artifact.manifest.spec.get("dataset")
    if used is not None and used != dataset:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the attributions were computed with dataset {used[:16]}, the request names {dataset[:16]}; give the "
            "attributions' own dataset",
            field="dataset",
        )
    rows = np.asarray(artifact.array("rows.npy"), dtype=np.int64)
    if len(rows) and int(rows.max()) >= len(data):
        raise UserError(Reason.INVALID_REQUEST, "the attributions name rows that the dataset lacks", field="dataset")
    return Attributions(artifact, data, rows)
