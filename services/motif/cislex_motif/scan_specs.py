"""Specs of ScoreMotifs, ScanMotifs and GroupMotifs: every field with its default, unit and bounds.

Read by API processes, so nothing heavy is imported here. Field names equal those of the proto messages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator

from cislex_motif.compare_specs import DatabaseName, MotifSource

Split = Literal["train", "validation", "test", "all"]


class MotifSourcesSpec(TaskSpec):
    """Where motifs come from: artifacts, one motif file, one packaged release; any of them together."""

    sources: list[MotifSource] = Field(default_factory=list)
    """Artifacts of a kind that holds motifs: motifs, clusters, filters, units, families, matches, enrichment."""
    motif_file: InputRef | None = None
    """A motif file: MEME, JASPAR, HOMER or TRANSFAC."""

    @model_validator(mode="after")
    def _some_source(self) -> MotifSourcesSpec:
        database = getattr(self, "database", "")
        if not (self.sources or self.motif_file is not None or database):
            raise ValueError("give motifs: sources (artifacts), motif_file or, where there is one, database")
        if len(set(self.sources)) != len(self.sources):
            raise ValueError("sources names an artifact twice; name each once")
        return self


class ScoreMotifsSpec(MotifSourcesSpec):
    """How well each motif alone tells a dataset's sequences apart, by its best hit on either strand."""

    dataset: Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
    split: Split = "test"
    """Rows that are judged."""
    select_split: Literal["none", "train", "validation", "test", "all"] = "validation"
    """Rows that choose the best motif of a source; none = the judged rows choose as well (optimistic)."""
    output: str = ""
    """Class (class_index) or task (multilabel, regression) that is positive; empty = WT, or the only task."""
    database: DatabaseName = ""
    """Packaged release and taxon whose motifs are scored too; empty = none."""
    background: Literal["uniform", "sequences"] = "uniform"
    """Of the log-odds: 0.25 each, or the letter frequencies of the judged rows."""
    pseudocount: float = Field(default=0.1, gt=0.0, le=10.0)
    """Added to the motif's counts, split by the background, before log-odds."""


class ScanMotifsSpec(MotifSourcesSpec):
    """All hits of motifs in sequences, as FIMO finds them."""

    dataset: Annotated[ArtifactDigest, NamesArtifact(("dataset",))] | None = None
    split: Split = "all"
    """Rows of ``dataset`` that are scanned."""
    fasta: InputRef | None = None
    """A FASTA file that is scanned instead of a dataset; sequences of any length."""
    database: DatabaseName = ""
    """Packaged release and taxon whose motifs are scanned for too; empty = none."""
    background: Literal["nonredundant", "uniform", "sequences", "given"] = "nonredundant"
    """nonredundant = FIMO's default, of a non-redundant DNA database; sequences = of what is scanned; given = below."""
    background_frequencies: list[Annotated[float, Field(gt=0.0, lt=1.0)]] = Field(default_factory=list)
    """A, C, G, T for background given; they must sum to 1."""
    both_strands: bool = True
    threshold: float = Field(default=1.0e-4, gt=0.0, le=1.0)
    """A hit's ``threshold_on`` value is below this, as FIMO's --thresh."""
    threshold_on: Literal["pvalue", "qvalue"] = "pvalue"
    qvalue_method: Literal["bh", "storey", "none"] = "bh"
    """bh = Benjamini–Hochberg over all positions of a motif; storey = times the share of true nulls; none = no q."""
    pseudocount: float = Field(default=0.1, gt=0.0, le=10.0)
    max_hits: int = Field(default=5_000_000, ge=1, le=100_000_000)
    """More hits than this are an error: 20 bytes of memory each."""

    @model_validator(mode="after")
    def _consistent(self) -> ScanMotifsSpec:
        if (self.dataset is None) == (self.fasta is None):
            raise ValueError("give dataset or fasta, and only one of them")
        if (self.background == "given") != bool(self.background_frequencies):
            raise ValueError("background given and background_frequencies go together")
        given = self.background_frequencies
        if given and (len(given) != 4 or abs(sum(given) - 1.0) > 1e-3):
            raise ValueError("background_frequencies are four shares, A C G T, that sum to 1")
        if self.threshold_on == "qvalue" and self.qvalue_method == "none":
            raise ValueError("threshold_on qvalue needs a qvalue_method: bh or storey")
        return self


class GroupMotifsSpec(MotifSourcesSpec):
    """Families of alike motifs over seeds, folds and artifacts: a consensus each, and how often it came back."""

    similarity: Literal["correlation", "tomtom"] = "correlation"
    """correlation = of the aligned matrices, −1 to 1; tomtom = p of the native Tomtom (ed) among these motifs."""
    min_similarity: float = Field(default=0.75, gt=0.0, lt=1.0)
    """Cut of the tree for correlation: the mean similarity at which two families still join."""
    max_pvalue: float = Field(default=1.0e-4, gt=0.0, lt=1.0)
    """Cut of the tree for tomtom: the (geometric) mean p at which two families still join."""
    min_overlap: int = Field(default=5, ge=1, le=50)
    """Columns that must overlap, or all where a motif is shorter."""
    weighting: Literal["information", "sites", "equal"] = "information"
    """What a member's matrix weighs in the consensus: its bits, its sites, or 1."""
    replicates: Literal["auto", "artifact", "seed"] = "auto"
    """What counts as one run: auto = artifact and seed (id prefix ``s<seed>_``) where ids have one; artifact; seed."""
    trim_bits: float = Field(default=0.1, ge=0.0, le=2.0)
    """Flanks of a consensus with less information than this are cut; 0 = none."""
    max_motifs: int = Field(default=5000, ge=1, le=10_000)
    """More motifs than this are an error: memory grows with their square."""


SCAN_SPECS: dict[str, TaskInfo] = {
    "motif.ScoreMotifs": TaskInfo(spec=ScoreMotifsSpec, kind="scores"),
    "motif.ScanMotifs": TaskInfo(spec=ScanMotifsSpec, kind="hits"),
    "motif.GroupMotifs": TaskInfo(spec=GroupMotifsSpec, kind="families"),
}
