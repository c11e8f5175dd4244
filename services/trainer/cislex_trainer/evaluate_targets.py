"""What EvaluateModel measures of any other targets: classes by name, labels with unresolved entries, values."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.tasks import Progress

from cislex_trainer.block_metrics import Counting, Measured, class_metrics, multilabel_metrics, regression_metrics
from cislex_trainer.bootstrap import Blocks
from cislex_trainer.calibration import reliability
from cislex_trainer.link import read_logits
from cislex_trainer.measured import Answers, Report
from cislex_trainer.metrics import number
from cislex_trainer.paired import interval, replicates
from cislex_trainer.per_output import across_tasks, class_details, label_details, value_details
from cislex_trainer.prediction_table import evaluation_table
from cislex_trainer.specs import EvaluateModelSpec
from cislex_trainer.target_curves import target_curves
from cislex_trainer.task_baselines import task_baselines


def measure_targets(
    spec: EvaluateModelSpec, dataset: Dataset, answers: Answers, around: Blocks, progress: Progress
) -> Report:
    """Metrics of the ensemble with per-output figures, intervals of the means, baselines, curves and predictions.

    Warns of outputs whose figures are undefined on these rows.
    """
    measure = partial(_measure, dataset, answers.targets, answers.loss)
    mean = answers.mean
    plain = Counting.plain(len(answers.index))
    values = _plain(measure(mean, plain))
    details = _details(spec, dataset, answers)
    _warn_of_undefined(details["per_output"], spec.split, progress)

    def checked(how: Counting) -> Measured:
        progress.check_cancel()
        return measure(mean, how)

    drawn = replicates(checked, around, spec.n_bootstrap, spec.bootstrap_seed)
    bounds = {name: interval(of) for name, of in drawn.items()}
    found, skipped = task_baselines(dataset, answers.codes, progress)
    baselines = {
        name: {**_plain(_measure(dataset, answers.targets, "mse", b.answers, plain)), "how": b.how}
        for name, b in found.items()
    }
    metrics: dict[str, Any] = {
        **values,
        **details,
        "intervals": {name: list(bound) for name, bound in bounds.items() if bound and values.get(name) is not None},
        "per_seed": [
            {"seed": seed, **_plain(measure(answers.logits[s], plain))} for s, seed in enumerate(answers.seeds)
        ],
        "ensemble": {"n_seeds": len(answers.seeds), **values},
        "baselines": baselines,
    }
    if skipped:
        metrics["baselines_skipped"] = skipped
        progress.message(f"no baselines: {skipped}")
    curves = target_curves(dataset, answers)
    return Report(metrics, curves, evaluation_table(dataset, answers))


def _measure(dataset: Dataset, targets: np.ndarray, loss: str, logits: np.ndarray, how: Counting) -> Measured:
    if dataset.target_type == "class_index":
        return class_metrics(targets, logits, dataset.outputs, how)
    if dataset.target_type == "multilabel":
        return multilabel_metrics(targets, logits, how)
    found = regression_metrics(targets, read_logits(loss, logits), how)
    if loss == "pearson":  # its predictions have no scale of their own: a squared difference would mean nothing
        found.values.pop("mse")
        found.per_task.pop("mse")
    return found


def _plain(found: Measured) -> dict[str, float | None]:
    return {name: number(value[0]) for name, value in found.values.items()}


def _details(spec: EvaluateModelSpec, dataset: Dataset, answers: Answers) -> dict[str, Any]:
    """per_output and what else belongs to one kind of target."""
    mean, targets = answers.mean, answers.targets
    p = read_logits(answers.loss, mean)
    if dataset.target_type == "class_index":
        truth, said = _of_second_or_top(targets, p)
        return {**class_details(targets, p, dataset.outputs), "calibration": reliability(truth, said)}
    if dataset.target_type == "multilabel":
        known = targets >= 0
        return {
            "per_output": label_details(targets, p, dataset.outputs, dataset.groups),
            "calibration": reliability(targets[known], p[known]),
        }
    details = {
        "per_output": value_details(targets, p, dataset.outputs, dataset.groups, scaled=answers.loss != "pearson")
    }
    spearman = [one["spearman"] for one in details["per_output"] if one["spearman"] is not None]
    return {
        **details,
        "spearman": float(np.mean(spearman)) if spearman else None,
        **across_tasks(targets, p, spec.correlation_threshold),
    }


def _of_second_or_top(labels: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two classes: is it the second, and its probability. More: was the predicted one right, and its probability."""
    if p.shape[1] == 2:
        return labels, p[:, 1]
    top = p.argmax(1)
    return (top == labels).astype(np.int64), p[np.arange(len(p)), top]


def _warn_of_undefined(per_output: list[dict[str, Any]], split: str, progress: Progress) -> None:
    names = [one["name"] for one in per_output if one.get("auroc", one.get("pearson")) is None]
    if not names:
        return
    listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    progress.warn(
        "UNDEFINED_METRICS",
        f"{listed}: one class, one value or nothing resolved in the {split} split; the metrics are null and left out "
        "of the means",
    )
