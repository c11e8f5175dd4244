"""The number that is attributed: resolved from request and dataset, and the rows it is attributed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from cislex_core.datasets import TWO_CONDITIONS, Dataset
from cislex_core.errors import Reason, UserError
from cislex_models.onehot import one_hot

from cislex_explainer.ensembles import OUTPUT, PREDICTED, WT_MINUS_KO, Ensemble, Weigh
from cislex_explainer.specs import ComputeAttributionsSpec

_NAMES_SHOWN = 20


@dataclass(frozen=True)
class Aim:
    """``target`` is never None; ``outputs`` are named for target ``output`` only."""

    target: str
    outputs: tuple[str, ...]
    names: tuple[str, ...]

    def weigh(self) -> Weigh:
        """The weights of the logits that make this number."""
        return Weigh(self.target, self.names, outputs=self.outputs)


def aim_of(spec: ComputeAttributionsSpec, data: Dataset) -> Aim:
    """What the request means for this dataset.

    Left open, the target is WT − KO where the classes are these two, the predicted class for other classes, and the
    named outputs (or the only task) for tasks. Raises INVALID_REQUEST, naming the outputs there are.
    """
    target: str | None = spec.target
    names = tuple(data.outputs)
    two = data.target_type == "class_index" and set(names) == set(TWO_CONDITIONS)
    if target is None:
        target = WT_MINUS_KO if two else PREDICTED if data.target_type == "class_index" else OUTPUT
    if target == WT_MINUS_KO and not two:
        raise _refused(data, "target", "target wt_minus_ko needs the classes WT and KO")
    if target == PREDICTED and data.target_type != "class_index":
        raise _refused(data, "target", "target predicted needs classes, of which one is predicted")
    outputs = tuple(spec.outputs)
    if target == OUTPUT and not outputs:
        if len(names) > 1:
            raise _refused(data, "outputs", "target output needs names in outputs")
        outputs = names
    unknown = [name for name in outputs if name not in names]
    if unknown:
        raise _refused(data, "outputs", f"outputs names {', '.join(unknown[:_NAMES_SHOWN])}, which is not there")
    return Aim(target, outputs if target == OUTPUT else (), names)


def choose_rows(
    rows: np.ndarray, max_rows: int | None, choice: str, score: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """At most ``max_rows`` of rows (m,), ascending: evenly over them, or those with the largest ``score(rows)``."""
    if max_rows is None or len(rows) <= max_rows:
        return rows
    if choice == "score":
        return np.sort(rows[np.argsort(-score(rows), kind="stable")[:max_rows]])
    return rows[(np.arange(max_rows) * len(rows)) // max_rows]


def attributed_numbers(
    ensemble: Ensemble, data: Dataset, rows: np.ndarray, weigh: Weigh, batch_size: int, tick: Callable[[], None]
) -> np.ndarray:
    """f (m,) float32 of dataset rows: the weighted logits, one forward pass each."""

    def each() -> Iterator[np.ndarray]:
        for start in range(0, len(rows), batch_size):
            tick()
            codes = np.asarray(data.codes[rows[start : start + batch_size]])
            logits = ensemble.logits(one_hot(torch.from_numpy(codes).to(ensemble.device)))
            yield (logits * weigh(logits)).sum(1).cpu().numpy()

    return np.concatenate(list(each()))


def _refused(data: Dataset, field: str, what: str) -> UserError:
    shown = ", ".join(data.outputs[:_NAMES_SHOWN])
    more = f", … ({len(data.outputs)} in all)" if len(data.outputs) > _NAMES_SHOWN else ""
    kind = "classes" if data.target_type == "class_index" else "tasks"
    return UserError(
        Reason.INVALID_REQUEST,
        f"{what}; the dataset has {data.target_type} targets with the {kind} {shown}{more}: take target output "
        "with some of these names in outputs",
        field=field,
    )
