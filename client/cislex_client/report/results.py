"""Read a result folder (docs/formats.md, "The result folder"): whatever is there, and why the rest is not."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from cislex_core.errors import UserError
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif

# The step of run.json that makes a file: where a missing file's reason is looked up.
STEP_OF = {
    "dataset.tsv": "dataset",
    "drops.tsv": "dataset",
    "preflight.json": "dataset",
    "history.tsv": "train",
    "training.json": "train",
    "metrics.json": "evaluate",
    "curves.json": "evaluate",
    "predictions.tsv": "evaluate",
    "model.onnx": "export",
    "model_card.json": "export",
    "parity.json": "export",
    "attributions.npz": "attributions",
    "kmers.tsv": "kmers",
    "kmer_ranking.tsv": "kmers",
    "clusters.tsv": "clusters",
    "cluster_members.tsv": "clusters",
    "clusters.meme": "clusters",
    "motifs.tsv": "motifs_sets",
    "motifs.meme": "motifs_sets",
    "matches.tsv": "compare",
    "queries.meme": "compare",
    "targets.meme": "compare",
    "filters.tsv": "filters",
    "filter_groups.tsv": "filters",
    "filters.meme": "filters",
    "filter_matches.tsv": "compare_filters",
    "filter_targets.meme": "compare_filters",
    "enrichment.tsv": "enrich",
    "gc.json": "dataset",
    "leakage.tsv": "dataset",
    "units.tsv": "units",
    "importance.tsv": "units",
    "units.meme": "units",
    "heatmap.json": "units",
    "unit_matches.tsv": "compare_units",
    "projection.tsv": "projection",
    "refinement.tsv": "refinement",
    "families.tsv": "families",
    "scores.tsv": "scores",
    "best_motifs.tsv": "scores",
    "models.tsv": "comparison",
    "model_seeds.tsv": "comparison",
    "differences.tsv": "comparison",
    "model_tasks.tsv": "comparison",
}

# Never numbers, even where they look like one (a contig called 6, a motif called 12).
TEXT = {
    "chrom", "name", "kmer", "consensus", "motif", "motif_id", "query", "target", "target_name", "filter_id", "group",
    "cluster", "scope", "strand", "representative", "query_source", "tf_family", "tf_class", "source", "engine", "set",
    "query_consensus", "target_consensus", "consensus_argmax", "orientation", "predicted", "status", "detail", "mode",
    "discovery", "test", "background", "split", "planted_in", "unit_id", "output", "agreement", "best_output", "model",
    "metric", "a", "b", "architecture", "task", "family", "replicate", "leaf", "matrix", "kind", "split_a", "split_b",
    "initial_motif", "initial_name", "best_motif", "best_name",
}  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A TSV file by columns; missing cells are None, ``true``/``false`` are booleans, numbers are int or float."""

    columns: dict[str, list[Any]]
    n_rows: int

    def __len__(self) -> int:
        return self.n_rows

    def has(self, *names: str) -> bool:
        """True when all these columns exist."""
        return all(name in self.columns for name in names)

    def get(self, name: str) -> list[Any]:
        """A column; all None where the file has no such column."""
        return self.columns.get(name) or [None] * self.n_rows

    def floats(self, name: str) -> np.ndarray:
        """(n,) float64, NaN where missing or no number."""
        return np.array([number(value) for value in self.get(name)], dtype=np.float64)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows as dictionaries, in the order of the file."""
        names = list(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))


def number(value: object) -> float:
    """The value as float; NaN for None, text and booleans."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def number_or(value: object, default: float) -> float:
    """The value as float; ``default`` where it is no number."""
    known = number(value)
    return default if math.isnan(known) else known


def read_tsv(path: Path) -> Table:
    """Read a TSV with one header line. Short lines are filled with None, a BOM is ignored."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(reader, [])
        cells: list[list[str]] = [[] for _ in header]
        n = 0
        for line in reader:
            if not line:
                continue
            n += 1
            for i, column in enumerate(cells):
                column.append(line[i] if i < len(line) else "")
    return Table({name: _typed(name, column) for name, column in zip(header, cells, strict=True)}, n)


def _typed(name: str, cells: list[str]) -> list[Any]:
    if name in TEXT:
        return [cell if cell != "" else None for cell in cells]
    return [_value(cell) for cell in cells]


def _value(cell: str) -> Any:
    if cell == "":
        return None
    if cell in ("true", "True"):
        return True
    if cell in ("false", "False"):
        return False
    try:
        return int(cell)
    except ValueError:
        pass
    try:
        return float(cell)
    except ValueError:
        return cell


@dataclass(frozen=True)
class Attributions:
    """attributions.npz: see the format document for shapes."""

    rows: np.ndarray
    codes: np.ndarray
    labels: np.ndarray
    importance: np.ndarray
    projected: np.ndarray
    meta: dict[str, Any]


class Results:
    """A result folder. Each file is read once, when first asked for; absent files are None."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._tables: dict[str, Table | None] = {}
        self._json: dict[str, Any] = {}
        self._motifs: dict[str, dict[str, Motif]] = {}
        self.damaged: dict[str, str] = {}

    def has(self, name: str) -> bool:
        """True when the file exists and could be read."""
        return (self.folder / name).is_file() and name not in self.damaged

    def table(self, name: str) -> Table | None:
        """A TSV file, or None when it is absent."""
        if name not in self._tables:
            path = self.folder / name
            self._tables[name] = read_tsv(path) if path.is_file() else None
        return self._tables[name]

    def json(self, name: str) -> dict[str, Any]:
        """A JSON object; {} when it is absent or damaged (then ``damaged`` says how)."""
        if name not in self._json:
            value: Any = {}
            path = self.folder / name
            if path.is_file():
                try:
                    value = json.loads(path.read_text(encoding="utf-8"))
                except (ValueError, OSError) as error:
                    self.damaged[name] = f"it is not valid JSON ({error})"
            self._json[name] = value if isinstance(value, dict) else {}
        return self._json[name]

    def motifs(self, name: str) -> dict[str, Motif]:
        """Matrices of a MEME file by id; {} when it is absent, empty or damaged."""
        if name not in self._motifs:
            found: dict[str, Motif] = {}
            path = self.folder / name
            # A MEME file of no motif is what a step that found nothing writes; read_motifs would refuse it.
            if path.is_file() and "MOTIF" in path.read_text(encoding="utf-8", errors="replace"):
                try:
                    found = {motif.id: motif for motif in read_motifs(path)}
                except UserError as error:
                    self.damaged[name] = str(error)
            self._motifs[name] = found
        return self._motifs[name]

    @cached_property
    def attributions(self) -> Attributions | None:
        """attributions.npz, or None when it is absent or damaged."""
        path = self.folder / "attributions.npz"
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as data:
                meta = json.loads(str(data["meta"])) if "meta" in data else {}
                return Attributions(
                    rows=data["rows"],
                    codes=data["codes"],
                    labels=data["labels"],
                    importance=data["importance"],
                    projected=data["projected"],
                    meta=meta if isinstance(meta, dict) else {},
                )
        except (ValueError, KeyError, OSError) as error:
            self.damaged["attributions.npz"] = str(error)
            return None

    @cached_property
    def run(self) -> dict[str, Any]:
        """run.json; {} when it is absent."""
        return self.json("run.json")

    @cached_property
    def steps(self) -> dict[str, dict[str, Any]]:
        """Steps of run.json by id."""
        steps = self.run.get("steps") or []
        return {str(step.get("id")): step for step in steps if isinstance(step, dict)}

    def summary(self, step: str) -> dict[str, Any]:
        """The resource message of a step as JSON; {} when there is none."""
        value = self.steps.get(step, {}).get("summary")
        return value if isinstance(value, dict) else {}

    def request(self, step: str) -> dict[str, Any]:
        """The request of a step as JSON; {} when there is none."""
        value = self.steps.get(step, {}).get("request")
        return value if isinstance(value, dict) else {}

    def why_missing(self, *names: str) -> str:
        """One sentence: which of these files are absent and what run.json says about the step that makes them."""
        absent = [name for name in names if not self.has(name)]
        damaged = [f"{name} cannot be read: {self.damaged[name]}" for name in absent if name in self.damaged]
        if damaged:
            return "; ".join(damaged) + "."
        if not absent:
            return ""
        files = " and ".join(absent) + (" is" if len(absent) == 1 else " are") + " not in the result folder"
        step = self.steps.get(STEP_OF.get(absent[0], ""), {})
        if not step:
            return f"{files}; run.json names no step that makes it."
        title, status = step.get("title") or step.get("id"), step.get("status", "unknown")
        note = str(step.get("note") or "").rstrip(".")
        return f"{files}: the step “{title}” has status {status}" + (f" ({note})." if note else ".")
