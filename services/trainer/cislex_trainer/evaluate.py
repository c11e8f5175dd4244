"""trainer.EvaluateModel: metrics of every seed and of their ensemble, intervals, calibration, baselines, curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.checkpoint import load_models, seeds_of

from cislex_trainer.baselines import Baseline, gc_baseline, kmer_baseline
from cislex_trainer.bootstrap import Blocks, blocks, intervals
from cislex_trainer.calibration import calibration
from cislex_trainer.devices import choose
from cislex_trainer.ensemble import logits_by_seed, p_wt
from cislex_trainer.metrics import confusion, curves, number, plain, ranking_metrics, threshold_metrics
from cislex_trainer.specs import EvaluateModelSpec

ENSEMBLE = -1


def evaluate_model(spec: EvaluateModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Evaluate on ``spec.split``. Raises EMPTY_SPLIT, ONE_CLASS (a split of one class has no AUROC), WINDOW mismatch
    as INVALID_REQUEST, and DEVICE_UNAVAILABLE.
    """
    model = inputs.artifact(spec.model)
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset))
    models = load_models(model)
    seeds = seeds_of(model)
    check_same_window(models[0].window_bp, dataset)
    index = dataset.split(spec.split)
    labels = dataset.targets[index]
    _check_classes(spec.split, labels, dataset.classes)
    place = choose(spec.device)
    progress.message(f"evaluating {len(index)} sequences on {place.name} ({place.reason})")

    def tick(done: int) -> None:
        progress.check_cancel()
        progress.update(done, len(index), unit="sequences")

    codes = np.asarray(dataset.codes[index])
    logits = logits_by_seed(models, codes, place.device, spec.batch_size, spec.rc_average, tick)
    progress.update(len(index), len(index), unit="sequences")
    mean_logits = logits.mean(0)
    p = p_wt(mean_logits)
    progress.message("fitting the GC and 6-mer baselines")
    found = _baselines(dataset, codes)
    progress.check_cancel()
    around = blocks(dataset.chroms[index], _starts(dataset, index))
    training = model.json("training.json")
    metrics = {
        "split": spec.split,
        "n": len(index),
        "protocol": training["spec"]["protocol"],
        "selection": training["selection"],
        "optimistic": is_optimistic(training, spec, dataset),
        "rc_average": spec.rc_average,
        "device": place.name,
        **_report(labels, p),
        "calibration": calibration(labels, p),
        "intervals": _intervals(labels, p, around, spec),
        "interval_method": f"bootstrap, {spec.n_bootstrap} replicates: {around.text}",
        "interval_blocks": around.kind,
        "per_seed": [{"seed": seed, **plain(labels, p_wt(logits[s]))} for s, seed in enumerate(seeds)],
        "ensemble": {"n_seeds": len(seeds), **plain(labels, p)},
        "baselines": {name: {**plain(labels, b.p_wt), "how": b.how} for name, b in found.items()},
    }
    out.write_json("metrics.json", metrics)
    out.write_json("curves.json", _curves(labels, p, found))
    out.write_table("predictions.parquet", _predictions(dataset, index, labels, seeds, logits, mean_logits))
    out.kind = "evaluation"
    out.seeds = seeds
    out.tools = {"torch": torch.__version__}
    out.genome_digest = dataset.genome_digest
    out.summary = _summary(spec, metrics)


def check_same_window(window_bp: int, dataset: Dataset) -> None:
    """Raise INVALID_REQUEST when a dataset's windows do not fit the model."""
    if window_bp != dataset.window_bp:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model reads windows of {window_bp} bp, the dataset has {dataset.window_bp} bp; build the dataset "
            f"with window_bp {window_bp}",
            field="dataset",
            model_bp=window_bp,
            dataset_bp=dataset.window_bp,
        )


def is_optimistic(training: dict[str, Any], spec: EvaluateModelSpec, dataset: Dataset) -> bool:
    """True when the rows evaluated took part in training or in choosing the epoch."""
    if training["dataset"] != dataset.digest:
        return False  # another dataset: cislex cannot know of shared rows, and says so in the format's text
    used = {"default": {"train", "validation"}, "paper": {"train", "validation", "test"}}[training["spec"]["protocol"]]
    return spec.split == "all" or spec.split in used


def _check_classes(split: str, labels: np.ndarray, classes: list[str]) -> None:
    if not len(labels):
        raise UserError(
            Reason.EMPTY_SPLIT, f"the {split} split holds no sequence to evaluate", field="split", split=split
        )
    for i, name in enumerate(classes):
        if not (labels == i).any():
            raise UserError(
                Reason.ONE_CLASS,
                f"the {split} split holds {len(labels)} sequences but none of class {name}: AUROC is undefined; "
                "choose other test chromosomes",
                field="split",
                class_name=name,
            )


def _starts(dataset: Dataset, index: np.ndarray) -> np.ndarray:
    starts = dataset.rows["start"].to_pylist()
    return np.array([-1 if starts[i] is None else starts[i] for i in index], dtype=np.int64)


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


def _summary(spec: EvaluateModelSpec, metrics: dict[str, Any]) -> dict[str, Any]:
    """The fields of the Evaluation message; undefined values are left out."""
    top = {name: metrics[name] for name in ("accuracy", "auroc", "auprc") if metrics[name] is not None}
    baselines = [
        {"name": name, **{m: b[m] for m in ("accuracy", "auroc", "auprc") if b[m] is not None}}
        for name, b in metrics["baselines"].items()
    ]
    return {
        "model": spec.model,
        "dataset": spec.dataset,
        "split": spec.split,
        "n_sequences": metrics["n"],
        "protocol": f"PROTOCOL_{metrics['protocol'].upper()}",
        "optimistic": metrics["optimistic"],
        **top,
        "ece": number(metrics["calibration"]["ece"]),
        "confusion": [cell for row in metrics["confusion"] for cell in row],
        "intervals": [{"metric": name, "low": low, "high": high} for name, (low, high) in metrics["intervals"].items()],
        "baselines": baselines,
        "interval_blocks": metrics["interval_blocks"],
    }
