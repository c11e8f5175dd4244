"""ComputeAttributions: resolve what is attributed, plan the memory, stream by one method or its fallback, sum up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Inputs, Out, Progress

from cislex_explainer.aims import Aim, aim_of, attributed_numbers, choose_rows
from cislex_explainer.attribution_shards import Payload, attribute_in_shards, open_ensemble
from cislex_explainer.attribution_stream import Streamed
from cislex_explainer.attribution_tables import completeness_table, convergence_table, outputs_table
from cislex_explainer.attributions import Method
from cislex_explainer.ensembles import Ensemble
from cislex_explainer.gate import NotConverged
from cislex_explainer.ism import NORMALISATION
from cislex_explainer.memory import BatchPlan, plan_batches
from cislex_explainer.opening import Opened, open_inputs
from cislex_explainer.specs import ComputeAttributionsSpec

#: Mutated sequences that one run may read; a GPU takes hours for these.
MAX_MUTANTS = 2_000_000_000
_SHUFFLES = "dinucleotide_shuffle"


@dataclass(frozen=True)
class Run:
    """What was run: ``method`` is the one that gave the scores, ``reason`` why it is not the one asked for."""

    method: str
    reason: str
    plan: BatchPlan
    streamed: Streamed


def run(spec: ComputeAttributionsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write rows.npy, hypothetical.npy, projected.npy, importance.npy, outputs.parquet and, by method,
    completeness.parquet, convergence.parquet or ism.npy (docs/formats.md, kind attributions)."""
    opened = open_inputs(inputs, spec.model, spec.dataset, spec.split, spec.device, two_conditions=False)
    aim = aim_of(spec, opened.dataset)
    ensemble, seeds = open_ensemble(spec, opened)

    def score(rows: np.ndarray) -> np.ndarray:
        batch = opened.batch_size(spec.batch_size)
        return attributed_numbers(ensemble, opened.dataset, rows, aim.weigh(), batch, progress.check_cancel)

    rows = choose_rows(opened.rows, spec.max_rows, spec.row_choice, score)
    done = _with_fallback(spec, opened, aim, ensemble, rows, inputs, out, progress)
    np.save(out.path("rows.npy"), rows)
    _write_tables(opened, aim, rows, done, out)
    _describe(spec, opened, aim, rows, seeds, done, out)


def _with_fallback(
    spec: ComputeAttributionsSpec,
    opened: Opened,
    aim: Aim,
    ensemble: Ensemble,
    rows: np.ndarray,
    inputs: Inputs,
    out: Out,
    progress: Progress,
) -> Run:
    try:
        return _by(spec.method, "", spec, opened, aim, ensemble, rows, inputs, out, progress)
    except NotConverged as found:
        if spec.fallback == "none":
            raise found.refusal() from None
        reason = f"deeplift_shap does not converge: {found.text}; all sequences are attributed by {spec.fallback}"
        progress.warn(Reason.NOT_CONVERGED.name, reason)
        return _by(spec.fallback, reason, spec, opened, aim, ensemble, rows, inputs, out, progress)


def _by(
    method: str,
    reason: str,
    spec: ComputeAttributionsSpec,
    opened: Opened,
    aim: Aim,
    ensemble: Ensemble,
    rows: np.ndarray,
    inputs: Inputs,
    out: Out,
    progress: Progress,
) -> Run:
    data, device = opened.dataset, opened.device
    plan = plan_batches(
        ensemble.members[0], method, data.window_bp, ensemble.device, spec.batch_size, spec.memory_limit_bytes
    )
    progress.message(f"{method} of {len(rows)} sequences on {device.device}: {device.reason}")
    progress.message(plan.text(method))
    if method == "ism":
        _allow_mutants(3 * data.window_bp, len(rows), len(ensemble.members), progress)
    how = Method(
        method, aim.target, bool(spec.gradient_correction), spec.steps, spec.baseline, spec.n_baselines,
        spec.baseline_seed, aim.outputs, plan.size,
    )  # fmt: skip
    # DeepLIFT and mutagenesis pass `plan.size` derived sequences at once, whatever the number of their originals
    payload = Payload(spec, rows, how, plan.size, spec.max_convergence_delta, torch.get_num_threads())
    streamed = attribute_in_shards(payload, opened, inputs, out, progress)
    return Run(method, reason, plan, streamed)


def _allow_mutants(per_sequence: int, n: int, n_members: int, progress: Progress) -> None:
    """Say what mutagenesis costs; INVALID_REQUEST where it is too much."""
    total = per_sequence * n * n_members
    if total > MAX_MUTANTS:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"ism of {n} sequences reads {total:.3g} mutated sequences, more than {MAX_MUTANTS:.3g}; set max_rows to "
            f"at most {MAX_MUTANTS // (per_sequence * n_members)}, explain one seed (seed_index), or use deeplift_shap",
            field="max_rows",
            mutants=total,
        )
    progress.message(f"ism reads {total:,} mutated sequences: {per_sequence} of each sequence by {n_members} models")


def _write_tables(opened: Opened, aim: Aim, rows: np.ndarray, done: Run, out: Out) -> None:
    out.write_table("outputs.parquet", outputs_table(opened.dataset, rows, done.streamed.logits, aim))
    if done.method == "integrated_gradients":
        out.write_table("completeness.parquet", completeness_table(rows, done.streamed))
    if done.method == "deeplift_shap":
        out.write_table("convergence.parquet", convergence_table(rows, done.streamed))


def _describe(
    spec: ComputeAttributionsSpec,
    opened: Opened,
    aim: Aim,
    rows: np.ndarray,
    seeds: list[int],
    done: Run,
    out: Out,
) -> None:
    data, integrated, streamed = opened.dataset, done.method == "integrated_gradients", done.streamed
    baseline = {"integrated_gradients": spec.baseline, "deeplift_shap": _SHUFFLES}.get(done.method, "")
    common: dict[str, Any] = {
        "split": spec.split,
        "method": done.method,
        "target": aim.target,
        "gradient_correction": bool(spec.gradient_correction) and done.method != "ism",
        "rc_average": spec.rc_average,
        "baseline": baseline,
        "steps": spec.steps if integrated else 0,
    }
    # what is new here is written only where it says something, so that the artifacts of before keep their digests
    more: dict[str, Any] = {"outputs": list(aim.outputs)} if aim.outputs else {}
    if done.reason:
        more |= {"requested_method": spec.method, "fallback_reason": done.reason}
    if done.method == "ism":
        more["normalisation"] = NORMALISATION
    out.kind = "attributions"
    out.genome_digest = data.genome_digest
    out.seeds = seeds
    out.tools = {"torch": torch.__version__, "numpy": np.__version__}
    layout = {"hypothetical": "n,channel,position", "projected": "n,channel,position", "importance": "n,position"}
    if done.method == "ism":
        layout["ism"] = "n,channel,position"
    if done.method == "deeplift_shap":
        from importlib.metadata import version

        out.tools["tangermeme"] = version("tangermeme")
    importance = "max over channels of |hypothetical|" if done.method == "saliency" else "|sum of projected|"
    out.semantics = common | more | {
        "seed_index": spec.seed_index,
        "n_baselines": spec.n_baselines if baseline == _SHUFFLES else 1 if baseline else 0,
        "classes": data.outputs,
        "channels": "ACGT",
        "n_policy": "N is a zero column; projected scores are 0 there",
        "layout": layout,
        "importance": importance,
        "unit": "value" if data.target_type == "regression" else "logit",
    }  # fmt: skip
    if data.target_type != "class_index":
        out.semantics["target_type"] = data.target_type
    delta = streamed.sums[:, 0] - streamed.sums[:, 1] if integrated else np.zeros(1)
    out.summary = common | more | {
        "requested_method": spec.method,
        "n_sequences": len(rows),
        "n_split": len(opened.rows),
        "window_bp": data.window_bp,
        "seeds": seeds,
        "max_abs_completeness_delta": float(np.abs(delta).max()),
        "mean_abs_completeness_delta": float(np.abs(delta).mean()),
        "max_convergence_delta": float(streamed.deltas[:, 1].max(initial=0.0)),
        "mean_convergence_delta": float(streamed.deltas[:, 1].mean()),
        "accuracy": _accuracy(opened, rows, streamed.logits),
        "batch_size": done.plan.size,
        "estimated_bytes": done.plan.estimated_bytes,
        "device": opened.device.device,
        "device_reason": opened.device.reason,
    }  # fmt: skip


def _accuracy(opened: Opened, rows: np.ndarray, logits: np.ndarray) -> float:
    if opened.dataset.target_type != "class_index":
        return 0.0
    return float((logits.argmax(axis=1) == opened.dataset.targets[rows]).mean())
