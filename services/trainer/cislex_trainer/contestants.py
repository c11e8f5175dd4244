"""Opening what CompareModels compares: each model with its evaluation, and the check that all saw the same rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.tasks import Inputs

from cislex_trainer.block_metrics import UNRESOLVED
from cislex_trainer.comparison_specs import CompareModelsSpec

ENSEMBLE = -1
LOGIT, PREDICTED, TARGET = "logit_", "predicted_", "target_"


@dataclass(frozen=True)
class Contestant:
    """A model and its evaluation under the name the table gives it."""

    name: str
    model: Artifact
    evaluation: Artifact

    @cached_property
    def training(self) -> dict[str, Any]:
        """training.json of the model."""
        return dict(self.model.json("training.json"))

    @cached_property
    def _columns(self) -> list[str]:
        return list(pq.read_schema(self.evaluation.path("predictions.parquet")).names)

    @property
    def target_type(self) -> str:
        """class_index, multilabel or regression, by the columns of the predictions."""
        if "label" in self._columns:
            return "class_index"
        return "regression" if any(c.startswith(PREDICTED) for c in self._columns) else "multilabel"

    @property
    def outputs(self) -> list[str]:
        """Classes or tasks, in the model's order."""
        prefix = PREDICTED if self.target_type == "regression" else LOGIT
        return [c.removeprefix(prefix) for c in self._columns if c.startswith(prefix)]

    @cached_property
    def seeds(self) -> list[int]:
        """The seeds measured, ascending."""
        found = pq.read_table(self.evaluation.path("predictions.parquet"), columns=["seed"])["seed"].to_numpy()
        return [int(s) for s in np.unique(found) if s != ENSEMBLE]

    def rows(self) -> np.ndarray:
        """(n,) dataset rows measured, ascending."""
        return np.sort(self._read(["row"], ENSEMBLE)["row"].to_numpy())

    def answers(self, seed: int) -> np.ndarray:
        """(n, outputs) logits, or the values of a regression, of one seed (−1 = the ensemble), rows ascending."""
        prefix = PREDICTED if self.target_type == "regression" else LOGIT
        return self._matrix([prefix + name for name in self.outputs], seed)

    def targets(self) -> np.ndarray:
        """(n,) class numbers, or (n, tasks); unresolved entries are −1."""
        if self.target_type == "class_index":
            return self._matrix(["label"], ENSEMBLE)[:, 0].astype(np.int64)
        return self._matrix([TARGET + name for name in self.outputs], ENSEMBLE)

    def _read(self, columns: list[str], seed: int) -> pa.Table:
        # one seed at a time: all seeds of a matrix of 163 tasks would take gigabytes
        return pq.read_table(
            self.evaluation.path("predictions.parquet"), columns=columns, filters=[("seed", "=", seed)]
        )

    def _matrix(self, columns: list[str], seed: int) -> np.ndarray:
        table = self._read(["row", *columns], seed)
        order = np.argsort(table["row"].to_numpy(), kind="stable")
        filled = [c.fill_null(UNRESOLVED) if c.null_count else c for c in (table[name] for name in columns)]
        return np.column_stack([c.to_numpy()[order] for c in filled])


def open_contestants(spec: CompareModelsSpec, inputs: Inputs) -> list[Contestant]:
    """All of them, in the order of the request. Raises INVALID_REQUEST when an evaluation is of another model, when
    evaluations differ in dataset, split, outputs or rows.
    """
    models = [inputs.artifact(digest) for digest in spec.models]
    evaluations = [inputs.artifact(digest) for digest in spec.evaluations]
    names = spec.names or default_names([str(m.manifest.summary.get("architecture", "model")) for m in models])
    found = [Contestant(*parts) for parts in zip(names, models, evaluations, strict=True)]
    for i, one in enumerate(found):
        measured = str(one.evaluation.manifest.summary["model"])
        if measured != one.model.digest:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"evaluation {i} ({one.evaluation.digest[:16]}) measured model {measured[:16]}, but model {i} "
                f"({one.name}) is {one.model.digest[:16]}; give models and evaluations in the same order",
                field=f"evaluations[{i}]",
                model=one.model.digest,
                measured=measured,
            )
    for what in ("dataset", "split"):
        _same(found, what, [str(one.evaluation.manifest.summary[what]) for one in found])
    _same(found, "outputs", [", ".join(one.outputs) for one in found])
    first = found[0].rows()
    for i, one in enumerate(found):
        if not np.array_equal(one.rows(), first):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"{one.name} and {found[0].name} were measured on different rows of one split; evaluate both again",
                field=f"evaluations[{i}]",
            )
    return found


def default_names(architectures: list[str]) -> list[str]:
    """Architectures' names; the second of a name becomes ``name_2``, and so on."""
    seen: Counter[str] = Counter()
    names = []
    for architecture in architectures:
        seen[architecture] += 1
        names.append(architecture if seen[architecture] == 1 else f"{architecture}_{seen[architecture]}")
    return names


def _same(found: list[Contestant], what: str, values: list[str]) -> None:
    for i, value in enumerate(values):
        if value != values[0]:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"{found[0].name} was measured on {what} {values[0][:60]}, {found[i].name} on {what} {value[:60]}; "
                f"only evaluations with the same {what} can be compared: evaluate every model on the same one",
                field=f"evaluations[{i}]",
                differs=what,
                value=value,
            )
