"""curves.json of classes by name, labels and values."""

from __future__ import annotations

from typing import Any

import numpy as np
from cislex_core.datasets import Dataset

from cislex_trainer.block_metrics import row_correlation
from cislex_trainer.link import read_logits
from cislex_trainer.measured import Answers
from cislex_trainer.metrics import curves

# a figure with more lines than this is not read; the file stays small
MOST_OUTPUTS, POINTS = 100, 200


def target_curves(dataset: Dataset, answers: Answers) -> dict[str, Any]:
    """Two classes: ``roc`` and ``pr`` of the second. More, or labels: the same per output under ``per_output`` (the
    first 100 that have both answers). Values: ``across_tasks``, a histogram of the sequences' correlations.
    """
    read = read_logits(answers.loss, answers.mean)
    if dataset.target_type == "regression":
        if len(dataset.outputs) < 3:
            return {}
        r = row_correlation(answers.targets, read)
        counts, edges = np.histogram(r[np.isfinite(r)], bins=40, range=(-1, 1))
        return {"across_tasks": {"edges": edges.round(6).tolist(), "counts": counts.tolist()}}
    if dataset.target_type == "class_index" and len(dataset.outputs) == 2:
        return curves(answers.targets, read[:, 1])
    found: dict[str, Any] = {}
    for t, name in enumerate(dataset.outputs):
        truth = (answers.targets == t).astype(np.int64) if answers.targets.ndim == 1 else answers.targets[:, t]
        known = truth >= 0
        if len(found) < MOST_OUTPUTS and len(np.unique(truth[known])) == 2:
            found[name] = curves(truth[known], read[known, t], POINTS)
    return {"per_output": found}
