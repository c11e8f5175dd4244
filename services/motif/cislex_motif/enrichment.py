"""EnrichMotifs: which known motifs do WT and KO sequences hold more often than each other, or than chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.motif_databases import open_database
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import dinucleotide_shuffle
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.compare import motifs_of_artifact
from cislex_motif.compare_specs import DEFAULT_DATABASE, EnrichMotifsSpec
from cislex_motif.fasta_background import read_fasta_codes
from cislex_motif.homer_comparison import compare_with_homer
from cislex_motif.homer_results import motif_thresholds
from cislex_motif.scanning import NO_HIT, ScoreMatrix, best_hits, letter_frequencies
from cislex_motif.statistics import benjamini_hochberg
from cislex_motif.thresholds import Outcome, best_threshold, fixed_threshold

Hits = npt.NDArray[np.int32]

ENRICHMENT_SCHEMA = pa.schema(
    [
        ("motif", pa.string()),
        ("name", pa.string()),
        ("consensus", pa.string()),
        ("mode", pa.string()),
        ("tested", pa.string()),
        ("background", pa.string()),
        ("threshold", pa.float64()),
        ("threshold_unit", pa.string()),
        ("n_wt", pa.int64()),
        ("n_ko", pa.int64()),
        ("n_background_wt", pa.int64()),
        ("n_background_ko", pa.int64()),
        ("pct_wt", pa.float64()),
        ("pct_ko", pa.float64()),
        ("pct_background_wt", pa.float64()),
        ("pct_background_ko", pa.float64()),
        ("pvalue_wt", pa.float64()),
        ("pvalue_ko", pa.float64()),
        ("log10_pvalue_wt", pa.float64()),
        ("log10_pvalue_ko", pa.float64()),
        ("qvalue_wt", pa.float64()),
        ("qvalue_ko", pa.float64()),
        ("n_thresholds", pa.int64()),
        ("test", pa.string()),
    ]
)


@dataclass(frozen=True)
class Comparison:
    """One set against its control. ``tested``: WT or KO. ``control``: a key of the scanned batches.

    ``background``: the request's word for it (both, ko, wt, shuffled, given).
    """

    tested: str
    control: str
    background: str


def run_enrichment(spec: EnrichMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task: read, scan, test, write."""
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset))
    motifs, source, homer = _motifs(spec, inputs, out)
    sets = _sets(dataset, spec.split)
    given = _given(spec, inputs)
    frequencies = letter_frequencies([*sets.values(), *([given] if given is not None else [])])
    matrices, floors = score_matrices(motifs, spec, frequencies, homer)

    batches = dict(sets)
    if given is not None:
        batches["given"] = given
    if "shuffled" in spec.background:
        rng = np.random.default_rng(spec.seed)
        for name in ("WT", "KO"):
            progress.check_cancel()
            copies = [dinucleotide_shuffle(sets[name], rng) for _ in range(spec.n_shuffles)]
            batches[f"shuffled {name}"] = np.concatenate(copies)
    hits = _scan(batches, matrices, progress)

    rows = compare_sets(motifs, matrices, floors, hits, comparisons(spec.background), spec)
    table = pa.Table.from_pylist(rows, schema=ENRICHMENT_SCHEMA)
    out.kind = "enrichment"
    if spec.homer_wt or spec.homer_ko:
        theirs = [inputs.file(ref) if ref else None for ref in (spec.homer_wt, spec.homer_ko)]
        out.write_table("homer.parquet", compare_with_homer(theirs[0], theirs[1], rows))
    out.write_table("enrichment.parquet", table)
    write_motifs(out.path("motifs.meme"), motifs)
    out.genome_digest = dataset.genome_digest
    out.seeds = [spec.seed]
    out.semantics = {
        "hit": "zero or one per sequence: its best score over all positions and both strands",
        "score": "log-odds on an integer grid; threshold in the unit of threshold_unit",
        "letter_frequencies": [round(float(f), 6) for f in frequencies],
        "pseudocount": spec.pseudocount,
        "n_policy": "a window with an N is no hit",
        "qvalue": "Benjamini-Hochberg over the motifs of one comparison and mode",
        "best_mode_correction": "Sidak over the distinct score thresholds of the motif",
    }
    out.summary = summary(rows, motifs, sets, spec, source)


def comparisons(backgrounds: Sequence[str]) -> list[Comparison]:
    """The comparisons that a request's backgrounds mean, in their order, WT before KO."""
    controls = {
        "both": {"WT": "KO", "KO": "WT"},
        "ko": {"WT": "KO"},
        "wt": {"KO": "WT"},
        "shuffled": {"WT": "shuffled WT", "KO": "shuffled KO"},
        "given": {"WT": "given", "KO": "given"},
    }
    return [Comparison(tested, control, name) for name in backgrounds for tested, control in controls[name].items()]


def score_matrices(
    motifs: Sequence[Motif], spec: EnrichMotifsSpec, frequencies: npt.NDArray[np.float64], homer: Sequence[float | None]
) -> tuple[list[ScoreMatrix], list[int]]:
    """Each motif's score matrix and its fixed threshold on the integer grid.

    With a HOMER threshold the matrix is HOMER's: natural log of p (at least 0.001) over 0.25, no pseudocount.
    """
    matrices, floors = [], []
    for i, motif in enumerate(motifs):
        theirs = homer[i] if i < len(homer) and spec.use_homer_thresholds else None
        if theirs is not None:
            log_odds = np.log(np.maximum(motif.probabilities, 0.001) / 0.25)
            matrix = ScoreMatrix.from_log_odds(motif.id, log_odds, unit="nats")
            floors.append(int(np.ceil(theirs / matrix.step - 0.5)))
        else:
            matrix = ScoreMatrix.from_motif(motif, spec.pseudocount, frequencies)
            floors.append(matrix.threshold(spec.threshold_pvalue, frequencies))
        matrices.append(matrix)
    return matrices, floors


def compare_sets(
    motifs: Sequence[Motif],
    matrices: Sequence[ScoreMatrix],
    floors: Sequence[int],
    hits: dict[str, Hits],
    wanted: Sequence[Comparison],
    spec: EnrichMotifsSpec,
) -> list[dict[str, object]]:
    """Rows of enrichment.parquet, by mode, background and motif; q over the motifs of one mode and comparison.

    hits: best scores (motifs, sequences) of "WT", "KO" and, where wanted, "shuffled WT", "shuffled KO", "given".
    In fixed mode both sets share the threshold, so one row holds both tests; in best mode each test has its own.
    """
    rows: list[dict[str, object]] = []
    for mode in spec.mode:
        for comparison in wanted:
            target, control = hits[comparison.tested], hits[comparison.control]
            if mode == "best":
                rows += _rows(
                    motifs, matrices, hits, comparison, mode, best_threshold(target, control, spec.test), spec
                )
                continue
            outcome = fixed_threshold(target, control, np.asarray(floors, dtype=np.int64), spec.test)
            fresh = _rows(motifs, matrices, hits, comparison, mode, outcome, spec)
            if rows and rows[-1]["background"] == comparison.background:
                for row, other in zip(rows[-len(motifs) :], fresh, strict=True):
                    row.update({key: value for key, value in other.items() if value is not None})
                    row["tested"] = "both"
            else:
                rows += fresh
    return rows


def summary(
    rows: list[dict[str, object]],
    motifs: Sequence[Motif],
    sets: dict[str, np.ndarray],
    spec: EnrichMotifsSpec,
    source: str,
) -> dict[str, object]:
    """Facts of the resource message Enrichment."""
    tests = [
        {
            "motif": row["motif"],
            "motif_name": row["name"],
            "set": name,
            "background": {"both": "ko" if name == "WT" else "wt"}.get(str(row["background"]), row["background"]),
            "mode": row["mode"],
            "pvalue": row[f"pvalue_{name.lower()}"],
            "qvalue": row[f"qvalue_{name.lower()}"],
            "pct_wt": row["pct_wt"],
            "pct_ko": row["pct_ko"],
        }
        for row in rows
        for name in ("WT", "KO")
        if row[f"pvalue_{name.lower()}"] is not None
    ]
    enriched = {s: {t["motif"] for t in tests if t["set"] == s and t["qvalue"] <= 0.05} for s in ("WT", "KO")}  # type: ignore[operator]
    top = sorted(tests, key=lambda test: (test["pvalue"], test["motif"]))[:50]
    return {
        "n_motifs": len(motifs),
        "n_wt": len(sets["WT"]),
        "n_ko": len(sets["KO"]),
        "n_rows": len(rows),
        "split": spec.split,
        "test": spec.test,
        "source": source,
        "n_enriched_wt": len(enriched["WT"]),
        "n_enriched_ko": len(enriched["KO"]),
        "top": top,
    }


def _rows(
    motifs: Sequence[Motif],
    matrices: Sequence[ScoreMatrix],
    hits: dict[str, Hits],
    comparison: Comparison,
    mode: str,
    outcome: Outcome,
    spec: EnrichMotifsSpec,
) -> list[dict[str, object]]:
    def count(name: str) -> npt.NDArray[np.int64]:
        return np.asarray((hits[name] >= outcome.threshold[:, None]).sum(axis=1))

    n_wt, n_ko, n_control = count("WT"), count("KO"), count(comparison.control)
    size = {name: scores.shape[1] for name, scores in hits.items()}
    qvalue = benjamini_hochberg(np.exp(outcome.log_p))
    suffix = comparison.tested.lower()
    rows = []
    for i, motif in enumerate(motifs):
        row: dict[str, object] = dict.fromkeys(ENRICHMENT_SCHEMA.names)
        row |= {
            "motif": motif.id,
            "name": motif.name,
            "consensus": motif.consensus(),
            "mode": mode,
            "tested": comparison.tested,
            "background": comparison.background,
            "threshold": float(outcome.threshold[i] * matrices[i].step),
            "threshold_unit": matrices[i].unit,
            "n_wt": int(n_wt[i]),
            "n_ko": int(n_ko[i]),
            "pct_wt": 100.0 * float(n_wt[i]) / size["WT"],
            "pct_ko": 100.0 * float(n_ko[i]) / size["KO"],
            f"n_background_{suffix}": int(n_control[i]),
            f"pct_background_{suffix}": 100.0 * float(n_control[i]) / size[comparison.control],
            f"pvalue_{suffix}": float(np.exp(outcome.log_p[i])),
            f"log10_pvalue_{suffix}": float(outcome.log_p[i] / np.log(10.0)),
            f"qvalue_{suffix}": float(qvalue[i]),
            "n_thresholds": int(outcome.n_thresholds[i]),
            "test": spec.test,
        }
        rows.append(row)
    return rows


def _sets(dataset: Dataset, split: str) -> dict[str, np.ndarray]:
    rows = dataset.split(split)
    sets = {}
    for name in ("WT", "KO"):
        chosen = rows[np.asarray(dataset.targets)[rows] == dataset.classes.index(name)]
        if len(chosen) == 0:
            raise UserError(
                Reason.EMPTY_SPLIT,
                f"split {split!r} holds no {name} sequence, so nothing can be tested; choose another split or 'all'",
                field="split",
                split=split,
                set=name,
            )
        sets[name] = np.asarray(dataset.codes[chosen])
    return sets


def _given(spec: EnrichMotifsSpec, inputs: Inputs) -> np.ndarray | None:
    if spec.background_fasta is None:
        return None
    path = inputs.file(spec.background_fasta)
    return read_fasta_codes(path, Path(spec.background_fasta.path or path).name)


def _motifs(spec: EnrichMotifsSpec, inputs: Inputs, out: Out) -> tuple[list[Motif], str, list[float | None]]:
    homer: list[float | None] = []
    if spec.motifs:
        artifact = inputs.artifact(spec.motifs)
        motifs, source = motifs_of_artifact(artifact, "motifs"), f"{artifact.kind}:{spec.motifs[:16]}"
    elif spec.motifs_file is not None:
        path = inputs.file(spec.motifs_file)
        motifs, homer = read_motifs(path), motif_thresholds(path)
        source = f"file {Path(spec.motifs_file.path or path).name} ({len(motifs)} matrices)"
    else:
        database = open_database(spec.database or DEFAULT_DATABASE)
        motifs, source = database.motifs, database.release
        out.tools["pyjaspar"] = database.packaged_by
    if not motifs:
        raise UserError(Reason.EMPTY_SET, f"{source} holds no motif to test", field="motifs")
    return motifs, source, homer


def _scan(batches: dict[str, np.ndarray], matrices: Sequence[ScoreMatrix], progress: Progress) -> dict[str, Hits]:
    total = sum(len(codes) for codes in batches.values())
    done = 0
    hits = {}
    for name, codes in batches.items():
        hits[name] = best_hits(codes, matrices, on_block=_reporter(progress, done, len(codes), total))
        done += len(codes)
        if (hits[name] == NO_HIT).all():
            progress.warn("NOTHING_SCANNED", f"no motif fits into the {name} sequences ({codes.shape[1]} bp)")
    return hits


def _reporter(progress: Progress, before: int, n: int, total: int) -> Callable[[int, int], None]:
    def report(block: int, blocks: int) -> None:
        progress.check_cancel()
        progress.update(before + n * block / max(blocks, 1), total, unit="sequences")

    return report
