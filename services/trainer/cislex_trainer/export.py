"""trainer.ExportModel: the ensemble as ONNX behind the parity gate, with labels and a model card."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from cislex_core.datasets import Dataset
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.checkpoint import load_models, seeds_of
from cislex_models.wrappers import AsTuple, Ensemble

from cislex_trainer import parity
from cislex_trainer.evaluate import check_same_window
from cislex_trainer.model_card import as_markdown, model_card
from cislex_trainer.onnx_export import INPUT, OPSET, export_onnx
from cislex_trainer.specs import ExportModelSpec

_REAL = max(parity.BATCHES)


def export_model(spec: ExportModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write model.onnx, labels.txt, parity.json and the card. Raises PARITY_FAILED; nothing is committed then."""
    model = inputs.artifact(spec.model)
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset))
    models = load_models(model)
    check_same_window(models[0].window_bp, dataset)
    evaluation = inputs.artifact(spec.evaluation).json("metrics.json") if spec.evaluation else None
    ensemble = Ensemble(models).eval()
    progress.update(0, 3, unit="steps")
    path = out.path("model.onnx")
    export_onnx(ensemble, dataset.window_bp, path)
    progress.check_cancel()
    progress.update(1, 3, unit="steps")
    report = parity.check(path, ensemble, real_sequences(dataset), spec.tolerance)
    progress.update(2, 3, unit="steps", max_abs_difference=report["max_abs_difference"])
    card = model_card(model, dataset, report, evaluation)
    out.write_json("parity.json", report)
    out.write_json("model_card.json", card)
    out.path("model_card.md").write_text(as_markdown(card))
    out.path("labels.txt").write_text("".join(f"{name}\n" for name in dataset.classes))
    progress.update(3, 3, unit="steps")
    out.kind = "export"
    out.seeds = seeds_of(model)
    out.tools = {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": report["onnxruntime"]}
    out.genome_digest = dataset.genome_digest
    out.semantics = {"input": INPUT, "outputs": list(AsTuple(ensemble).output_names), "alphabet": "ACGT", "N": "zeros"}
    out.summary = {
        "model": spec.model,
        "classes": dataset.classes,
        "window_bp": dataset.window_bp,
        "opset": OPSET,
        "n_seeds": len(models),
        "max_abs_difference": report["max_abs_difference"],
        "tolerance": spec.tolerance,
    }


def real_sequences(dataset: Dataset) -> np.ndarray:
    """Codes (≤ 17, window) for the gate: spread over the test split, or over everything when there is none."""
    index = dataset.split("test")
    index = index if len(index) else dataset.split("all")
    picked = np.unique(np.linspace(0, len(index) - 1, _REAL).round().astype(int))
    return np.asarray(dataset.codes[index[picked]])
