"""What the sequences of a projection are coloured by: columns of the dataset's rows, tasks, unit outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.targets import UNRESOLVED

#: A column with more different values than this is shown by its most frequent ones, the rest as "other".
MOST_CATEGORIES = 12
_DEFAULT_TASKS, _DEFAULT_UNITS = 3, 3


@dataclass(frozen=True)
class Coloring:
    """One way to colour. ``values``: (n,) float64 with NaN = unknown, or a list of n strings (categories)."""

    name: str
    values: np.ndarray | list[str]

    @property
    def is_number(self) -> bool:
        """True for a scale, False for categories."""
        return isinstance(self.values, np.ndarray)


def default_names(dataset: Dataset, units: Sequence[dict[str, Any]]) -> list[str]:
    """``split``, the classes or the first three tasks, and the three most important units."""
    labels = ["column:set"] if dataset.target_type == "class_index" else dataset.outputs[:_DEFAULT_TASKS]
    best = sorted(units, key=lambda row: (row["rank"], -abs(row["best_importance"] or 0.0)))
    split = ["column:split"] if "split" in dataset.rows.column_names else []
    return [*labels, *split, *(f"unit:{row['unit_id']}" for row in best[:_DEFAULT_UNITS])]


def coloring(name: str, dataset: Dataset, rows: np.ndarray, unit_ids: Sequence[str], outputs: np.ndarray) -> Coloring:
    """The values of rows (n,) under a name; ``outputs`` (n, units) are the unit outputs of the same rows.

    A prefix ``column:``, ``task:`` or ``unit:`` decides; without one columns go before tasks, tasks before units.
    Raises INVALID_REQUEST for a name that is none of them.
    """
    kind, _, rest = name.partition(":")
    plain = rest if kind in ("column", "task", "unit") and rest else name
    only = kind if plain != name else ""
    if only in ("", "column") and plain in dataset.rows.column_names:
        return Coloring(plain, _column(dataset.rows[plain].take(rows).to_pylist()))
    if only in ("", "task") and plain in dataset.outputs:
        return Coloring(plain, _task(dataset, rows, dataset.outputs.index(plain)))
    if only in ("", "unit") and plain in unit_ids:
        return Coloring(plain, outputs[:, list(unit_ids).index(plain)].astype(np.float64))
    raise UserError(
        Reason.INVALID_REQUEST,
        f"color_by {name!r} is no column of the dataset ({', '.join(dataset.rows.column_names)}), no class or task "
        f"({', '.join(dataset.outputs[:10])}) and no unit ({', '.join(unit_ids[:3])}, …)",
        field="color_by",
        value=name,
    )


def _task(dataset: Dataset, rows: np.ndarray, index: int) -> np.ndarray | list[str]:
    if dataset.target_type == "class_index":
        name = dataset.outputs[index]
        return [name if target == index else "other" for target in dataset.targets[rows]]
    values = dataset.targets[rows, index]
    if dataset.target_type == "multilabel":
        words = {1: "1", 0: "0", UNRESOLVED: "unresolved"}
        return [words[int(value)] for value in values]
    return values.astype(np.float64)


def _column(values: list[Any]) -> np.ndarray | list[str]:
    """Numbers of many values are a scale; all else is categories, the rare ones together."""
    known = [value for value in values if value is not None]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)
    if known and numeric and (len(set(known)) > MOST_CATEGORIES or any(isinstance(value, float) for value in known)):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    words = ["none" if value is None else str(value) for value in values]
    names, counts = np.unique(words, return_counts=True)
    if len(names) <= MOST_CATEGORIES:
        return words
    kept = set(names[np.argsort(-counts, kind="stable")[: MOST_CATEGORIES - 1]].tolist())
    return [word if word in kept else "other" for word in words]
