"""How well scores tell positives from negatives, or follow values, for many motifs at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Measures = dict[str, FloatArray]


def measure(scores: npt.NDArray[np.int32], values: FloatArray, binary: bool) -> Measures:
    """auroc and auprc (binary), or pearson and spearman, of each row of ``scores`` (motifs, n) with ``values`` (n,)."""
    rows = [_binary(row, values > 0.5) if binary else _correlations(row, values) for row in scores]
    names = ("auroc", "auprc") if binary else ("pearson", "spearman")
    return {name: np.array([row[i] for row in rows]) for i, name in enumerate(names)}


def _binary(scores: npt.NDArray[np.int32], positive: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Area under ROC (ties count half), and average precision: Σ (recall gained) · precision over distinct scores."""
    values, at = np.unique(scores, return_inverse=True)
    hits = np.bincount(at, weights=positive, minlength=len(values))[::-1]
    all_ = np.bincount(at, minlength=len(values))[::-1]
    misses = all_ - hits
    n_hits, n_misses = hits.sum(), misses.sum()
    above = np.cumsum(hits) - 0.5 * hits
    auroc = float((misses * above).sum() / (n_hits * n_misses))
    auprc = float((hits * np.cumsum(hits) / np.cumsum(all_)).sum() / n_hits)
    return auroc, auprc


def _correlations(scores: npt.NDArray[np.int32], values: FloatArray) -> tuple[float, float]:
    """Pearson (sequences without a place for the motif count as the lowest score there is) and Spearman."""
    from scipy.stats import rankdata

    placed = scores > np.iinfo(np.int32).min
    if not placed.any():
        return float("nan"), float("nan")
    filled = np.where(placed, scores, scores[placed].min()).astype(np.float64)
    return _pearson(filled, values), _pearson(rankdata(scores), rankdata(values))


def _pearson(x: FloatArray, y: FloatArray) -> float:
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm > 0 else float("nan")
