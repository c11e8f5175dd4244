"""ScoreMotifs: how well each motif alone tells sequences apart, by its best hit (ExplaiNN's comparison of Fig. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.targets import TARGET_TYPES, UNRESOLVED
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.motif_sources import SourcedMotif, sourced_motifs, unique_ids
from cislex_motif.scan_shards import best_hits_in_shards
from cislex_motif.scan_specs import ScoreMotifsSpec
from cislex_motif.scanning import ScoreMatrix, letter_frequencies
from cislex_motif.separation import Measures, measure

FloatArray = npt.NDArray[np.float64]
Hits = npt.NDArray[np.int32]

_FIGURES = ("auroc", "auprc", "pearson", "spearman")
SCORE_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("source_kind", pa.string()),
        ("motif_id", pa.string()),
        ("name", pa.string()),
        ("consensus", pa.string()),
        ("width", pa.int64()),
        ("nsites", pa.float64()),
        ("n", pa.int64()),
        ("n_positive", pa.int64()),
        *((name, pa.float64()) for name in _FIGURES),
        ("select_n", pa.int64()),
        ("select_n_positive", pa.int64()),
        *((f"select_{name}", pa.float64()) for name in _FIGURES),
        ("rank", pa.int64()),
        ("unit_rank", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Truth:
    """What a split's sequences are: rows of the dataset, and a 0/1 label (binary) or a value (not) for each."""

    rows: npt.NDArray[np.int64]
    values: FloatArray
    binary: bool

    @property
    def n_positive(self) -> int | None:
        """Positive sequences; None for values."""
        return int(self.values.sum()) if self.binary else None


def run_scores(spec: ScoreMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task: read, scan once, measure on both splits, rank, write."""
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    motifs = sourced_motifs(spec, inputs, spec.database)
    output = output_of(dataset, spec.output)
    judged = truth(dataset, output, spec.split, "split")
    same = spec.select_split in ("none", spec.split)
    chosen_on = judged if same else truth(dataset, output, spec.select_split, "select_split")
    rows = judged.rows if same else np.union1d(judged.rows, chosen_on.rows)

    uniform = np.full(4, 0.25)
    background = uniform if spec.background == "uniform" else letter_frequencies([dataset.codes[judged.rows]])
    matrices = [ScoreMatrix.from_motif(m.motif, spec.pseudocount, background) for m in motifs]

    hits = best_hits_in_shards(spec, dataset.window_bp, rows, matrices, inputs, progress)
    measured = measure(hits[:, np.searchsorted(rows, judged.rows)], judged.values, judged.binary)
    selected = measured
    if not same:
        selected = measure(hits[:, np.searchsorted(rows, chosen_on.rows)], chosen_on.values, chosen_on.binary)
    too_wide = sum(m.motif.width > dataset.window_bp for m in motifs)
    if too_wide:
        progress.warn("NOTHING_SCANNED", f"{too_wide} motifs are wider than the sequences and tell nothing apart")

    table = score_table(motifs, judged, chosen_on, measured, selected)
    best = table.filter(pa.compute.equal(table["rank"], 1))
    out.kind = "scores"
    out.write_table("scores.parquet", table)
    out.write_table("best.parquet", best)
    write_motifs(
        out.path("motifs.meme"), [m.motif.renamed(name) for m, name in zip(motifs, unique_ids(motifs), strict=True)]
    )
    out.genome_digest = dataset.genome_digest
    criterion = "auprc" if judged.binary else "spearman"
    out.semantics = {
        "score": "best log-odds over all positions and both strands; a sequence without a place for the motif is last",
        "rank": f"within a source by select_{criterion}, 1 = best; ties by motif id",
        "selected_on": spec.split if same else spec.select_split,
        "judged_on": spec.split,
        "optimistic": same,
        "output": output,
        "target_type": dataset.target_type,
        "letter_frequencies": [round(float(f), 6) for f in background],
        "pseudocount": spec.pseudocount,
    }
    out.summary = summary(table, best, dataset, spec, judged, output, same)


def output_of(dataset: Dataset, name: str) -> str:
    """The class or task that is positive. Raises INVALID_REQUEST naming those there are."""
    outputs = dataset.outputs
    if not name:
        if dataset.target_type == "class_index" and "WT" in outputs:
            return "WT"
        if len(outputs) == 1:
            return outputs[0]
    if name in outputs:
        return name
    shown = ", ".join(outputs[:8]) + (", …" if len(outputs) > 8 else "")
    what = (
        f"output {name!r} is none of the dataset's" if name else "the dataset has several outputs; name one as output"
    )
    raise UserError(Reason.INVALID_REQUEST, f"{what}: {shown}", field="output", value=name)


def truth(dataset: Dataset, output: str, split: str, field: str) -> Truth:
    """Rows of a split and what each is. Raises EMPTY_SPLIT, and ONE_CLASS where all are alike."""
    rows = dataset.split(split)
    column = dataset.outputs.index(output)
    binary = dataset.target_type != "regression"
    if dataset.target_type == "class_index":
        values = (np.asarray(dataset.targets)[rows] == column).astype(np.float64)
    else:
        values = np.asarray(dataset.targets)[rows, column].astype(np.float64)
    if dataset.target_type == "multilabel":
        known = values != UNRESOLVED
        rows, values = rows[known], values[known]
    if len(rows) == 0:
        raise UserError(
            Reason.EMPTY_SPLIT,
            f"split {split!r} holds no sequence whose {output} is known; choose another split or 'all'",
            field=field,
            split=split,
        )
    if np.ptp(values) == 0:
        alike = "values" if not binary else "positives" if values[0] else "negatives"
        raise UserError(
            Reason.ONE_CLASS,
            f"the {len(rows)} sequences of split {split!r} are all equal {alike} for {output}, so nothing can be told "
            "apart; choose another split, output or 'all'",
            field=field,
            split=split,
            output=output,
        )
    return Truth(rows, values, binary)


def score_table(
    motifs: Sequence[SourcedMotif], judged: Truth, chosen_on: Truth, measured: Measures, selected: Measures
) -> pa.Table:
    """scores.parquet, by source in the order given, then by rank."""
    criterion = selected["auprc" if judged.binary else "spearman"]
    sources = list(dict.fromkeys(m.source for m in motifs))
    of_source = np.array([sources.index(m.source) for m in motifs])
    by_id = np.argsort(np.argsort(np.array([m.motif.id for m in motifs])))
    order = np.lexsort((by_id, -np.nan_to_num(criterion, nan=-np.inf), of_source))
    rank = np.empty(len(motifs), dtype=np.int64)
    for source in range(len(sources)):
        members = order[of_source[order] == source]
        rank[members] = np.arange(1, len(members) + 1)
    rows = []
    for i in order.tolist():
        m = motifs[i]
        row: dict[str, object] = {
            "source": m.source, "source_kind": m.source_kind, "motif_id": m.motif.id, "name": m.motif.name,
            "consensus": m.motif.consensus(), "width": m.motif.width, "nsites": float(m.motif.nsites),
            "n": len(judged.rows), "n_positive": judged.n_positive, "select_n": len(chosen_on.rows),
            "select_n_positive": chosen_on.n_positive, "rank": int(rank[i]), "unit_rank": m.unit_rank,
        }  # fmt: skip
        for name in _FIGURES:
            row[name] = _number(measured, name, i)
            row[f"select_{name}"] = _number(selected, name, i)
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCORE_SCHEMA)


def summary(
    table: pa.Table, best: pa.Table, dataset: Dataset, spec: ScoreMotifsSpec, judged: Truth, output: str, same: bool
) -> dict[str, object]:
    """Facts of the resource message ScoreSet."""
    counts = table.group_by("source", use_threads=False).aggregate([("motif_id", "count")]).to_pylist()
    sizes = {row["source"]: row["motif_id_count"] for row in counts}
    keys = ("source", "motif_id", "consensus", "unit_rank", "auroc", "auprc", "spearman", "select_auprc")
    return {
        "dataset": spec.dataset,
        "split": spec.split,
        "select_split": spec.split if same else spec.select_split,
        "output": output,
        "target_type": dataset.target_type,
        "n_motifs": table.num_rows,
        "n_sequences": len(judged.rows),
        "n_positive": judged.n_positive or 0,
        "best": [
            {key: row[key] for key in keys if row[key] is not None} | {"n_motifs": sizes[row["source"]]}
            for row in best.to_pylist()[:50]
        ],
    }


def _number(measures: Measures, name: str, i: int) -> float | None:
    values = measures.get(name)
    return None if values is None or np.isnan(values[i]) else float(values[i])
