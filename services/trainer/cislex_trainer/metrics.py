"""Classification metrics with row weights, so that one sort serves every bootstrap replicate.

Class 1 (WT) is the positive class. All functions take ``weights`` (replicates, n): row r is how often each sequence
is drawn in replicate r; plain metrics are the single row of ones. Undefined values (0/0) are NaN, never 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray


def ranking_metrics(labels: Array, scores: Array, weights: Array | None = None) -> dict[str, Array]:
    """``auroc`` and ``auprc`` (average precision), each (replicates,). Ties in score count as one threshold.

    labels (n,) 0/1, scores (n,) higher = more WT. AUPRC is Σ (R_i − R_{i−1}) P_i over thresholds, not a trapezoid.
    """
    tp, fp = _cumulative(labels, scores, _weights(weights, len(labels)))
    positives, negatives = tp[:, -1:], fp[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.diff(fp, axis=1, prepend=0)
        height = tp - np.diff(tp, axis=1, prepend=0) / 2  # middle of each step: ties count one half
        auroc = (width * height).sum(1) / (positives * negatives)[:, 0]
        precision = tp / (tp + fp)
        steps = np.diff(tp, axis=1, prepend=0) / positives
        auprc = np.where(steps > 0, steps * np.nan_to_num(precision), 0.0).sum(1)
        auprc = np.where(positives[:, 0] > 0, auprc, np.nan)
    return {"auroc": auroc, "auprc": auprc}


def threshold_metrics(labels: Array, predicted: Array, weights: Array | None = None) -> dict[str, Array]:
    """``accuracy`` and, per class KO and WT, ``precision_``, ``recall_`` and ``f1_``; each (replicates,)."""
    w = _weights(weights, len(labels))
    cells = {(t, p): w @ ((labels == t) & (predicted == p)).astype(np.float64) for t in (0, 1) for p in (0, 1)}
    out: dict[str, Array] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        out["accuracy"] = (cells[0, 0] + cells[1, 1]) / w.sum(1)
        for name, c in (("KO", 0), ("WT", 1)):
            hit, said, true = cells[c, c], cells[0, c] + cells[1, c], cells[c, 0] + cells[c, 1]
            out[f"precision_{name}"] = hit / said
            out[f"recall_{name}"] = hit / true
            out[f"f1_{name}"] = 2 * hit / (said + true)
    return out


def confusion(labels: Array, predicted: Array) -> list[list[int]]:
    """[[KO→KO, KO→WT], [WT→KO, WT→WT]]: rows are the truth, columns the prediction."""
    return [[int(((labels == t) & (predicted == p)).sum()) for p in (0, 1)] for t in (0, 1)]


def curves(labels: Array, scores: Array, points: int = 1000) -> dict[str, dict[str, list[float]]]:
    """ROC (fpr, tpr) from (0, 0) to (1, 1) and PR (recall, precision), thinned to at most ``points`` thresholds."""
    tp, fp = (c[0] for c in _cumulative(labels, scores, _weights(None, len(labels))))
    keep = np.unique(np.linspace(0, len(tp) - 1, min(points, len(tp))).round().astype(int))
    tp, fp, positives, negatives = tp[keep], fp[keep], tp[-1], fp[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        roc = {"fpr": [0.0, *_finite(fp / negatives)], "tpr": [0.0, *_finite(tp / positives)]}
        pr = {"recall": _finite(tp / positives), "precision": _finite(tp / (tp + fp))}
    return {"roc": roc, "pr": pr}


def plain(labels: Array, p_wt: Array) -> dict[str, Any]:
    """Every point metric of one set of probabilities as plain numbers; None where undefined."""
    predicted = (p_wt > 0.5).astype(np.int64)
    values = {**threshold_metrics(labels, predicted), **ranking_metrics(labels, p_wt)}
    return {name: number(value[0]) for name, value in values.items()}


def number(value: float) -> float | None:
    """A float for JSON: None instead of NaN."""
    return float(value) if np.isfinite(value) else None


def _cumulative(labels: Array, scores: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted true and false positives (replicates, thresholds) at each distinct score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
    sorted_weights = weights[:, order]
    positive = labels[order].astype(np.float64)
    tp = np.cumsum(sorted_weights * positive, axis=1)[:, ends]
    fp = np.cumsum(sorted_weights * (1 - positive), axis=1)[:, ends]
    return tp, fp


def _weights(weights: Array | None, n: int) -> Array:
    return np.ones((1, n)) if weights is None else np.asarray(weights, dtype=np.float64)


def _finite(values: Array) -> list[float]:
    return [float(v) for v in np.nan_to_num(values)]
