"""Which filters moved away from the motifs they started as: CompareMotifs against the model they belong to.

A model that was started from motifs keeps them (``init_motifs.meme``) and says which filter got which
(``filters_init.parquet``). Its filters' matrices (kinds units, filters) compared with those motifs give q against the
filter's own start; above 0.05 the filter counts as changed (Novakovsky et al. 2023, Fig. 5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_databases import MotifDatabase, families_by_id
from cislex_core.motif_files import read_motifs
from cislex_core.tasks import Inputs

from cislex_motif.statistics import benjamini_hochberg

if TYPE_CHECKING:
    from cislex_motif.compare import Query
    from cislex_motif.tomtom import Alignments

CHANGED_ABOVE_Q = 0.05
MOTIFS, FILTERS = "init_motifs.meme", "filters_init.parquet"

# the ids that the explainer gives: s<seed>_u<unit>, s<seed>_f<filter>
_FILTER_ID = re.compile(r"(?:^|_)s(\d+)_[uf](\d+)$")

REFINEMENT = pa.schema(
    [
        ("query", pa.string()),
        ("seed", pa.int64()),
        ("filter", pa.int64()),
        ("initial_motif", pa.string()),
        ("initial_name", pa.string()),
        ("orientation", pa.string()),
        ("qvalue_before", pa.float64()),
        ("qvalue_after", pa.float64()),
        ("changed", pa.bool_()),
        ("best_motif", pa.string()),
        ("best_name", pa.string()),
        ("best_qvalue", pa.float64()),
    ]
)


def database_of(artifact: Artifact, meme_files: dict[str, str]) -> MotifDatabase:
    """The motifs of an artifact as a database. Raises INVALID_REQUEST for a model that started at random, and for an
    artifact without motifs.
    """
    name = MOTIFS if artifact.kind == "model" else meme_files[artifact.kind]
    short = artifact.digest[:16]
    if name not in artifact.names():
        raise UserError(
            Reason.INVALID_REQUEST,
            f"model {short} did not start from motifs (it has no {MOTIFS}); train it with init_database, "
            "init_motifs_file or init_motifs, or compare with a database",
            field="database_artifact",
        )
    path = artifact.path(name)
    motifs = read_motifs(path) if b"\nMOTIF " in path.read_bytes() else []
    if not motifs:
        raise UserError(
            Reason.EMPTY_SET, f"{artifact.kind} {short} holds no motif to compare with", field="database_artifact"
        )
    release = f"{artifact.kind} {short} ({len(motifs)} matrices)"
    return MotifDatabase(motifs, families_by_id([m.id for m in motifs]), release)


def check_same_model(model: Artifact, queries: Sequence[str], inputs: Inputs) -> None:
    """Raise INVALID_REQUEST when a query's filters are those of another model: their starts would be others'."""
    for i, digest in enumerate(queries):
        asked = (inputs.artifact(digest).manifest.spec or {}).get("model")
        if asked is not None and asked != model.digest:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"{digest[:16]} explains model {str(asked)[:16]}, not the model {model.digest[:16]} whose initial "
                "motifs are the database",
                field=f"queries[{i}]",
            )


def initial_of(queries: Sequence[Query], started: pa.Table) -> list[tuple[int, dict[str, object]]]:
    """(number of the query, its row of filters_init.parquet with ``seed``) of queries that are filters with a start."""
    rows = {row["filter"]: row for row in started.to_pylist()}
    found = []
    for i, query in enumerate(queries):
        match = _FILTER_ID.search(query.motif.id) if query.source.startswith(("units:", "filters:")) else None
        if match is not None and int(match[2]) in rows:
            found.append((i, {**rows[int(match[2])], "seed": int(match[1])}))
    return found


def refinement_table(
    queries: Sequence[Query],
    database: MotifDatabase,
    alignments: Alignments,
    before: Alignments,
    initial: Sequence[tuple[int, dict[str, object]]],
) -> pa.Table:
    """refinement.parquet. ``alignments``: queries × database; ``before``: initial motifs, one per row of ``initial``,
    × database. q is Benjamini–Hochberg over the database, as in matches.parquet.
    """
    column = {motif.id: t for t, motif in enumerate(database.motifs)}
    q_after, q_before = benjamini_hochberg(alignments.pvalue), benjamini_hochberg(before.pvalue)
    rows = []
    for n, (i, start) in enumerate(initial):
        own = column[str(start["motif_id"])]
        best = int(np.argmin(alignments.pvalue[i]))
        target = database.motifs[best]
        after = float(q_after[i, own])
        rows.append(
            {
                "query": queries[i].motif.id,
                "seed": start["seed"],
                "filter": start["filter"],
                "initial_motif": start["motif_id"],
                "initial_name": start["motif_name"],
                "orientation": start["orientation"],
                "qvalue_before": float(q_before[n, own]),
                "qvalue_after": after,
                "changed": not after <= CHANGED_ABOVE_Q,
                "best_motif": target.id,
                "best_name": target.name or database.family_of(target.id).name,
                "best_qvalue": float(q_after[i, best]),
            }
        )
    return pa.Table.from_pylist(rows, schema=REFINEMENT)
