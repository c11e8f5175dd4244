"""SimulateDataset: sequences with planted motifs whose labels or values follow a rule that is written down.

``multilabel``: one task per motif, 1 where it stands; some entries are then made unresolved. ``additive``: value =
effect_a [A] + effect_b [B] + noise. ``cooperative``: + effect_both [A and B, middles within max_distance_bp]. A is
RELA, B is FOS::JUN, the third motif SP1 (JASPAR 2024 matrices, data/planted_motifs.meme). Sites are drawn from the
matrices, on either strand, anywhere in the window, without overlap; the background's letters are independent.
"""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pyarrow as pa
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import decode, reverse_complement
from cislex_core.targets import UNRESOLVED
from cislex_core.tasks import Out, Progress

from cislex_encoder import assignment, candidates, windows, writing
from cislex_encoder.import_specs import SimulateDatasetSpec
from cislex_encoder.imported import sequence_set
from cislex_encoder.simulation import PLANTED, background, draw_site, free_start
from cislex_encoder.splits import SplitPlan

NAMES = ("RELA", "FOS::JUN", "SP1")


def simulate(spec: SimulateDatasetSpec, out: Out, progress: Progress) -> None:
    """Write a dataset, planted.json (the rule), planted_sites.parquet and motifs.meme."""
    rng = np.random.default_rng([spec.seed, 6])
    known = {motif.name: motif for motif in read_motifs(PLANTED)}
    motifs = [known[name] for name in NAMES[: spec.n_motifs if spec.design == "multilabel" else 2]]
    present = rng.random((spec.n_sequences, len(motifs))) < spec.motif_share
    codes = background(spec.n_sequences * spec.window_bp, spec.gc_content, rng)
    codes = codes.reshape(spec.n_sequences, spec.window_bp)
    sites, middles = _plant(codes, present, motifs, rng, progress)
    near = _near(middles, spec.max_distance_bp)
    targets = _targets(spec, present, near, [motif.name for motif in motifs], rng)
    out.write_table("planted_sites.parquet", sites)
    out.write_json("planted.json", _truth(spec, motifs, present, near))
    out.path("motifs.meme").write_text(PLANTED.read_text())
    _write(spec, codes, targets, motifs, present, out, progress)


def _plant(
    codes: np.ndarray, present: np.ndarray, motifs: list[Motif], rng: np.random.Generator, progress: Progress
) -> tuple[pa.Table, np.ndarray]:
    """Write sites into the codes (in place); the sites, and (n, motifs) their middles, NaN where there is none."""
    n, width = codes.shape
    middles = np.full(present.shape, np.nan)
    columns: dict[str, list[object]] = {
        key: [] for key in ("row", "motif_id", "motif_name", "start", "end", "strand", "site")
    }
    for row in range(n):
        taken = np.zeros(width, dtype=bool)
        for number in rng.permutation(np.flatnonzero(present[row])):
            motif = motifs[number]
            start = free_start(taken, motif.width, width, rng)
            site, is_forward = draw_site(motif, rng), bool(rng.random() < 0.5)
            codes[row, start : start + motif.width] = site if is_forward else reverse_complement(site)
            taken[start : start + motif.width] = True
            middles[row, number] = start + motif.width / 2
            values = (row, motif.id, motif.name, start, start + motif.width, "+" if is_forward else "-", decode(site))
            for key, value in zip(columns, values, strict=True):
                columns[key].append(value)
        if row % 1024 == 0:
            progress.update(row, n, "sequences")
            progress.check_cancel()
    types = {"row": pa.int64(), "start": pa.int64(), "end": pa.int64()}
    return pa.table({key: pa.array(value, types.get(key, pa.string())) for key, value in columns.items()}), middles


def _near(middles: np.ndarray, max_distance_bp: int) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(middles[:, 0] - middles[:, 1]) <= max_distance_bp)


def _targets(
    spec: SimulateDatasetSpec, present: np.ndarray, near: np.ndarray, names: list[str], rng: np.random.Generator
) -> writing.Targets:
    if spec.design == "multilabel":
        values = present.astype(np.int8)
        values[rng.random(values.shape) < spec.unresolved_share] = UNRESOLVED
        return writing.Targets("multilabel", names, values)
    value = spec.effect_a * present[:, 0] + spec.effect_b * present[:, 1]
    if spec.design == "cooperative":
        value = value + spec.effect_both * near
    value = value + rng.normal(0, spec.noise_sd, value.size)
    return writing.Targets("regression", ["activity"], value.astype(np.float32)[:, None])


def _truth(spec: SimulateDatasetSpec, motifs: list[Motif], present: np.ndarray, near: np.ndarray) -> dict[str, object]:
    rules = {
        "multilabel": "task = 1 where the motif of its name stands; some entries unresolved",
        "additive": "activity = effect_a [A] + effect_b [B] + noise",
        "cooperative": "activity = effect_a [A] + effect_b [B] + effect_both [A and B near] + noise",
    }
    letters = "ABC"
    return {
        "design": spec.design,
        "rule": rules[spec.design],
        "motifs": [
            {"letter": letters[i], "id": motif.id, "name": motif.name, "n_sequences": int(present[:, i].sum())}
            for i, motif in enumerate(motifs)
        ],
        "effects": {"a": spec.effect_a, "b": spec.effect_b, "both": spec.effect_both, "noise_sd": spec.noise_sd},
        "max_distance_bp": spec.max_distance_bp,
        "n_both": int((present[:, 0] & present[:, 1]).sum()),
        "n_near": int(near.sum()),
        "unresolved_share": spec.unresolved_share,
    }


def _write(
    spec: SimulateDatasetSpec,
    codes: np.ndarray,
    targets: writing.Targets,
    motifs: list[Motif],
    present: np.ndarray,
    out: Out,
    progress: Progress,
) -> None:
    n, width = codes.shape
    names = [f"sim_{i + 1}" for i in range(n)]
    members = sequence_set("simulation", codes.reshape(-1), np.full(n, width), names, np.arange(1, n + 1))
    rows = candidates.of_sequences([(0, members)], width, "center", ())
    split = assignment.shares(
        assignment.strata_of(targets, rows.kept), spec.test_fraction, spec.validation_fraction, spec.seed
    )
    how = f"stratified split, seed {spec.seed}; simulated sequences are independent"
    planted = [
        {"motif_id": motif.id, "motif_name": motif.name, "set": "", "n_sites": int(present[:, i].sum())}
        for i, motif in enumerate(motifs)
    ]
    facts = writing.Facts(
        source="simulation",
        window="simulated sequences",
        strand="as given",
        seed=spec.seed,
        preflight={"genome": None, "files": [], "aliases": {}, "warnings": []},
        more={"planted": planted},
    )
    order = np.arange(n)
    blocks = windows.fit_all([members], np.zeros(n, dtype=np.int64), order, width, "center")
    writing.write(rows, order, split, targets, blocks, SplitPlan(how=[how], by="stratified"), facts, out, progress)
    out.tools = {"numpy": importlib.metadata.version("numpy")}
