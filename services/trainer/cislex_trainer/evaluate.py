"""trainer.EvaluateModel: metrics of every seed and of their ensemble, intervals, calibration, baselines, curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cislex_core.datasets import TWO_CONDITIONS, Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.targets import TARGET_TYPES, UNRESOLVED
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.checkpoint import ModelDescription, describe, load_models, seed_folders, seeds_of

from cislex_trainer.bootstrap import blocks
from cislex_trainer.devices import choose
from cislex_trainer.ensemble import logits_by_seed
from cislex_trainer.evaluate_conditions import measure_conditions
from cislex_trainer.evaluate_targets import measure_targets
from cislex_trainer.evaluation_summary import summary
from cislex_trainer.measured import Answers
from cislex_trainer.specs import EvaluateModelSpec


def evaluate_model(spec: EvaluateModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Evaluate on ``spec.split``. Raises EMPTY_SPLIT, ONE_CLASS (a split of one class has no AUROC),
    NO_RESOLVED_TARGET, a model of other windows or outputs as INVALID_REQUEST, and DEVICE_UNAVAILABLE.
    """
    model = inputs.artifact(spec.model)
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    models = load_models(model)
    described = describe(seed_folders(model.dir)[0])
    check_same_window(models[0].window_bp, dataset)
    check_same_outputs(described, dataset)
    index = dataset.split(spec.split)
    check_rows(spec.split, index, dataset)
    place = choose(spec.device)
    progress.message(f"evaluating {len(index)} sequences on {place.name} ({place.reason})")

    def tick(done: int) -> None:
        progress.check_cancel()
        progress.update(done, len(index), unit="sequences")

    codes = np.asarray(dataset.codes[index])
    logits = logits_by_seed(models, codes, place.device, spec.batch_size, spec.rc_average, tick)
    progress.update(len(index), len(index), unit="sequences")
    answers = Answers(index, codes, dataset.targets[index], seeds_of(model), logits, described.loss)
    around = blocks(dataset.chroms[index], _starts(dataset, index))
    progress.message("fitting the GC and 6-mer baselines")
    if is_wt_ko(dataset):
        report = measure_conditions(spec, dataset, answers, around)
    else:
        report = measure_targets(spec, dataset, answers, around, progress)
    progress.check_cancel()
    training = model.json("training.json")
    metrics = {
        "split": spec.split,
        "n": len(index),
        "protocol": training["spec"]["protocol"],
        "selection": training["selection"],
        "optimistic": is_optimistic(training, spec, dataset),
        "rc_average": spec.rc_average,
        "device": place.name,
        "target_type": dataset.target_type,
        "outputs": dataset.outputs,
        "loss": described.loss,
        **report.metrics,
        "interval_method": f"bootstrap, {spec.n_bootstrap} replicates: {around.text}",
        "interval_blocks": around.kind,
    }
    out.write_json("metrics.json", metrics)
    out.write_json("curves.json", report.curves)
    out.write_table("predictions.parquet", report.predictions)
    out.kind = "evaluation"
    out.seeds = answers.seeds
    out.tools = {"torch": torch.__version__}
    out.genome_digest = dataset.genome_digest
    out.summary = summary(spec, metrics)


def is_wt_ko(dataset: Dataset) -> bool:
    """True for the two conditions KO and WT, in this order: they have figures and columns of their own."""
    return dataset.target_type == "class_index" and tuple(dataset.outputs) == TWO_CONDITIONS


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


def check_same_outputs(model: ModelDescription, dataset: Dataset) -> None:
    """Raise INVALID_REQUEST when a dataset's targets are not those the model answers, by type, name and order."""
    if model.target_type != dataset.target_type or model.classes != dataset.outputs:
        theirs = f"{dataset.target_type} {_named(dataset.outputs)}"
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the model answers {model.target_type} {_named(model.classes)}, the dataset has {theirs}; give a dataset "
            "with the same targets in the same order",
            field="dataset",
        )


def is_optimistic(training: dict[str, Any], spec: EvaluateModelSpec, dataset: Dataset) -> bool:
    """True when the rows evaluated took part in training or in choosing the epoch."""
    if training["dataset"] != dataset.digest:
        return False  # another dataset: cislex cannot know of shared rows, and says so in the format's text
    used = {"train", "validation", "test"} if training["selection"] == "test" else {"train", "validation"}
    return spec.split == "all" or spec.split in used


def check_rows(split: str, index: np.ndarray, dataset: Dataset) -> None:
    """Raise EMPTY_SPLIT, ONE_CLASS or NO_RESOLVED_TARGET when the rows cannot be measured at all."""
    if not len(index):
        raise UserError(
            Reason.EMPTY_SPLIT, f"the {split} split holds no sequence to evaluate", field="split", split=split
        )
    targets = dataset.targets[index]
    if dataset.target_type == "multilabel" and (targets == UNRESOLVED).all():
        raise UserError(
            Reason.NO_RESOLVED_TARGET,
            f"no entry of the {split} split is resolved: there is nothing to measure; choose another split",
            field="split",
            split=split,
        )
    if dataset.target_type != "class_index":
        return
    missing = [name for i, name in enumerate(dataset.outputs) if not (targets == i).any()]
    # with more classes the others can still be told apart, and the missing one's figures are null
    if missing and (len(dataset.outputs) == 2 or len(missing) == len(dataset.outputs) - 1):
        raise UserError(
            Reason.ONE_CLASS,
            f"the {split} split holds {len(index)} sequences but none of class {', '.join(missing)}: AUROC is "
            "undefined; choose other test chromosomes",
            field="split",
            class_name=missing[0],
        )


def _named(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f", … ({len(names)})" if len(names) > 5 else "")


def _starts(dataset: Dataset, index: np.ndarray) -> np.ndarray:
    starts = dataset.rows["start"].to_pylist()
    return np.array([-1 if starts[i] is None else starts[i] for i in index], dtype=np.int64)
