"""Figures of each class or task of an evaluation: the lists and matrices of metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from cislex_core.targets import UNRESOLVED
from scipy.stats import rankdata

from cislex_trainer.block_metrics import row_correlation
from cislex_trainer.metrics import number, ranking_metrics
from cislex_trainer.scores import pearson


def class_details(labels: np.ndarray, p: np.ndarray, classes: list[str]) -> dict[str, Any]:
    """labels (n,), p (n, classes): ``confusion`` (rows the truth), ``per_class``, ``per_output`` (one versus rest)."""
    k = len(classes)
    table = np.bincount(labels * k + p.argmax(1), minlength=k * k).reshape(k, k)
    per_class, per_output = {}, []
    for c, name in enumerate(classes):
        hit, said, true = int(table[c, c]), int(table[:, c].sum()), int(table[c].sum())
        per_class[name] = {
            "precision": hit / said if said else None,
            "recall": hit / true if true else None,
            "f1": 2 * hit / (said + true) if said + true else None,
            "n": true,
        }
        ranked = _ranked((labels == c).astype(np.int64), p[:, c])
        per_output.append({"name": name, "n": len(labels), "n_positive": true, **ranked})
    return {"confusion": table.tolist(), "per_class": per_class, "per_output": per_output}


def label_details(
    targets: np.ndarray, p: np.ndarray, tasks: list[str], groups: list[str] | None
) -> list[dict[str, Any]]:
    """targets (n, tasks) of 1, 0, −1, p (n, tasks): AUROC and AUPRC of each task on its resolved entries."""
    out = []
    for t, name in enumerate(tasks):
        known = targets[:, t] != UNRESOLVED
        truth = targets[known, t].astype(np.int64)
        out.append(
            {
                "name": name,
                **({} if groups is None else {"group": groups[t]}),
                "n": int(known.sum()),
                "n_positive": int(truth.sum()),
                **_ranked(truth, p[known, t]),
            }
        )
    return out


def value_details(
    targets: np.ndarray, predicted: np.ndarray, tasks: list[str], groups: list[str] | None, *, scaled: bool
) -> list[dict[str, Any]]:
    """targets and predicted (n, tasks): Pearson, Spearman and, where predictions are ``scaled``, MSE of each task
    across sequences.
    """
    y, x = targets.astype(np.float64), predicted.astype(np.float64)
    linear, ranks = pearson(x, y, 0), pearson(rankdata(x, axis=0), rankdata(y, axis=0), 0)
    squared = ((x - y) ** 2).mean(0)
    return [
        {
            "name": name,
            **({} if groups is None else {"group": groups[t]}),
            "n": len(targets),
            "pearson": number(linear[t]),
            "spearman": number(ranks[t]),
            "mse": number(squared[t]) if scaled else None,
        }
        for t, name in enumerate(tasks)
    ]


def across_tasks(targets: np.ndarray, predicted: np.ndarray, threshold: float) -> dict[str, Any]:
    """Of each sequence the correlation across its tasks: how many sequences have one, the median, and the share that is
    ``well predicted``, above ``threshold``. Nothing for fewer than three tasks.
    """
    if targets.shape[1] < 3:
        return {}
    r = row_correlation(targets, predicted)
    r = r[np.isfinite(r)]
    if not len(r):
        return {"n_across_tasks": 0, "correlation_threshold": threshold}
    return {
        "n_across_tasks": len(r),
        "pearson_across_tasks_median": float(np.median(r)),
        "correlation_threshold": threshold,
        "share_well_predicted": float((r > threshold).mean()),
    }


def _ranked(truth: np.ndarray, scores: np.ndarray) -> dict[str, float | None]:
    if not len(truth) or truth.min() == truth.max():
        return {"auroc": None, "auprc": None}
    return {name: number(value[0]) for name, value in ranking_metrics(truth, scores).items()}
