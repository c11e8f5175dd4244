"""Specs of CompareMotifs and EnrichMotifs: every field with its default, unit and bounds.

Read by API processes, so nothing heavy is imported here. Field names equal those of the proto messages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.motif_databases import DatabaseName
from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator

Distance = Literal["ed", "pearson", "allr", "kullback", "sandelin", "blic1", "llr1", "blic5", "llr5"]
Background = Literal["both", "ko", "wt", "shuffled", "given"]
Mode = Literal["fixed", "best"]

MOTIF_KINDS = ("motifs", "clusters", "filters", "matches", "enrichment", "units", "families")
DATABASE_KINDS = ("model", "motifs", "clusters", "filters", "units", "families")
MotifSource = Annotated[ArtifactDigest, NamesArtifact(MOTIF_KINDS)]

DEFAULT_DATABASE = "jaspar2024-vertebrates"


class CompareMotifsSpec(TaskSpec):
    """Compare query motifs with a database of known motifs (the Tomtom method; docs/methods.md).

    Queries are the motifs of the named artifacts (kinds motifs, clusters, filters, units, families: their
    ``*.meme`` file), or of one
    motif file; at least one of the two. The database is a packaged JASPAR release by name, or a motif file.
    """

    queries: list[MotifSource] = Field(default_factory=list)
    query_file: InputRef | None = None
    database: DatabaseName = ""
    """Packaged release and taxon such as ``jaspar2024-fungi``; empty = jaspar2024-vertebrates."""
    database_file: InputRef | None = None
    """A motif file instead of ``database``: MEME, JASPAR, HOMER or TRANSFAC."""
    database_artifact: Annotated[ArtifactDigest, NamesArtifact(DATABASE_KINDS)] | None = None
    """Motifs of an artifact instead: of a model, those its filters started as (then refinement.parquet is written)."""
    family_table: InputRef | None = None
    """TSV with columns matrix_id, name, tf_family, tf_class; without it pyjaspar's annotation is looked up."""
    distance: Distance = "ed"
    engine: Literal["native", "memelite", "tomtom"] = "native"
    min_overlap: int = Field(default=5, ge=1, le=50)
    """Columns that must overlap (fewer where the query or the target is shorter), as Tomtom's -min-overlap."""
    trim_bits: float = Field(default=0.0, ge=0.0, le=2.0)
    """Flanking query columns with less information than this (bits) are cut before comparing; 0 = no trimming."""
    threshold: float = Field(default=0.05, gt=0.0, le=1.0e6)
    """A match is significant when its ``threshold_on`` value is at most this."""
    threshold_on: Literal["qvalue", "evalue", "pvalue"] = "qvalue"
    top_n: int = Field(default=10, ge=1, le=100_000)
    """Rows kept per query beside all significant ones."""

    @model_validator(mode="after")
    def _one_database(self) -> CompareMotifsSpec:
        given = [n for n in ("database", "database_file", "database_artifact") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(f"give one database, not {' and '.join(given)}")
        if not self.queries and self.query_file is None:
            raise ValueError(
                "give queries (artifacts of kind motifs, clusters, filters, units or families) or query_file"
            )
        if self.engine == "memelite" and self.distance != "ed":
            raise ValueError(f"engine memelite knows distance ed only, not {self.distance}; use engine native")
        return self


class EnrichMotifsSpec(TaskSpec):
    """Known-motif enrichment of a dataset's WT and KO sequences, zero or one hit per sequence (docs/methods.md).

    The motifs come from exactly one of: ``motifs`` (an artifact of kind motifs, clusters, filters or matches),
    ``motifs_file``, or ``database``.
    """

    dataset: Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
    split: Literal["train", "validation", "test", "all"] = "test"
    motifs: MotifSource | None = None
    motifs_file: InputRef | None = None
    database: DatabaseName = ""
    """Packaged release and taxon such as ``jaspar2024-vertebrates``: the default when no motifs are named."""
    background: list[Background] = Field(default_factory=lambda: ["both", "shuffled"])  # type: ignore[arg-type]
    """What the sets are tested against: both = each against the other; ko = WT against KO only; wt = KO against WT
    only; shuffled = each against its own dinucleotide shuffles; given = each against ``background_fasta``."""
    background_fasta: InputRef | None = None
    mode: list[Mode] = Field(default_factory=lambda: ["fixed", "best"])  # type: ignore[arg-type]
    """fixed = one score threshold per motif; best = the threshold with the smallest p, corrected for the choice."""
    threshold_pvalue: float = Field(default=1.0e-4, gt=0.0, le=0.1)
    """Fixed mode: the score whose exact chance per position and strand is at most this."""
    homer_wt: InputRef | None = None
    """knownResults.txt of HOMER's findMotifs.pl on the WT set, to be put beside our numbers (homer.parquet)."""
    homer_ko: InputRef | None = None
    """The same of the KO set."""
    use_homer_thresholds: bool = True
    """Fixed mode: a HOMER motif file's own log-odds threshold is used where it gives one."""
    test: Literal["fisher", "binomial", "hypergeometric"] = "fisher"
    n_shuffles: int = Field(default=1, ge=1, le=100)
    """Shuffled copies of each sequence."""
    pseudocount: float = Field(default=0.1, gt=0.0, le=10.0)
    """Added to the motif's counts, split by the background frequencies, before log-odds."""
    seed: int = Field(default=42, ge=0)

    @model_validator(mode="after")
    def _consistent(self) -> EnrichMotifsSpec:
        named = [n for n in ("motifs", "motifs_file", "database") if getattr(self, n)]
        if len(named) > 1:
            raise ValueError(f"give one source of motifs, not {' and '.join(named)}")
        if not self.background or len(set(self.background)) != len(self.background):
            raise ValueError("background names each of both, ko, wt, shuffled, given at most once, and at least one")
        if not self.mode or len(set(self.mode)) != len(self.mode):
            raise ValueError("mode names fixed, best or both, each once")
        if ("given" in self.background) != (self.background_fasta is not None):
            raise ValueError("background 'given' and background_fasta go together")
        return self


COMPARE_SPECS: dict[str, TaskInfo] = {
    "motif.CompareMotifs": TaskInfo(spec=CompareMotifsSpec, kind="matches", version=2),
    "motif.EnrichMotifs": TaskInfo(spec=EnrichMotifsSpec, kind="enrichment"),
}
