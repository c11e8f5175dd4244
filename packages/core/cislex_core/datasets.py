"""Open a dataset artifact: codes, targets, row table and splits. The format is docs/formats.md, kind dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.sequences import decode_batch
from cislex_core.targets import TargetType, check_targets, output_names

SPLITS = ("train", "validation", "test")
TWO_CONDITIONS = ("KO", "WT")


@dataclass(frozen=True)
class Dataset:
    """A dataset artifact opened for reading. Row i of every member is the same sequence.

    ``codes``: (n, window) uint8 memory map, A0 C1 G2 T3 N4. ``targets`` by ``target_type``: class_index (n,) int64
    index into ``outputs``; multilabel (n, tasks) int8 of 1, 0, −1 = unresolved; regression (n, tasks) float32, finite.
    ``outputs``: names of the classes or tasks. ``groups``: each task's group (a lineage, a family), or None. ``rows``:
    pyarrow table (row, set, name, chrom, start, end, summit, strand, label, split, gc, n_fraction, source, line, then
    columns of the user's own); coordinates 0-based half-open, null where a ready sequence named none.
    """

    artifact: Artifact
    codes: np.ndarray
    targets: np.ndarray
    rows: pa.Table
    outputs: list[str]
    target_type: TargetType
    groups: list[str] | None

    @classmethod
    def from_artifact(cls, artifact: Artifact, types: Sequence[TargetType] = ("class_index",)) -> Dataset:
        """Open and verify. Raises ARTIFACT_KIND for another kind, or a target type that is none of ``types``, and
        ARTIFACT_CORRUPT for targets that are not what the manifest says.
        """
        manifest = artifact.manifest
        if manifest.kind != "dataset":
            raise UserError(
                Reason.ARTIFACT_KIND,
                f"artifact {artifact.digest[:16]} is of kind {manifest.kind!r}; a dataset is needed",
                kind=manifest.kind,
            )
        target = manifest.semantics.get("target", {})
        if target.get("type") not in types:
            raise UserError(
                Reason.ARTIFACT_KIND,
                f"dataset {artifact.digest[:16]} has targets of type {target.get('type')!r}; {' or '.join(types)} is "
                "needed here",
                field="dataset",
                target_type=str(target.get("type")),
            )
        outputs = output_names(target)
        codes = artifact.array("codes.npy")
        targets = check_targets(np.array(artifact.array("targets.npy")), target["type"], len(codes), len(outputs))
        return cls(
            artifact=artifact,
            codes=codes,
            targets=targets,
            rows=artifact.table("rows.parquet"),
            outputs=outputs,
            target_type=target["type"],
            groups=list(target["groups"]) if "groups" in target else None,
        )

    @property
    def classes(self) -> list[str]:
        """The names of the classes (class_index) or, elsewhere, of the tasks: as ``outputs``."""
        return self.outputs

    def require_two_conditions(self) -> None:
        """Raise ARTIFACT_KIND unless the classes are KO and WT: what compares two conditions needs just these."""
        if self.target_type != "class_index" or set(self.outputs) != set(TWO_CONDITIONS):
            raise UserError(
                Reason.ARTIFACT_KIND,
                f"dataset {self.digest[:16]} has {self.target_type} targets {', '.join(self.outputs[:5])}"
                f"{', …' if len(self.outputs) > 5 else ''}; this step compares WT with KO and needs those two classes",
                field="dataset",
            )

    def __len__(self) -> int:
        return int(self.codes.shape[0])

    @property
    def window_bp(self) -> int:
        """Width of every sequence in base pairs."""
        return int(self.codes.shape[1])

    @property
    def genome_digest(self) -> str | None:
        """GA4GH sequence-collection digest of the genome; None for ready sequences."""
        return self.artifact.manifest.genome_digest

    @property
    def digest(self) -> str:
        """The artifact's sha256 name."""
        return self.artifact.digest

    @cached_property
    def split_names(self) -> np.ndarray:
        """(n,) the split of each row as strings."""
        return np.asarray(self.rows["split"].to_pylist(), dtype=object)

    @cached_property
    def chroms(self) -> np.ndarray:
        """(n,) the chromosome of each row as strings; '' where a ready sequence named none."""
        return np.asarray([c or "" for c in self.rows["chrom"].to_pylist()], dtype=object)

    def split(self, name: str) -> np.ndarray:
        """Row indices (m,) int64 of ``train``, ``validation``, ``test`` or ``all``, ascending. May be empty."""
        if name == "all":
            return np.arange(len(self), dtype=np.int64)
        if name not in SPLITS:
            raise UserError(
                Reason.INVALID_REQUEST, f"split {name!r} is none of {', '.join(SPLITS)}, all", field="split", value=name
            )
        return np.flatnonzero(self.split_names == name).astype(np.int64)

    def strings(self, indices: np.ndarray) -> list[str]:
        """Upper-case sequences of the given rows."""
        return decode_batch(np.asarray(self.codes[indices]))
