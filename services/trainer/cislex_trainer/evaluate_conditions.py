"""What EvaluateModel measures of a model that tells KO from WT: the figures of the WTKO-CNN paper and more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from cislex_core.datasets import Dataset

from cislex_trainer.baselines import Baseline, gc_baseline, kmer_baseline
from cislex_trainer.bootstrap import Blocks, intervals
from cislex_trainer.calibration import calibration
from cislex_trainer.ensemble import p_wt
from cislex_trainer.measured import ENSEMBLE, Answers, Report
from cislex_trainer.metrics import confusion, curves, plain, ranking_metrics, threshold_metrics
from cislex_trainer.specs import EvaluateModelSpec


def measure_conditions(spec: EvaluateModelSpec, dataset: Dataset, answers: Answers, around: Blocks) -> Report:
    """Metrics at p(WT) > 0.5, rankings, calibration, intervals, both baselines and curves."""
    labels = answers.targets
    logits, mean_logits = answers.logits, answers.mean
    p = p_wt(mean_logits)
    found = _baselines(dataset, answers.codes)
    metrics = {
        **_report(labels, p),
        "calibration": calibration(labels, p),
        "intervals": _intervals(labels, p, around, spec),
        "per_seed": [{"seed": seed, **plain(labels, p_wt(logits[s]))} for s, seed in enumerate(answers.seeds)],
        "ensemble": {"n_seeds": len(answers.seeds), **plain(labels, p)},
        "baselines": {name: {**plain(labels, b.p_wt), "how": b.how} for name, b in found.items()},
    }
    table = _predictions(dataset, answers.index, labels, answers.seeds, logits, mean_logits)
    return Report(metrics, _curves(labels, p, found), table)


def _baselines(dataset: Dataset, asked: np.ndarray) -> dict[str, Baseline]:
    train, validation = dataset.split("train"), dataset.split("validation")
    train_codes, train_labels = np.asarray(dataset.codes[train]), dataset.targets[train]
    if len(np.unique(train_labels)) < 2:
        return {}
    return {
        "gc": gc_baseline(train_codes, train_labels, asked),
        "kmer6_logistic": kmer_baseline(
            train_codes, train_labels, np.asarray(dataset.codes[validation]), dataset.targets[validation], asked
        ),
    }


def _report(labels: np.ndarray, p: np.ndarray) -> dict[str, Any]:
    values = plain(labels, p)
    predicted = (p > 0.5).astype(np.int64)
    per_class = {
        name: {**{m: values[f"{m}_{name}"] for m in ("precision", "recall", "f1")}, "n": int((labels == c).sum())}
        for c, name in enumerate(("KO", "WT"))
    }
    top = {name: values[name] for name in ("accuracy", "auroc", "auprc")}
    return {**top, "confusion": confusion(labels, predicted), "per_class": per_class}


def _intervals(labels: np.ndarray, p: np.ndarray, around: Blocks, spec: EvaluateModelSpec) -> dict[str, list[float]]:
    predicted = (p > 0.5).astype(np.int64)

    def both(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {**threshold_metrics(labels, predicted, weights), **ranking_metrics(labels, p, weights)}

    return intervals(both, around, spec.n_bootstrap, spec.bootstrap_seed) if spec.n_bootstrap else {}


def _curves(labels: np.ndarray, p: np.ndarray, found: dict[str, Baseline]) -> dict[str, Any]:
    return {**curves(labels, p), "baselines": {name: curves(labels, b.p_wt) for name, b in found.items()}}


def _predictions(
    dataset: Dataset, index: np.ndarray, labels: np.ndarray, seeds: list[int], logits: np.ndarray, mean: np.ndarray
) -> pa.Table:
    """One row per sequence and seed, then the ensemble's (seed −1)."""
    blocks_of = [*zip(seeds, logits, strict=True), (ENSEMBLE, mean)]
    n = len(index)
    split = dataset.split_names[index]
    return pa.table(
        {
            "row": np.tile(index, len(blocks_of)),
            "split": pa.array(np.tile(split, len(blocks_of)).tolist(), pa.string()),
            "label": np.tile(labels, len(blocks_of)),
            "seed": np.repeat(np.array([s for s, _ in blocks_of], dtype=np.int64), n),
            "logit_KO": np.concatenate([values[:, 0] for _, values in blocks_of]),
            "logit_WT": np.concatenate([values[:, 1] for _, values in blocks_of]),
            "p_WT": np.concatenate([p_wt(values) for _, values in blocks_of]),
        }
    )
