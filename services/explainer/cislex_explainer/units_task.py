"""ExplainUnits: every seed's units as motifs, with their weights, importances, ranks and a clustered heat map."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import Inputs, Out, Progress

from cislex_explainer.correctness import CorrectRule
from cislex_explainer.importance import Importance, Selection, agreement, contrast, unit_importance
from cislex_explainer.opening import Opened, open_inputs
from cislex_explainer.streams import NpyWriter
from cislex_explainer.unit_specs import ExplainUnitsSpec
from cislex_explainer.unit_tables import heatmap, importance_table, units_table
from cislex_explainer.units import (
    Batch,
    SeedUnits,
    activation_maxima,
    count_unit_sites,
    open_seeds,
    read_outputs,
    require_units,
    thresholds,
)


@dataclass(frozen=True)
class ExplainedSeed:
    """One seed's units. ``maximum`` (units,); ``counts`` (units, 4, width) int64, None where units have no filter;
    ``n_active`` (units,): correct sequences that activate the unit; ``outputs``: names of the columns of ``importance``
    and of ``agreement`` (units, outputs); ``ranking``: the outputs that units are ranked by."""

    seed: int
    maximum: np.ndarray
    counts: np.ndarray | None
    motifs: list[Motif | None]
    n_active: np.ndarray
    outputs: list[str]
    importance: Importance
    agreement: np.ndarray
    ranking: slice


def run(spec: ExplainUnitsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write units.parquet, units.meme, pfm.npy, importance.parquet, unit_outputs.npy, rows.parquet and heatmap.json
    (docs/formats.md, kind units)."""
    opened = open_inputs(inputs, spec.model, spec.dataset, spec.split, spec.device, two_conditions=False)
    for model in opened.models:
        require_units(model).to(opened.device.device)
    data = opened.dataset
    rule = CorrectRule(data.target_type, len(data.outputs), spec.correct_correlation, spec.correct_percentile)
    progress.message(f"units of {len(opened.models)} seeds on {opened.device.device}: {opened.device.reason}")
    with ExitStack() as files:
        seeds = open_seeds(opened.models, opened.seeds, rule, len(opened.rows), progress.scratch_dir, spec.threshold)
        for seed in seeds:
            for column_file in {seed.outputs, seed.maxima}:
                files.enter_context(column_file)
            if seed.candidates is not None:
                files.enter_context(seed.candidates)
        steps = _Steps(progress, len(opened.rows) * (1 + len(seeds)))
        n_units = sum(seed.n_units for seed in seeds)
        with NpyWriter(out.path("unit_outputs.npy"), (len(opened.rows), n_units), np.float32) as file:
            for block in read_outputs(seeds, _batches(spec, opened, steps), opened.device.device):
                file.append(block)
        correct = [seed.verdicts.sequences() for seed in seeds]
        found = [
            _explain(spec, opened, seed, right, steps, progress) for seed, right in zip(seeds, correct, strict=True)
        ]
    _write(spec, opened, found, correct, rule, out)


@dataclass
class _Steps:
    """Counts sequences over both passes."""

    progress: Progress
    total: int
    done: int = 0

    def add(self, n: int) -> None:
        self.done += n
        self.progress.update(self.done, self.total, "sequences")


def _batches(spec: ExplainUnitsSpec, opened: Opened, steps: _Steps) -> Iterator[Batch]:
    size = spec.batch_size or (512 if opened.device.device == "cuda" else 64)
    for codes, targets in opened.batches(size):
        steps.progress.check_cancel()
        yield codes, targets
        steps.add(len(codes))


def _explain(
    spec: ExplainUnitsSpec, opened: Opened, units: SeedUnits, correct: np.ndarray, steps: _Steps, progress: Progress
) -> ExplainedSeed:
    usable = correct
    if not correct.any():
        progress.warn(
            "NO_CORRECT_SEQUENCE",
            f"seed {units.seed} predicts no sequence of the split correctly: all sequences were taken instead",
        )
        usable = np.ones_like(correct)
    maximum = activation_maxima(units, usable)
    cut = thresholds(maximum, spec.threshold)
    counts: np.ndarray | None = None
    motifs: list[Motif | None] = [None] * units.n_units
    if units.model.first_layer is not None:
        if units.candidates is not None and units.candidates.complete and correct.any():
            width, left = int(units.model.first_layer.kernel_size[0]), units.model.first_layer_left_padding_bp
            codes = opened.dataset.codes
            counts = units.candidates.counts(codes, opened.rows, cut, width, left, spec.inclusive)
            steps.add(len(correct))
        else:
            batches = _batches(spec, opened, steps)
            counts = count_unit_sites(units, batches, usable, cut, spec.inclusive, opened.device.device)
        motifs = _motifs(units.seed, counts)
    else:
        steps.add(len(correct))
    n_active = np.zeros(units.n_units, dtype=np.int64)

    def active(unit: int) -> np.ndarray:
        column = units.maxima.column(unit)
        answer = column >= np.float32(cut[unit]) if spec.inclusive else column > np.float32(cut[unit])
        n_active[unit] = int((answer & usable).sum())
        return answer

    weights, names = _weights(units, opened)
    selection = _selection(spec, opened, units, usable, correct)
    importance = unit_importance(weights, units.outputs.column, active, selection, lambda _: progress.check_cancel())
    judged = agreement(importance, spec.large_weight, spec.negligible_importance)
    # of two classes only the contrast ranks: it is the last output
    ranking = slice(-1, None) if len(names) > len(opened.dataset.outputs) else slice(None)
    return ExplainedSeed(units.seed, maximum, counts, motifs, n_active, names, importance, judged, ranking)


def _motifs(seed: int, counts: np.ndarray) -> list[Motif | None]:
    sites = counts[:, :, 0].sum(axis=1)
    return [
        Motif.from_counts(f"s{seed}_u{index}", count.T, nsites=float(n)) if n else None
        for index, (count, n) in enumerate(zip(counts, sites, strict=True))
    ]


def _weights(units: SeedUnits, opened: Opened) -> tuple[np.ndarray, list[str]]:
    """Output weights (outputs, units) float64 and their names; two classes bring their difference as a last row."""
    weights = units.model.output_weight.detach().cpu().numpy().astype(np.float64)
    names = list(opened.dataset.outputs)
    if has_contrast(opened):
        return np.concatenate([weights, contrast(weights)]), [*names, contrast_name(opened)]
    return weights, names


def has_contrast(opened: Opened) -> bool:
    """True for two classes."""
    return opened.dataset.target_type == "class_index" and len(opened.dataset.outputs) == 2


def contrast_name(opened: Opened) -> str:
    """``WT - KO``."""
    return f"{opened.dataset.outputs[1]} - {opened.dataset.outputs[0]}"


def _selection(
    spec: ExplainUnitsSpec, opened: Opened, units: SeedUnits, usable: np.ndarray, correct: np.ndarray
) -> Selection:
    """Correct and positive sequences, by output where the targets allow it."""
    targets = opened.dataset.targets[opened.rows]
    chosen = usable[None]
    entries = units.verdicts.entries()
    if entries is not None and spec.correct_scope == "per_task":
        chosen = np.ascontiguousarray(entries.T)
    if opened.dataset.target_type == "regression":
        return Selection(chosen, None)
    if opened.dataset.target_type == "multilabel":
        return Selection(chosen, np.ascontiguousarray((targets == 1).T))
    classes = list(range(len(opened.dataset.outputs))) + ([1] if has_contrast(opened) else [])
    return Selection(chosen, np.stack([targets == index for index in classes]))


def _write(
    spec: ExplainUnitsSpec,
    opened: Opened,
    found: list[ExplainedSeed],
    correct: list[np.ndarray],
    rule: CorrectRule,
    out: Out,
) -> None:
    data = opened.dataset
    table = units_table(found)
    out.write_table("units.parquet", table)
    out.write_table("importance.parquet", importance_table(found, data.outputs, data.groups))
    every = np.logical_and.reduce(correct)
    columns = {"row": pa.array(opened.rows, pa.int64()), "correct": pa.array(every)}
    columns |= {f"correct_s{seed.seed}": pa.array(right) for seed, right in zip(found, correct, strict=True)}
    out.write_table("rows.parquet", pa.table(columns))
    motifs = [motif for seed in found for motif in seed.motifs if motif is not None]
    write_motifs(out.path("units.meme"), motifs)
    if all(seed.counts is not None for seed in found):
        np.save(out.path("pfm.npy"), np.concatenate([seed.counts for seed in found if seed.counts is not None]))
    out.write_json("heatmap.json", heatmap(found, data.outputs, data.groups))
    name = contrast_name(opened) if has_contrast(opened) else ""
    sign = ">=" if spec.inclusive else ">"
    out.kind = "units"
    out.genome_digest = data.genome_digest
    out.seeds = opened.seeds
    out.tools = {"torch": torch.__version__, "numpy": np.__version__}
    out.semantics = {
        "site": f"activation {sign} {spec.threshold:g} x the filter's maximum over correctly predicted sequences",
        "correct": rule.describe(),
        "correct_scope": spec.correct_scope if rule.per_task else "all_tasks",
        "importance": "unit output x output weight, over correct sequences that activate the unit",
        "contrast": name,
        "rank": f"|median importance| for {name}" if name else "largest |median importance| over the outputs",
        "effect": "mean importance of correct sequences that activate the unit - of those that do not",
        "agreement": f"weight large from {spec.large_weight:g} x the output's largest |weight|, importance negligible "
        f"below {spec.negligible_importance:g} x the output's largest |median importance|",
        "split": spec.split,
        "channels": "ACGT",
        "motif_file": "units.meme",
    }
    best = sorted(table.to_pylist(), key=lambda row: (row["rank"], -abs(row["best_importance"] or 0.0)))
    width = found[0].counts.shape[2] if found[0].counts is not None else 0
    out.summary = {
        "n_units": table.num_rows,
        "n_active_units": len(motifs),
        "width_bp": int(width),
        "outputs": data.outputs,
        "contrast": name,
        "seeds": opened.seeds,
        "n_sequences": len(opened.rows),
        "n_correct": int(every.sum()),
        "correct_rule": rule.describe(),
        "split": spec.split,
        "threshold": spec.threshold,
        "inclusive": spec.inclusive,
        "target_type": data.target_type,
        "top_units": [row["unit_id"] for row in best[:10]],
        "n_weight_only": int(sum((seed.agreement == "weight_only").sum() for seed in found)),
        "device": opened.device.device,
        "device_reason": opened.device.reason,
    }
