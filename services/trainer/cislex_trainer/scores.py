"""The one figure by which a training is followed, chosen by the kind of target: the history's ``score``."""

from __future__ import annotations

from typing import Literal

import numpy as np
from cislex_core.targets import UNRESOLVED

from cislex_trainer.losses import LossName
from cislex_trainer.metrics import ranking_metrics

ScoreName = Literal["accuracy", "auprc", "pearson", "pearson_across_tasks"]

SCORE_OF: dict[LossName, ScoreName] = {
    "cross_entropy": "accuracy",
    "bce": "auprc",
    "mse": "pearson",
    "poisson": "pearson",
    "pearson": "pearson_across_tasks",
}


def score(loss: LossName, logits: np.ndarray, targets: np.ndarray) -> float | None:
    """accuracy: share of right answers. auprc: mean over tasks, on resolved entries. pearson: mean over tasks of the
    correlation across sequences. pearson_across_tasks: mean over sequences. Undefined ones are left out; None when all
    are.
    """
    name = SCORE_OF[loss]
    if name == "accuracy":
        return float((logits.argmax(1) == targets).mean()) if len(targets) else None
    if name == "auprc":
        values = np.array([_auprc(logits[:, t], targets[:, t]) for t in range(targets.shape[1])])
    else:
        predicted = np.exp(logits.astype(np.float64)) if loss == "poisson" else logits.astype(np.float64)
        axis = 1 if name == "pearson_across_tasks" else 0
        values = pearson(predicted, targets.astype(np.float64), axis)
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None


def pearson(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    """Pearson's correlation of two (n, tasks) arrays along ``axis``; NaN where either does not vary."""
    dx, dy = (v - v.mean(axis, keepdims=True) for v in (x, y))
    size = np.sqrt((dx**2).sum(axis) * (dy**2).sum(axis))
    # what is left of a constant after subtracting its mean is rounding: it does not vary
    flat = (np.ptp(x, axis) <= 1e-7 * np.abs(x).max(axis)) | (np.ptp(y, axis) <= 1e-7 * np.abs(y).max(axis))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flat, np.nan, (dx * dy).sum(axis) / size)


def _auprc(scores: np.ndarray, targets: np.ndarray) -> float:
    known = targets != UNRESOLVED
    if not known.any():
        return float("nan")
    return float(ranking_metrics(targets[known], scores[known])["auprc"][0])
