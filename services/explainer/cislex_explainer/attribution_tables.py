"""The tables of an attributions artifact: what the model says of each sequence, and how well attributions add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.targets import UNRESOLVED

from cislex_explainer.aims import Aim
from cislex_explainer.attribution_stream import Streamed


def outputs_table(data: Dataset, rows: np.ndarray, logits: np.ndarray, aim: Aim) -> pa.Table:
    """One row per explained sequence. class_index: label, logit_<class>, predicted; multilabel: target_<task> (null
    where unresolved), logit_<task>; regression: target_<task>, predicted_<task>; with named outputs also
    ``attributed``, the number that was attributed."""
    columns: dict[str, Any] = {"row": rows}
    targets = data.targets[rows]
    if data.target_type == "class_index":
        columns["label"] = targets
    else:
        masked = data.target_type == "multilabel"
        for index, name in enumerate(data.outputs):
            column = targets[:, index]
            columns[f"target_{name}"] = pa.array(column, mask=column == UNRESOLVED) if masked else column
    prefix = "predicted" if data.target_type == "regression" else "logit"
    columns |= {f"{prefix}_{name}": logits[:, index] for index, name in enumerate(data.outputs)}
    if data.target_type == "class_index":
        columns["predicted"] = [data.outputs[index] for index in logits.argmax(axis=1)]
    if aim.outputs:
        columns["attributed"] = logits[:, [data.outputs.index(name) for name in aim.outputs]].mean(axis=1)
    return pa.table(columns)


def completeness_table(rows: np.ndarray, streamed: Streamed) -> pa.Table:
    """Integrated gradients: sums against differences of outputs, in logits."""
    reached, expected = streamed.sums.T
    return pa.table(
        {"row": rows, "attribution_sum": reached, "output_difference": expected, "delta": reached - expected}
    )


def convergence_table(rows: np.ndarray, streamed: Streamed) -> pa.Table:
    """DeepLIFT/SHAP: sums against differences of outputs (means over the references), and the largest delta of a
    reference, absolute and relative."""
    reached, expected = streamed.sums.T
    delta, relative = streamed.deltas.T
    return pa.table(
        {
            "row": rows, "attribution_sum": reached, "output_difference": expected, "delta": delta,
            "relative_delta": relative,
        }
    )  # fmt: skip
