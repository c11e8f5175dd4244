"""trainer.ExportModel: the ensemble as ONNX behind the parity gate, with labels and a model card; side by side, or as a
repository that NVIDIA Triton serves."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.exports import TRITON
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.base import Architecture, Predictor
from cislex_models.checkpoint import describe, load_models, seed_folders, seeds_of
from cislex_models.wrappers import AsTuple, Calibrated, Ensemble, StrandSymmetric

from cislex_trainer import parity
from cislex_trainer.ensemble import logits_by_seed
from cislex_trainer.evaluate import check_same_outputs, check_same_window
from cislex_trainer.link import ACTIVATION_OF
from cislex_trainer.model_card import as_markdown, model_card
from cislex_trainer.onnx_export import INPUT, OPSET, export_onnx
from cislex_trainer.specs import ExportModelSpec
from cislex_trainer.temperature import fit_temperatures
from cislex_trainer.triton_repository import MAX_BATCH_SIZE, config_pbtxt

_REAL = max(parity.BATCHES)
# a temperature is one number: more sequences than these do not change its second digit
CALIBRATION_ROWS = 20_000


def export_model(spec: ExportModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write model.onnx, labels.txt, parity.json, the card, and config.pbtxt for Triton. Raises PARITY_FAILED; nothing
    is committed then.

    Also INVALID_REQUEST (windows or targets differ, values to calibrate) and EMPTY_SPLIT (nothing to calibrate on).
    """
    model = inputs.artifact(spec.model)
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    models = load_models(model)
    described = describe(seed_folders(model.dir)[0])
    check_same_window(models[0].window_bp, dataset)
    check_same_outputs(described, dataset)
    evaluation = inputs.artifact(spec.evaluation).json("metrics.json") if spec.evaluation else None
    progress.update(0, 3, unit="steps")
    temperatures = _temperatures(spec, models, dataset, progress) if spec.calibrate else []
    ensemble: Predictor = Ensemble(models)
    ensemble = StrandSymmetric(ensemble) if spec.strand_symmetric else ensemble
    ensemble = (Calibrated(ensemble, temperatures) if temperatures else ensemble).eval()
    names = list(AsTuple(ensemble).output_names)
    name = (spec.model_name or f"{described.architecture}-{spec.model[:16]}") if spec.format == TRITON else ""
    folder = f"{name}/" if name else ""
    path = out.path(f"{folder}1/model.onnx" if name else "model.onnx")
    export_onnx(ensemble, dataset.window_bp, path)
    progress.check_cancel()
    progress.update(1, 3, unit="steps")
    report = parity.check(path, ensemble, real_sequences(dataset), spec.tolerance)
    progress.update(2, 3, unit="steps", max_abs_difference=report["max_abs_difference"])
    how = {
        "strand_symmetric": spec.strand_symmetric,
        "temperatures": temperatures,
        "outputs": names,
        "licence": spec.licence,
    }
    card = model_card(model, dataset, report, evaluation, how)
    max_batch_size = (spec.max_batch_size or MAX_BATCH_SIZE) if name else 0
    if name:
        out.path(f"{folder}config.pbtxt").write_text(config_pbtxt(name, path, max_batch_size))
    out.write_json(f"{folder}parity.json", report)
    out.write_json(f"{folder}model_card.json", card)
    out.path(f"{folder}model_card.md").write_text(as_markdown(card))
    out.path(f"{folder}labels.txt").write_text("".join(f"{label}\n" for label in dataset.outputs))
    progress.update(3, 3, unit="steps")
    out.kind = "export"
    out.seeds = seeds_of(model)
    out.tools = {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": report["onnxruntime"]}
    out.genome_digest = dataset.genome_digest
    activation = ACTIVATION_OF[described.loss]
    out.semantics = {
        "input": INPUT,
        "outputs": names,
        "alphabet": "ACGT",
        "N": "zeros",
        "target_type": dataset.target_type,
        "activation": activation,
    }
    out.summary = {
        "model": spec.model,
        "classes": dataset.outputs,
        "window_bp": dataset.window_bp,
        "opset": OPSET,
        "n_seeds": len(models),
        "max_abs_difference": report["max_abs_difference"],
        "tolerance": spec.tolerance,
        "target_type": dataset.target_type,
        "activation": activation,
        "outputs": names,
        "strand_symmetric": spec.strand_symmetric,
        "temperatures": temperatures,
        "format": spec.format,
        "model_name": name,
        "max_batch_size": max_batch_size,
        "licence": spec.licence,
    }


def _temperatures(
    spec: ExportModelSpec, models: list[Architecture], dataset: Dataset, progress: Progress
) -> list[float]:
    """Fitted to what will be exported, on the validation split (20,000 sequences of a larger one)."""
    if dataset.target_type == "regression":
        raise UserError(
            Reason.INVALID_REQUEST,
            "calibrate makes probabilities honest, and this model predicts values; leave calibrate out",
            field="calibrate",
        )
    index = dataset.split("validation")
    if not len(index):
        raise UserError(
            Reason.EMPTY_SPLIT,
            "the validation split holds no sequence to calibrate on; give another dataset, or leave calibrate out",
            field="calibrate",
            split="validation",
        )
    if len(index) > CALIBRATION_ROWS:
        index = np.sort(np.random.default_rng(0).choice(index, CALIBRATION_ROWS, replace=False))
    logits = logits_by_seed(
        models, np.asarray(dataset.codes[index]), torch.device("cpu"), rc_average=spec.strand_symmetric,
        tick=lambda done: progress.check_cancel(),
    ).mean(0)  # fmt: skip
    found = fit_temperatures(dataset.target_type, logits, dataset.targets[index])
    progress.message(f"temperatures {', '.join(f'{t:.3f}' for t in found[:5])}{', …' if len(found) > 5 else ''}")
    # what is written is what the graph holds: float32
    return [float(np.float32(t)) for t in found]


def real_sequences(dataset: Dataset) -> np.ndarray:
    """Codes (≤ 17, window) for the gate: spread over the test split, or over everything when there is none."""
    index = dataset.split("test")
    index = index if len(index) else dataset.split("all")
    picked = np.unique(np.linspace(0, len(index) - 1, _REAL).round().astype(int))
    return np.asarray(dataset.codes[index[picked]])
