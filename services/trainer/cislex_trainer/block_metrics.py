"""Metrics of one model from counts per block, so that a thousand bootstrap replicates cost one matrix product.

A replicate draws whole blocks, so it weighs every row of a block alike. Whatever a metric needs is therefore counted
once per block and summed with the replicate's weights: the cells of a confusion matrix, true and false positives at
each threshold, sums of products. ``weights`` is (replicates, blocks) float64; a single row of ones gives the plain
metric. Undefined values (0/0) are NaN, never 0.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
UNRESOLVED = -1


@dataclass(frozen=True)
class Measured:
    """``values``: metric → (replicates,). ``per_task``: metric → (tasks, replicates); empty for classes."""

    values: dict[str, Floats]
    per_task: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Counting:
    """How rows are counted. ``of``: (n,) block of each row; ``most``: at most so many thresholds of a ranking
    (None = all, exact).
    """

    of: npt.NDArray[np.int64]
    weights: Floats
    most: int | None = None

    @classmethod
    def plain(cls, n: int) -> Counting:
        """All rows once: the plain metric of n rows."""
        return cls(np.zeros(n, dtype=np.int64), np.ones((1, 1)))

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return int(self.weights.shape[1])

    def rows(self, kept: npt.NDArray[np.bool_]) -> Counting:
        """The same replicates of some of the rows."""
        return Counting(self.of[kept], self.weights, self.most)

    def sums(self, values: npt.NDArray[np.generic]) -> Floats:
        """(replicates,) weighted sums of values (n,)."""
        return self.weights @ np.bincount(self.of, weights=values, minlength=self.n_blocks)


def class_metrics(labels: np.ndarray, logits: np.ndarray, classes: list[str], how: Counting) -> Measured:
    """labels (n,) class numbers, logits (n, classes). Accuracy; precision, recall and F1 of each class; AUROC and AUPRC
    of the second of two classes. More classes: macro means, AUROC and AUPRC one against the rest.
    """
    predicted = logits.argmax(1)
    values = _confusion_metrics(labels, predicted, classes, how)
    probabilities = softmax(logits)
    if len(classes) == 2:
        return Measured({**values, **ranking(labels == 1, probabilities[:, 1], how)})
    each = [ranking(labels == c, probabilities[:, c], how) for c in range(len(classes))]
    for name in ("precision", "recall", "f1"):
        values[f"macro_{name}"] = _mean(np.stack([values[f"{name}_{c}"] for c in classes]))
    return Measured({**values, **{m: _mean(np.stack([e[m] for e in each])) for m in ("auroc", "auprc")}})


def multilabel_metrics(targets: np.ndarray, logits: np.ndarray, how: Counting) -> Measured:
    """targets (n, tasks) of 1, 0, −1 = unresolved (left out), logits (n, tasks). AUROC and AUPRC per task, and means
    over the tasks that have both answers.
    """
    each = []
    for task in range(targets.shape[1]):
        known = targets[:, task] != UNRESOLVED
        each.append(ranking(targets[known, task] == 1, logits[known, task], how.rows(known)))
    per_task = {m: np.stack([e[m] for e in each]) for m in ("auroc", "auprc")}
    return Measured({m: _mean(v) for m, v in per_task.items()}, per_task)


def regression_metrics(targets: np.ndarray, answers: np.ndarray, how: Counting) -> Measured:
    """targets and answers (n, tasks). Pearson over rows and MSE per task with their means; from three tasks on also
    ``pearson_across_tasks``, the mean over rows of Pearson over the tasks.
    """
    each = [_pearson_mse(targets[:, t], answers[:, t], how) for t in range(targets.shape[1])]
    per_task = {m: np.stack([e[m] for e in each]) for m in ("pearson", "mse")}
    values = {m: _mean(v) for m, v in per_task.items()}
    if targets.shape[1] > 2:
        r = row_correlation(targets, answers)
        known = np.isfinite(r)
        inner = how.rows(known)
        values["pearson_across_tasks"] = _ratio(inner.sums(r[known]), inner.sums(np.ones(int(known.sum()))))
    return Measured(values, per_task)


def ranking(positive: np.ndarray, scores: np.ndarray, how: Counting) -> dict[str, Floats]:
    """``auroc`` and ``auprc`` (average precision), each (replicates,). Ties in score are one threshold.

    With ``how.most``, longer rankings are cut at that many thresholds, dense at the top: between two of them the ROC
    curve is a line and precision its mean. The error is far below the width of a bootstrap interval.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
    if not len(ends):
        nothing = np.full(len(how.weights), np.nan)
        return {"auroc": nothing, "auprc": nothing}
    kept = _thinned(len(ends), how.most)
    many = np.diff(kept, prepend=-1) > 1  # a step that joins several thresholds
    steps = ends[kept]
    group = np.repeat(np.arange(len(steps)), np.diff(steps, prepend=-1))
    cell = group * how.n_blocks + how.of[order]
    shape, size = (len(steps), how.n_blocks), len(steps) * how.n_blocks
    hits = np.bincount(cell, weights=positive[order].astype(np.float64), minlength=size).reshape(shape).cumsum(0)
    all_rows = np.bincount(cell, minlength=size).reshape(shape).cumsum(0)
    tp = how.weights @ hits.T
    fp = how.weights @ (all_rows - hits).T
    step = np.diff(tp, axis=1, prepend=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (np.diff(fp, axis=1, prepend=0.0) * (tp - step / 2)).sum(1)
        auroc = area / (tp[:, -1] * fp[:, -1])
        precision = np.nan_to_num(tp / (tp + fp))
        before = np.concatenate([precision[:, :1], precision[:, :-1]], axis=1)
        auprc = (step * np.where(many, (precision + before) / 2, precision)).sum(1) / tp[:, -1]
    return {"auroc": auroc, "auprc": auprc}


def softmax(logits: np.ndarray) -> Floats:
    """(n, classes) float64 probabilities; two classes through log1p, as an evaluation computes them."""
    values = logits.astype(np.float64)
    if values.shape[1] == 2:
        second = np.exp(-np.logaddexp(0.0, values[:, 0] - values[:, 1]))
        return np.column_stack([1 - second, second])
    raised = np.exp(values - values.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))


def row_correlation(targets: np.ndarray, answers: np.ndarray) -> Floats:
    """(n,) Pearson correlation of each row over the tasks; NaN where either is constant."""
    a = targets.astype(np.float64) - targets.mean(1, keepdims=True, dtype=np.float64)
    b = answers.astype(np.float64) - answers.mean(1, keepdims=True, dtype=np.float64)
    return _ratio((a * b).sum(1), np.sqrt((a * a).sum(1) * (b * b).sum(1)))


def _confusion_metrics(
    labels: np.ndarray, predicted: np.ndarray, classes: list[str], how: Counting
) -> dict[str, Floats]:
    n = len(classes)
    cells = np.bincount(how.of * n * n + labels * n + predicted, minlength=how.n_blocks * n * n)
    table = (how.weights @ cells.reshape(how.n_blocks, n * n)).reshape(-1, n, n)
    values = {"accuracy": _ratio(np.trace(table, axis1=1, axis2=2), table.sum((1, 2)))}
    for c, name in enumerate(classes):
        hit, said, true = table[:, c, c], table[:, :, c].sum(1), table[:, c].sum(1)
        values[f"precision_{name}"] = _ratio(hit, said)
        values[f"recall_{name}"] = _ratio(hit, true)
        values[f"f1_{name}"] = _ratio(2 * hit, said + true)
    return values


def _pearson_mse(target: np.ndarray, answer: np.ndarray, how: Counting) -> dict[str, Floats]:
    # centred first, so that sums of squares lose no digits where the mean is large
    x = target.astype(np.float64) - target.mean(dtype=np.float64)
    y = answer.astype(np.float64) - answer.mean(dtype=np.float64)
    n, sx, sy = how.sums(np.ones(len(x))), how.sums(x), how.sums(y)
    xx, yy, xy = how.sums(x * x), how.sums(y * y), how.sums(x * y)
    spread = np.maximum(n * xx - sx**2, 0) * np.maximum(n * yy - sy**2, 0)
    difference = target.astype(np.float64) - answer
    return {"pearson": _ratio(n * xy - sx * sy, np.sqrt(spread)), "mse": _ratio(how.sums(difference**2), n)}


def _thinned(n: int, most: int | None) -> np.ndarray:
    """Positions among n thresholds, the last included: all, or about ``most`` of them: the first quarter one by one
    (precision moves most there), then spaced evenly, half of them in log.
    """
    if most is None or n <= most:
        return np.arange(n)
    quarter = most // 4
    dense = np.geomspace(quarter, n, quarter).astype(np.int64) - 1
    even = np.linspace(quarter, n - 1, most - 2 * quarter).astype(np.int64)
    return np.union1d(np.union1d(np.arange(quarter), dense), even)


def _ratio(above: Floats, below: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def _mean(values: Floats) -> Floats:
    """(replicates,) mean over the tasks (tasks, replicates) where it is defined."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no task defined: NaN is the answer
        return np.asarray(np.nanmean(values, axis=0))
