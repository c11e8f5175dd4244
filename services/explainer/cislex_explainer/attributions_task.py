"""ComputeAttributions: stream the attributions of a split to disk, batch by batch."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Inputs, Out, Progress
from torch import nn

from cislex_explainer.attributions import Attributed, Method, attribute, in_batches
from cislex_explainer.ensembles import Ensemble
from cislex_explainer.opening import Opened, open_inputs
from cislex_explainer.specs import ComputeAttributionsSpec
from cislex_explainer.strands import on_both_strands
from cislex_explainer.streams import NpyWriter


def run(spec: ComputeAttributionsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write rows.npy, hypothetical.npy, projected.npy, importance.npy, outputs.parquet and, for integrated gradients,
    completeness.parquet (docs/formats.md, kind attributions). Memory does not grow with the split."""
    opened = open_inputs(inputs, spec.model, spec.dataset, spec.split, spec.device)
    ensemble, seeds = _ensemble(spec, opened)
    progress.message(f"{spec.method} of {len(opened.rows)} sequences on {opened.device.device}: {opened.device.reason}")
    logits, sums = _stream(spec, opened, ensemble, out, progress)
    predicted = logits.argmax(axis=1)
    classes = opened.dataset.classes
    out.write_table("outputs.parquet", _outputs_table(opened, logits, predicted))
    delta = sums[:, 0] - sums[:, 1]
    if spec.method == "integrated_gradients":
        table = {"row": opened.rows, "attribution_sum": sums[:, 0], "output_difference": sums[:, 1], "delta": delta}
        out.write_table("completeness.parquet", pa.table(table))
    integrated = spec.method == "integrated_gradients"
    common: dict[str, Any] = {
        "split": spec.split,
        "method": spec.method,
        "target": spec.target,
        "gradient_correction": bool(spec.gradient_correction),
        "rc_average": spec.rc_average,
        "baseline": spec.baseline if integrated else "",
        "steps": spec.steps if integrated else 0,
    }
    out.kind = "attributions"
    out.genome_digest = opened.dataset.genome_digest
    out.seeds = seeds
    out.tools = {"torch": torch.__version__, "numpy": np.__version__}
    out.semantics = common | {
        "seed_index": spec.seed_index,
        "n_baselines": _n_baselines(spec),
        "classes": classes,
        "channels": "ACGT",
        "n_policy": "N is a zero column; projected scores are 0 there",
        "layout": {"hypothetical": "n,channel,position", "projected": "n,channel,position", "importance": "n,position"},
        "importance": "max over channels of |hypothetical|" if spec.method == "saliency" else "|sum of projected|",
        "unit": "logit",
    }
    out.summary = common | {
        "n_sequences": len(opened.rows),
        "window_bp": opened.dataset.window_bp,
        "seeds": seeds,
        "max_abs_completeness_delta": float(np.abs(delta).max()) if integrated else 0.0,
        "mean_abs_completeness_delta": float(np.abs(delta).mean()) if integrated else 0.0,
        "accuracy": float((predicted == opened.dataset.targets[opened.rows]).mean()),
        "device": opened.device.device,
        "device_reason": opened.device.reason,
    }


def _ensemble(spec: ComputeAttributionsSpec, opened: Opened) -> tuple[Ensemble, list[int]]:
    models: list[nn.Module] = list(opened.models)
    seeds = opened.seeds
    if spec.seed_index is not None:
        if spec.seed_index >= len(models):
            raise UserError(
                Reason.INVALID_REQUEST,
                f"seed_index {spec.seed_index}, but the model has {len(models)} seeds, counted from 0: {seeds}",
                field="seed_index",
                value=spec.seed_index,
            )
        models, seeds = [models[spec.seed_index]], [seeds[spec.seed_index]]
    members = on_both_strands(models) if spec.rc_average else models
    return Ensemble(members, opened.device.device), seeds


def _stream(
    spec: ComputeAttributionsSpec, opened: Opened, ensemble: Ensemble, out: Out, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Write the arrays; answer mean logits (n, classes) and, per sequence, (attribution sum, output difference)."""
    data, rows = opened.dataset, opened.rows
    n, length = len(rows), data.window_bp
    method = Method(
        spec.method, spec.target or "wt_minus_ko", bool(spec.gradient_correction), spec.steps, spec.baseline,
        spec.n_baselines, spec.baseline_seed,
    )  # fmt: skip
    logits, sums = np.zeros((n, len(data.classes)), dtype=np.float32), np.zeros((n, 2))

    def work(part: slice) -> Attributed:
        codes = np.asarray(data.codes[rows[part]])
        return attribute(ensemble, codes, rows[part], data.classes, method, progress.check_cancel)

    def shrunk(size: int) -> None:
        progress.warn(Reason.OUT_OF_MEMORY.name, f"the device's memory ran out; going on with batches of {size}")

    done = 0
    with ExitStack() as stack:
        hypothetical = stack.enter_context(NpyWriter(out.path("hypothetical.npy"), (n, 4, length), np.float32))
        projected = stack.enter_context(NpyWriter(out.path("projected.npy"), (n, 4, length), np.float32))
        importance = stack.enter_context(NpyWriter(out.path("importance.npy"), (n, length), np.float32))
        for result in in_batches(n, opened.batch_size(spec.batch_size), work, shrunk):
            hypothetical.append(result.hypothetical)
            projected.append(result.projected)
            importance.append(result.importance)
            part = slice(done, done + len(result.logits))
            logits[part] = result.logits
            if result.reached is not None and result.expected is not None:
                sums[part, 0], sums[part, 1] = result.reached, result.expected
            done = part.stop
            progress.update(done, n, "sequences")
    np.save(out.path("rows.npy"), rows)
    return logits, sums


def _outputs_table(opened: Opened, logits: np.ndarray, predicted: np.ndarray) -> pa.Table:
    classes = opened.dataset.classes
    columns: dict[str, Any] = {"row": opened.rows, "label": opened.dataset.targets[opened.rows]}
    columns |= {f"logit_{name}": logits[:, index] for index, name in enumerate(classes)}
    columns["predicted"] = [classes[index] for index in predicted]
    return pa.table(columns)


def _n_baselines(spec: ComputeAttributionsSpec) -> int:
    if spec.method != "integrated_gradients":
        return 0
    return spec.n_baselines if spec.baseline == "dinucleotide_shuffle" else 1
