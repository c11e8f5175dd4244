"""CompareMotifs: which known motif does each query resemble, how surely, and whose factor is it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_databases import MotifDatabase, open_database, with_family_table
from cislex_core.motif_files import read_motifs, write_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import InputRef, Inputs, Out, Progress

from cislex_motif import refinement, tomtom, tomtom_memelite, tomtom_program
from cislex_motif.compare_specs import DEFAULT_DATABASE, CompareMotifsSpec
from cislex_motif.statistics import benjamini_hochberg, evalues

MEME_FILES = {
    "motifs": "motifs.meme",
    "clusters": "clusters.meme",
    "filters": "filters.meme",
    "matches": "queries.meme",
    "enrichment": "motifs.meme",
    "units": "units.meme",
    "families": "families.meme",
}

MATCH_SCHEMA = pa.schema(
    [
        ("query", pa.string()),
        ("query_source", pa.string()),
        ("target", pa.string()),
        ("target_name", pa.string()),
        ("tf_family", pa.string()),
        ("tf_class", pa.string()),
        ("pvalue", pa.float64()),
        ("evalue", pa.float64()),
        ("qvalue", pa.float64()),
        ("offset", pa.int64()),
        ("overlap", pa.int64()),
        ("orientation", pa.string()),
        ("query_consensus", pa.string()),
        ("target_consensus", pa.string()),
        ("rank", pa.int64()),
        ("significant", pa.bool_()),
    ]
)


@dataclass(frozen=True)
class Query:
    """A motif to be named and where it comes from (``filters:<16 hex>`` or a file's name)."""

    motif: Motif
    source: str


def run_compare(spec: CompareMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task: read, compare, write. See ``compare`` for the computation."""
    database = _database(spec, inputs)
    queries = trimmed(_queries(spec, inputs), spec.trim_bits, progress)
    if len(database.motifs) < tomtom.FEW_TARGETS:
        progress.warn(
            "FEW_TARGETS",
            f"{database.release}: with fewer than {tomtom.FEW_TARGETS} targets p-values are rough, because chance is "
            "judged by the targets themselves",
        )
    motifs = [q.motif for q in queries]
    if not motifs:
        # No motif found is a result of the steps before, and nothing named is one of this.
        progress.warn("NO_QUERY", "no motif was found, so there is none to name")
    alignments = _align(motifs, database, spec, out, progress)
    if database.packaged_by:
        out.tools["pyjaspar"] = database.packaged_by
    table = match_table(queries, database, alignments, spec)
    out.kind = "matches"
    out.write_table("matches.parquet", table)
    write_motifs(out.path("queries.meme"), motifs)
    shown = set(table["target"].to_pylist())
    write_motifs(out.path("targets.meme"), [m for m in database.motifs if m.id in shown])
    out.semantics = {
        "distance": spec.distance,
        "engine": spec.engine,
        "min_overlap": spec.min_overlap,
        "motif_pseudocount": tomtom.MOTIF_PSEUDOCOUNT,
        "trim_bits": spec.trim_bits,
        "n_targets": len(database.motifs),
        "evalue": "pvalue * n_targets",
        "qvalue": "Benjamini-Hochberg over the targets of one query",
        "offset": "position of the query's first column in the target as oriented, 0-based",
        "target_consensus": "of the target as oriented",
        "significant": f"{spec.threshold_on} <= {spec.threshold:g}",
        "database": database.release,
    }
    out.summary = {
        **summary(queries, database, table, spec),
        **_refinement(queries, database, alignments, spec, inputs, out, progress),
    }


def _align(
    motifs: list[Motif], database: MotifDatabase, spec: CompareMotifsSpec, out: Out, progress: Progress
) -> tomtom.Alignments:
    if not motifs:
        alignments = tomtom.align_all([], database.motifs)
    elif spec.engine == "tomtom":
        alignments, tool_version = tomtom_program.align_all(
            motifs, database.motifs, spec.distance, spec.min_overlap, progress.scratch_dir, progress.check_cancel
        )
        out.tools["tomtom"] = tool_version
    elif spec.engine == "memelite":
        alignments, tool_version = tomtom_memelite.align_all(motifs, database.motifs)
        out.tools["memelite"] = tool_version
        progress.message("memelite compares over all offsets: min_overlap and pseudocounts are not applied")
    else:
        on_query = _reporter(progress, len(motifs))
        alignments = tomtom.align_all(motifs, database.motifs, spec.distance, spec.min_overlap, on_query=on_query)
    progress.update(len(motifs), len(motifs), unit="queries")
    return alignments


def _refinement(
    queries: Sequence[Query],
    database: MotifDatabase,
    alignments: tomtom.Alignments,
    spec: CompareMotifsSpec,
    inputs: Inputs,
    out: Out,
    progress: Progress,
) -> dict[str, int]:
    """Write refinement.parquet where the database is the start of a model's filters; answers the summary's counts."""
    if spec.database_artifact is None:
        return {}
    model = inputs.artifact(spec.database_artifact)
    if model.kind != "model":
        return {}
    refinement.check_same_model(model, spec.queries, inputs)
    initial = refinement.initial_of(queries, model.table(refinement.FILTERS))
    by_id = {motif.id: motif for motif in database.motifs}
    progress.message("comparing the initial motifs with one another")
    before = _align([by_id[str(row["motif_id"])] for _, row in initial], database, spec, out, progress)
    table = refinement.refinement_table(queries, database, alignments, before, initial)
    out.write_table("refinement.parquet", table)
    n_changed = sum(table["changed"].to_pylist())
    progress.message(f"{n_changed} of {table.num_rows} filters no longer resemble the motif they started as")
    return {"n_initialised": table.num_rows, "n_changed": n_changed}


def match_table(
    queries: Sequence[Query], database: MotifDatabase, alignments: tomtom.Alignments, spec: CompareMotifsSpec
) -> pa.Table:
    """matches.parquet: per query all significant targets and at least the ``top_n`` best, by rank.

    Rank is by p, then by larger overlap, then by target id, from 1. E = p × targets; q = Benjamini–Hochberg over the
    targets of one query, both computed before any row is left out.
    """
    p = alignments.pvalue
    e, q = evalues(p, len(database.motifs)), benjamini_hochberg(p)
    significant = {"pvalue": p, "evalue": e, "qvalue": q}[spec.threshold_on] <= spec.threshold
    id_order = np.argsort(np.argsort(np.array([m.id for m in database.motifs])))
    forward = [m.consensus() for m in database.motifs]
    backward = [m.reverse_complement().consensus() for m in database.motifs]
    columns: dict[str, list[object]] = {name: [] for name in MATCH_SCHEMA.names}
    for i, query in enumerate(queries):
        order = np.lexsort((id_order, -alignments.overlap[i], p[i]))
        kept = max(spec.top_n, int(significant[i].sum()))
        consensus = query.motif.consensus()
        for rank, t in enumerate(order[:kept].tolist(), start=1):
            target, family = database.motifs[t], database.family_of(database.motifs[t].id)
            reverse = bool(alignments.reverse[i, t])
            row = (
                query.motif.id, query.source, target.id, target.name or family.name, family.family, family.tf_class,
                float(p[i, t]), float(e[i, t]), float(q[i, t]), int(alignments.offset[i, t]),
                int(alignments.overlap[i, t]), "-" if reverse else "+", consensus,
                backward[t] if reverse else forward[t], rank, bool(significant[i, t]),
            )  # fmt: skip
            for name, value in zip(MATCH_SCHEMA.names, row, strict=True):
                columns[name].append(value)
    return pa.table(columns, schema=MATCH_SCHEMA)


def summary(
    queries: Sequence[Query], database: MotifDatabase, table: pa.Table, spec: CompareMotifsSpec
) -> dict[str, object]:
    """Facts of the resource message MatchSet; the best match of each query, at most 200 of them."""
    best = [row for row in table.to_pylist() if row["rank"] == 1]
    keys = ("query", "target", "target_name", "tf_family", "pvalue", "evalue", "qvalue", "significant")
    return {
        "n_queries": len(queries),
        "n_targets": len(database.motifs),
        "n_matched": sum(bool(row["significant"]) for row in best),
        "n_rows": table.num_rows,
        "database": database.release,
        "distance": spec.distance,
        "engine": spec.engine,
        "best": [{key: row[key] for key in keys} for row in best[:200]],
    }


def motifs_of_artifact(artifact: Artifact, field: str = "queries") -> list[Motif]:
    """The motifs of an artifact of a kind that holds some. Raises ARTIFACT_KIND for another."""
    name = MEME_FILES.get(artifact.kind)
    if name is None:
        raise UserError(
            Reason.ARTIFACT_KIND,
            f"artifact {artifact.digest[:16]} is of kind {artifact.kind!r}; motifs are in {', '.join(MEME_FILES)}",
            field=field,
            kind=artifact.kind,
        )
    path = artifact.path(name)
    # A set without a motif is a result ("none found"), and its file has no MOTIF line.
    return read_motifs(path) if b"\nMOTIF " in path.read_bytes() else []


def trimmed(queries: Sequence[Query], min_bits: float, progress: Progress) -> list[Query]:
    """The queries that are compared: flanks below ``min_bits`` cut, ids made unique across sources."""
    seen: set[str] = set()
    ready = []
    for query in queries:
        motif = query.motif.trim(min_bits) if min_bits > 0 else query.motif
        if motif.id in seen:
            prefix = query.source.replace(":", "_")
            motif = motif.renamed(f"{prefix}_{motif.id}", motif.name)
        if motif.id in seen:
            progress.warn("DUPLICATE_QUERY", f"{motif.id} of {query.source} was given twice and is compared once")
            continue
        seen.add(motif.id)
        ready.append(Query(motif, query.source))
    return ready


def _queries(spec: CompareMotifsSpec, inputs: Inputs) -> list[Query]:
    queries = []
    for digest in spec.queries:
        artifact = inputs.artifact(digest)
        source = f"{artifact.kind}:{digest[:16]}"
        queries += [Query(m, source) for m in motifs_of_artifact(artifact)]
    if spec.query_file is not None:
        path = inputs.file(spec.query_file)
        queries += [Query(m, f"file:{_label(spec.query_file, path)}") for m in read_motifs(path)]
    return queries


def _database(spec: CompareMotifsSpec, inputs: Inputs) -> MotifDatabase:
    table = inputs.file(spec.family_table) if spec.family_table is not None else None
    if spec.database_artifact is not None:
        database = refinement.database_of(inputs.artifact(spec.database_artifact), MEME_FILES)
        return with_family_table(database, table)
    if spec.database_file is None:
        return open_database(spec.database or DEFAULT_DATABASE, family_table=table)
    path = inputs.file(spec.database_file)
    return open_database(path=path, family_table=table, label=_label(spec.database_file, path))


def _label(ref: InputRef, path: Path) -> str:
    # The store keeps files under their digest; people know them by the name they gave.
    return Path(ref.path).name if ref.path else path.name


def _reporter(progress: Progress, total: int) -> Callable[[int], None]:
    def report(done: int) -> None:
        progress.check_cancel()
        progress.update(done, total, unit="queries")

    return report
