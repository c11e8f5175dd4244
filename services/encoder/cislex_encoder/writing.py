"""Write a dataset: arrays, tables, GC histograms, near-duplicates across splits, and the facts of its manifest.

Every task that makes a dataset ends here, so that all of them have the same files (docs/formats.md, kind dataset).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from cislex_core.targets import UNRESOLVED, TargetType, target_semantics
from cislex_core.tasks import Out, Progress

from cislex_encoder import gc_content, leakage, tables, windows
from cislex_encoder.drops import CLASS_NAMES, Candidates
from cislex_encoder.kmer_sketches import Sketches
from cislex_encoder.splits import SPLIT_NAMES, SplitPlan


@dataclass
class Targets:
    """What the rows are labelled with; ``values`` has one row per candidate (dropped ones may hold anything)."""

    type: TargetType
    outputs: list[str]
    values: np.ndarray
    groups: list[str] | None = None


@dataclass
class Facts:
    """What else is said of a dataset. ``source``: the kind of input; ``notes``: choices, as sentences."""

    source: str
    window: str
    strand: str
    seed: int
    genome_digest: str | None = None
    preflight: dict[str, Any] = field(default_factory=dict)
    mapped: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    protocol: str = "default"
    more: dict[str, Any] = field(default_factory=dict)


def write(
    rows: Candidates,
    order: np.ndarray,
    split: np.ndarray,
    targets: Targets,
    blocks: Iterator[np.ndarray],
    plan: SplitPlan,
    facts: Facts,
    out: Out,
    progress: Progress,
    extra: pa.Table | None = None,
) -> None:
    """Write every file of a dataset and fill ``out``'s facts.

    ``order``: the candidates that are kept, in the dataset's order; ``split``: (candidates,) index of SPLIT_NAMES;
    ``blocks``: codes (m, width) of the rows of ``order``; ``extra``: further columns for rows.parquet, one row per
    candidate.
    """
    values, of_split = targets.values[order], split[order]
    np.save(out.path("targets.npy"), values)
    sketches = Sketches(int(order.size), rows.width)

    def tick(done: int) -> None:
        progress.update(done, order.size, "sequences")
        progress.check_cancel()

    written = windows.write(out.path("codes.npy"), sketches.tap(blocks), order.size, rows.width, tick)
    tables.write(out, rows, order, split, written, extra)
    of_set, names = gc_content.sets_of(targets.type, targets.outputs, values)
    gc = gc_content.describe(written.gc, of_set, names, of_split)
    out.write_json("gc.json", gc)
    progress.message("looking for near-duplicates across splits")
    near, near_summary = leakage.find(out.path("codes.npy"), sketches, of_split, progress.check_cancel)
    out.write_table("leakage.parquet", near)
    sizes = {name: int((of_split == i).sum()) for i, name in enumerate(SPLIT_NAMES)}
    if text := leakage.sentence(near_summary, sizes, plan.by):
        progress.warn("LEAKAGE", text)
    out.write_json("preflight.json", {**facts.preflight, "split": {"by": plan.by, "how": plan.how}})
    out.kind = "dataset"
    out.genome_digest = facts.genome_digest
    out.seeds = [facts.seed]
    out.semantics = _semantics(targets, facts)
    out.summary = {
        **_summary(rows, order, of_split, targets, values, plan, facts),
        **gc_content.summary(gc),
        "leakage": near_summary,
        **facts.more,
    }
    if extra is not None:
        out.summary["columns"] = extra.column_names


def _semantics(targets: Targets, facts: Facts) -> dict[str, Any]:
    return {
        "alphabet": "ACGT",
        "codes": {"A": 0, "C": 1, "G": 2, "T": 3, "N": 4},
        "layout": "codes (n, window) uint8",
        "window": facts.window,
        "coordinates": "0-based half-open",
        "strand": facts.strand,
        "target": target_semantics(targets.type, targets.outputs, targets.groups),
    }


def _summary(
    rows: Candidates,
    order: np.ndarray,
    of_split: np.ndarray,
    targets: Targets,
    values: np.ndarray,
    plan: SplitPlan,
    facts: Facts,
) -> dict[str, Any]:
    by_class = targets.type == "class_index"
    return {
        "n_rows": int(order.size),
        "window_bp": rows.width,
        "classes": _classes(targets, values) if by_class else [],
        "splits": [_split(rows, order, of_split == i, targets, values, plan, i) for i in range(len(SPLIT_NAMES))],
        "dropped": rows.counts(),
        "n_input_rows": len(rows),
        "genome_digest": facts.genome_digest or "",
        "alias_used": [{"from_name": theirs, "to_name": ours} for theirs, ours in facts.mapped.items()],
        "split_by": plan.by,
        "split_notes": plan.how,
        "warnings": facts.warnings,
        "protocol": facts.protocol,
        "target_type": targets.type,
        "tasks": [] if by_class else [_task(targets, values, i) for i in range(len(targets.outputs))],
        "source": facts.source,
        "notes": facts.notes,
    }


def _classes(targets: Targets, values: np.ndarray) -> list[dict[str, Any]]:
    counts = np.bincount(values, minlength=len(targets.outputs))
    return [{"name": name, "n_rows": int(counts[i])} for i, name in enumerate(targets.outputs)]


def _split(
    rows: Candidates,
    order: np.ndarray,
    mine: np.ndarray,
    targets: Targets,
    values: np.ndarray,
    plan: SplitPlan,
    number: int,
) -> dict[str, Any]:
    classes = _classes(targets, values[mine]) if targets.type == "class_index" else []
    of = {item["name"]: item["n_rows"] for item in classes}
    chroms = rows.chrom[order[mine]]
    return {
        "name": SPLIT_NAMES[number],
        "n_rows": int(mine.sum()),
        "n_wt": of.get(CLASS_NAMES[1], 0),
        "n_ko": of.get(CLASS_NAMES[0], 0),
        "chroms": [rows.contigs[i] for i in np.unique(chroms) if i >= 0] if plan.by == "chromosome" else [],
        "classes": classes,
    }


def _task(targets: Targets, values: np.ndarray, number: int) -> dict[str, Any]:
    column = values[:, number]
    task: dict[str, Any] = {"name": targets.outputs[number]}
    if targets.groups is not None:
        task["group"] = targets.groups[number]
    if targets.type == "multilabel":
        return {
            **task,
            "n_positive": int((column == 1).sum()),
            "n_negative": int((column == 0).sum()),
            "n_unresolved": int((column == UNRESOLVED).sum()),
        }
    numbers = column.astype(np.float64)
    return {
        **task,
        "mean": float(numbers.mean()),
        "sd": float(numbers.std()),
        "min": float(numbers.min()),
        "max": float(numbers.max()),
    }
