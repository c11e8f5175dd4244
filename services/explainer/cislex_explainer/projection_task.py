"""ProjectUnits: sequences in two dimensions by the units they switch on, as a table, a picture and a page."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress

from cislex_explainer.opening import need_kind
from cislex_explainer.projection import evenly, standardised, umap
from cislex_explainer.projection_colors import Coloring, coloring, default_names
from cislex_explainer.projection_html import page
from cislex_explainer.projection_png import draw
from cislex_explainer.unit_specs import ProjectUnitsSpec

_LEAST_ROWS = 10


def run(spec: ProjectUnitsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Write projection.parquet, projection.png and projection.html (docs/formats.md, kind projection)."""
    units, dataset = _open(spec, inputs)
    facts = units.table("units.parquet").to_pylist()
    chosen_units = _units_of(spec, facts)
    all_rows = np.asarray(units.table("rows.parquet")["row"])
    if len(all_rows) < _LEAST_ROWS:
        raise UserError(
            Reason.EMPTY_SET,
            f"the units were read on {len(all_rows)} sequences; a projection needs at least {_LEAST_ROWS}: explain a "
            "larger split",
            field="units",
        )
    at = evenly(len(all_rows), spec.max_rows)
    rows = all_rows[at]
    outputs = units.array("unit_outputs.npy")[at]
    ids = [row["unit_id"] for row in facts]
    names = spec.color_by or default_names(dataset, [facts[i] for i in chosen_units])
    colorings = [coloring(name, dataset, rows, ids, outputs) for name in names]
    values = np.ascontiguousarray(outputs[:, chosen_units])
    if spec.standardize:
        values = standardised(values)
    progress.check_cancel()
    progress.message(f"UMAP of {len(rows)} sequences by {len(chosen_units)} units")
    progress.update(0, len(rows), "sequences")
    points = umap(values, spec.n_neighbors, spec.min_dist, spec.metric, spec.seed)
    progress.check_cancel()
    progress.update(len(rows), len(rows), "sequences")
    _write(spec, units, rows, points, colorings, len(all_rows), len(chosen_units), out)


def _open(spec: ProjectUnitsSpec, inputs: Inputs) -> tuple[Artifact, Dataset]:
    units = inputs.artifact(spec.units)
    need_kind(units, "units")
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    read_on = units.manifest.spec.get("dataset", spec.dataset)
    if read_on != spec.dataset:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"the units were read on dataset {read_on[:16]}, the request names {spec.dataset[:16]}; give that one",
            field="dataset",
        )
    return units, dataset


def _units_of(spec: ProjectUnitsSpec, facts: list[dict[str, int]]) -> list[int]:
    """Columns of unit_outputs.npy: all, or one seed's."""
    seeds = sorted({row["seed"] for row in facts})
    if spec.seed_index is None:
        return list(range(len(facts)))
    if spec.seed_index >= len(seeds):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"seed_index {spec.seed_index}, but the model has {len(seeds)} seeds, counted from 0",
            field="seed_index",
        )
    return [index for index, row in enumerate(facts) if row["seed"] == seeds[spec.seed_index]]


def _write(
    spec: ProjectUnitsSpec, units: Artifact, rows: np.ndarray, points: np.ndarray, colorings: list[Coloring],
    n_sequences: int, n_units: int, out: Out,
) -> None:  # fmt: skip
    columns: dict[str, pa.Array] = {
        "row": pa.array(rows, pa.int64()), "x": pa.array(points[:, 0]), "y": pa.array(points[:, 1]),
    }  # fmt: skip
    for chosen in colorings:
        name = chosen.name if chosen.name not in columns else f"column:{chosen.name}"
        values = chosen.values
        columns[name] = (
            pa.array(values, pa.float64(), mask=np.isnan(values))
            if isinstance(values, np.ndarray)
            else pa.array(values, pa.string())
        )
    out.write_table("projection.parquet", pa.table(columns))
    draw(out.path("projection.png"), points, colorings)
    shown = f"{len(rows):,} of {n_sequences:,} sequences" if len(rows) < n_sequences else f"{len(rows):,} sequences"
    facts = f"UMAP of {shown} by {n_units} unit outputs; {spec.metric} distance, {spec.n_neighbors} neighbours"
    out.path("projection.html").write_text(page(rows, points, colorings, facts), encoding="utf-8")
    out.kind = "projection"
    out.genome_digest = units.manifest.genome_digest
    out.seeds = [spec.seed]
    out.tools = {name: version(name) for name in ("umap-learn", "numba", "matplotlib")}
    out.semantics = {
        "coordinates": "UMAP of unit outputs; only who lies near whom has a meaning",
        "rows": "evenly chosen" if len(rows) < n_sequences else "all",
        "standardize": spec.standardize,
    }
    out.summary = {
        "n_rows": len(rows),
        "n_sequences": n_sequences,
        "n_units": n_units,
        "color_by": [chosen.name for chosen in colorings],
        "n_neighbors": spec.n_neighbors,
        "min_dist": spec.min_dist,
        "metric": spec.metric,
        "standardize": spec.standardize,
        "seed": spec.seed,
    }
