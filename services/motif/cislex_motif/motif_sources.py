"""The motifs of several sources side by side, each remembering where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_databases import open_database
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.tasks import Inputs

from cislex_motif.compare import motifs_of_artifact
from cislex_motif.scan_specs import MotifSourcesSpec

_RANKS = {"units": ("units.parquet", "unit_id"), "filters": ("filters.parquet", "filter_id")}


@dataclass(frozen=True)
class SourcedMotif:
    """A motif and its source.

    source: ``units:<16 hex>``, ``file:<name>`` or the release. source_kind: the artifact's kind, ``file``,
    ``database``. unit_rank: rank by importance in its model, from 1, where the source says one.
    """

    motif: Motif
    source: str
    source_kind: str
    unit_rank: int | None = None


def sourced_motifs(spec: MotifSourcesSpec, inputs: Inputs, database: str = "") -> list[SourcedMotif]:
    """All motifs of the spec's sources, in its order. Raises EMPTY_SET where there is none, ARTIFACT_KIND,
    INVALID_MOTIF_FILE.
    """
    found: list[SourcedMotif] = []
    for digest in spec.sources:
        artifact = inputs.artifact(digest)
        ranks = _ranks(artifact)
        source = f"{artifact.kind}:{digest[:16]}"
        found += [
            SourcedMotif(motif, source, artifact.kind, ranks.get(motif.id))
            for motif in motifs_of_artifact(artifact, "sources")
        ]
    if spec.motif_file is not None:
        path = inputs.file(spec.motif_file)
        name = Path(spec.motif_file.path).name if spec.motif_file.path else path.name
        found += [SourcedMotif(motif, f"file:{name}", "file") for motif in read_motifs(path)]
    if database:
        found += [SourcedMotif(motif, database, "database") for motif in open_database(database).motifs]
    if not found:
        raise UserError(
            Reason.EMPTY_SET, "the sources hold no motif; name an artifact that found some, or a file", field="sources"
        )
    return found


def unique_ids(motifs: list[SourcedMotif]) -> list[str]:
    """An id for each, of its own among all of them: ``<source>_<id>`` where an id comes more than once."""
    ids = [m.motif.id for m in motifs]
    several = {name for name in ids if ids.count(name) > 1} if len(set(ids)) < len(ids) else set()
    return [f"{m.source.replace(':', '_')}_{m.motif.id}" if m.motif.id in several else m.motif.id for m in motifs]


def _ranks(artifact: Artifact) -> dict[str, int]:
    if artifact.kind not in _RANKS:
        return {}
    name, key = _RANKS[artifact.kind]
    table = artifact.table(name)
    if "rank" not in table.column_names or key not in table.column_names:
        return {}
    pairs = zip(table[key].to_pylist(), table["rank"].to_pylist(), strict=True)
    return {unit: int(rank) for unit, rank in pairs if rank is not None}
