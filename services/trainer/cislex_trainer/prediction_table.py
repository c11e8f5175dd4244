"""predictions.parquet of classes by name, labels and values: one row per sequence, one column per output."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.targets import UNRESOLVED, TargetType

from cislex_trainer.link import read_logits
from cislex_trainer.measured import ENSEMBLE, Answers

# beyond this many numbers only the ensemble's rows are written: five seeds of a matrix of 163 tasks are gigabytes
MOST_ENTRIES = 50_000_000

Columns = dict[str, pa.Array | pa.ChunkedArray | np.ndarray]


def evaluation_table(dataset: Dataset, answers: Answers) -> pa.Table:
    """One row per sequence and seed, then the ensemble's (seed −1)."""
    parts = [*zip(answers.seeds, answers.logits, strict=True), (ENSEMBLE, answers.mean)]
    if answers.logits.size > MOST_ENTRIES:
        parts = parts[-1:]
    n = len(answers.index)
    head: Columns = {
        "row": answers.index,
        "split": pa.array(dataset.split_names[answers.index].tolist(), pa.string()),
    }
    targets = target_columns(dataset.target_type, dataset.outputs, answers.targets)
    tables = []
    for seed, logits in parts:
        read = read_logits(answers.loss, logits)
        said = answer_columns(dataset.target_type, dataset.outputs, logits, read)
        tables.append(pa.table({**head, "seed": np.full(n, seed, dtype=np.int64), **targets, **said}))
    return pa.concat_tables(tables)


def target_columns(target_type: TargetType, outputs: list[str], targets: np.ndarray) -> Columns:
    """``label`` (class number), or ``target_<task>``: int8 with null = unresolved, float32."""
    if target_type == "class_index":
        return {"label": targets}
    columns: Columns = {}
    for t, name in enumerate(outputs):
        values = np.ascontiguousarray(targets[:, t])
        unresolved = values == UNRESOLVED if target_type == "multilabel" else None
        columns[f"target_{name}"] = pa.array(values, mask=unresolved)
    return columns


def answer_columns(target_type: TargetType, outputs: list[str], logits: np.ndarray, read: np.ndarray) -> Columns:
    """``logit_<output>`` float32 and ``p_<output>`` float64, or ``predicted_<task>`` float64 of a regression."""
    if target_type == "regression":
        return {f"predicted_{name}": np.ascontiguousarray(read[:, t]) for t, name in enumerate(outputs)}
    columns: Columns = {f"logit_{name}": np.ascontiguousarray(logits[:, t]) for t, name in enumerate(outputs)}
    return {**columns, **{f"p_{name}": np.ascontiguousarray(read[:, t]) for t, name in enumerate(outputs)}}
