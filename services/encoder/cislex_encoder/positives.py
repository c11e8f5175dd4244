"""The positives of a dataset that negatives are wanted for, opened from its artifact."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.sequences import base_counts, gc_of_counts
from cislex_core.targets import TARGET_TYPES

from cislex_encoder.import_specs import SampleNegativesSpec
from cislex_encoder.row_metadata import USUAL
from cislex_encoder.splits import SPLIT_NAMES

_ROWS = 1 << 14


@dataclass
class Positives:
    """``rows``: (m,) dataset rows that are positive; ``others``: the remaining ones; ``split``, ``gc``: of all rows."""

    dataset: Dataset
    rows: np.ndarray
    others: np.ndarray
    split: np.ndarray
    gc: np.ndarray
    positive_name: str
    negative_name: str
    notes: list[str] = field(default_factory=list)

    @property
    def extra(self) -> pa.Table:
        """Columns of rows.parquet beyond the usual ones."""
        table = self.dataset.rows
        return table.select([name for name in table.column_names if name not in USUAL])

    @property
    def split_by_chrom(self) -> dict[str, int] | None:
        """Chromosome → split, where every chromosome lies in one split alone; None where splits cross chromosomes."""
        chroms = self.dataset.chroms
        found: dict[str, int] = {}
        for name, split in zip(chroms.tolist(), self.split.tolist(), strict=True):
            if not name or found.setdefault(name, split) != split:
                return None
        return found


def open_positives(spec: SampleNegativesSpec, artifact: Artifact) -> Positives:
    """Raises INVALID_REQUEST where it is not plain which rows are positive, and for regression."""
    dataset = Dataset.from_artifact(artifact, types=TARGET_TYPES)
    if dataset.target_type == "regression":
        raise UserError(
            Reason.INVALID_REQUEST,
            "the dataset has regression targets, which have no positives; negatives are for classes and labels",
            field="dataset",
        )
    lookup = {name: i for i, name in enumerate(SPLIT_NAMES)}
    split = np.array([lookup[name] for name in dataset.split_names], dtype=np.int8)
    gc = _gc(dataset.codes)
    if dataset.target_type == "multilabel":
        positive = (dataset.targets == 1).any(axis=1)
        rows, others = np.flatnonzero(positive), np.flatnonzero(~positive)
        result = Positives(dataset, rows, others, split, gc, "positive", spec.negative_name)
        result.notes.append(f"positives are the {rows.size:,} rows with a 1; negatives are rows of zeros")
    else:
        result = _of_classes(spec, dataset, split, gc)
    if not result.rows.size:
        raise UserError(Reason.EMPTY_SET, "the dataset has no positive row", field="dataset")
    return result


def _of_classes(spec: SampleNegativesSpec, dataset: Dataset, split: np.ndarray, gc: np.ndarray) -> Positives:
    names = dataset.outputs
    name = spec.positive_class or (names[0] if len(names) == 1 else "WT" if set(names) == {"KO", "WT"} else "")
    if name not in names:
        what = f"has no class {name!r}" if name else "has several classes, and positive_class does not name one"
        raise UserError(
            Reason.INVALID_REQUEST, f"the dataset {what}; it has {', '.join(names)}", field="positive_class"
        )
    positive = dataset.targets == names.index(name)
    own = [other for other in names if other != name]
    negative = own[0] if spec.method == "subsample" and len(own) == 1 else spec.negative_name
    if negative == name:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the positive class is called {name!r} as well; choose another negative_name",
            field="negative_name",
        )
    return Positives(dataset, np.flatnonzero(positive), np.flatnonzero(~positive), split, gc, name, negative)


def _gc(codes: np.ndarray) -> np.ndarray:
    """GC share (n,) of the stored windows, in chunks."""
    result = np.empty(codes.shape[0])
    for start in range(0, codes.shape[0], _ROWS):
        part = np.ascontiguousarray(codes[start : start + _ROWS])
        result[start : start + _ROWS] = gc_of_counts(*base_counts(part), codes.shape[1])
    return result
