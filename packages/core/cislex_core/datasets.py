"""Open a dataset artifact: codes, targets, row table and splits. The format is docs/formats.md, kind dataset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from cislex_core.artifacts import Artifact
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import decode_batch

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Dataset:
    """A dataset artifact opened for reading. Row i of every member is the same sequence.

    ``codes``: (n, window) uint8 memory map, A0 C1 G2 T3 N4. ``targets``: (n,) int64 class index into ``classes``
    (KO = 0, WT = 1). ``rows``: pyarrow table (row, set, name, chrom, start, end, summit, strand, label, split, gc,
    n_fraction, source, line); coordinates 0-based half-open, null where a ready sequence named none.
    """

    artifact: Artifact
    codes: np.ndarray
    targets: np.ndarray
    rows: pa.Table
    classes: list[str]

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Dataset:
        """Open and verify. Raises ARTIFACT_KIND for another kind or a target type other than class_index."""
        manifest = artifact.manifest
        if manifest.kind != "dataset":
            raise UserError(
                Reason.ARTIFACT_KIND,
                f"artifact {artifact.digest[:16]} is of kind {manifest.kind!r}; a dataset is needed",
                kind=manifest.kind,
            )
        target = manifest.semantics.get("target", {})
        if target.get("type") != "class_index":
            raise UserError(
                Reason.ARTIFACT_KIND,
                f"dataset {artifact.digest[:16]} has targets of type {target.get('type')!r}; class_index is needed",
            )
        return cls(
            artifact=artifact,
            codes=artifact.array("codes.npy"),
            targets=np.array(artifact.array("targets.npy")),
            rows=artifact.table("rows.parquet"),
            classes=list(target["classes"]),
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
