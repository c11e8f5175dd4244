"""What a request to the encoder may say. Field names equal the proto's; all defaults live here.

Defaults that hang on another field (``pad`` and the validation set on ``protocol``) are filled in when the spec is
validated or named where they are used, so that equal work has equal digests.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, field_validator, model_validator

from cislex_encoder.import_specs import IMPORT_SPECS

PeaksRef = Annotated[ArtifactDigest, NamesArtifact(("peaks", "simulation"))]
GenomeRef = Annotated[ArtifactDigest, NamesArtifact(("genome",))]


class RegisterGenomeSpec(TaskSpec):
    """A genome's identity: names, lengths, sequence digests."""

    fasta: InputRef
    alias_table: InputRef | None = None


class LabelPeaksSpec(TaskSpec):
    """Two peak sets out of a count table, a table of differential accessibility, or two BED files."""

    counts: InputRef | None = None
    differential: InputRef | None = None
    wt: InputRef | None = None
    ko: InputRef | None = None
    definition: Literal["unchanged", "specific"] = "unchanged"
    wt_columns: list[str] = Field(default_factory=list)
    ko_columns: list[str] = Field(default_factory=list)
    log2fc_column: str = ""
    padj_column: str = ""
    contrast: Literal["ko_over_wt", "wt_over_ko"] = "ko_over_wt"
    normalization: Literal["none", "cpm"] = "none"
    ko_min_log2fc: float = Field(default=1.0, ge=0)
    wt_max_abs_log2fc: float = Field(default=0.2, ge=0)
    wt_max_log2fc: float = Field(default=-1.0, le=0)
    wt_min_count: float = Field(default=10.0, ge=0)
    max_padj: float = Field(default=0.05, gt=0, le=1)
    pseudocount: float = Field(default=1.0, gt=0)
    coordinate_base: Literal[0, 1] = 0

    @model_validator(mode="after")
    def _one_source(self) -> LabelPeaksSpec:
        beds = self.wt is not None or self.ko is not None
        given = [self.counts is not None, self.differential is not None, beds]
        if sum(given) != 1 or (beds and (self.wt is None or self.ko is None)):
            raise ValueError("give exactly one source: counts, or differential, or both wt and ko")
        return self


class BuildDatasetSpec(TaskSpec):
    """Windows of two peak sets, or two sets of ready sequences, encoded, cleaned, balanced and split."""

    genome: InputRef | None = None
    wt: InputRef | None = None
    ko: InputRef | None = None
    wt_fasta: InputRef | None = None
    ko_fasta: InputRef | None = None
    peaks: PeaksRef | None = None
    window_bp: int | None = Field(default=None, ge=8, le=1_000_000)
    test_chroms: list[str] = Field(default_factory=list)
    validation_chroms: list[str] = Field(default_factory=list)
    split_by: Literal["chromosome", "random", "stratified"] = "chromosome"
    alias: Literal["none", "auto"] = "none"
    alias_table: InputRef | None = None
    max_unknown_fraction: float = Field(default=0.1, ge=0, le=1)
    blacklist: InputRef | None = None
    balance: bool = True
    max_per_class: int | None = Field(default=None, ge=1)
    seed: int = Field(default=42, ge=0, le=2**32 - 1)
    max_n_fraction: float = Field(default=0.1, ge=0, le=1)
    pad: Literal["center", "end"] | None = None
    conflict_distance_bp: int | None = Field(default=None, ge=0)
    min_distance_bp: int = Field(default=0, ge=0)
    coordinate_base: Literal[0, 1] = 0
    protocol: Literal["default", "paper"] = "default"
    test_fraction: float = Field(default=0.15, gt=0, lt=1)
    validation_fraction: float | None = Field(default=None, gt=0, lt=1)

    @field_validator("window_bp")
    @classmethod
    def _even(cls, value: int | None) -> int | None:
        if value is not None and value % 2:
            raise ValueError(f"the window must be even, it reaches as far left as right of the summit; try {value + 1}")
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> BuildDatasetSpec:
        beds = (self.wt is not None, self.ko is not None)
        fastas = (self.wt_fasta is not None, self.ko_fasta is not None)
        sources = [any(beds), any(fastas), self.peaks is not None]
        if sum(sources) != 1 or (any(beds) and not all(beds)) or (any(fastas) and not all(fastas)):
            raise ValueError(
                "give exactly one source: wt and ko, or wt_fasta and ko_fasta, or peaks; one class is not enough"
            )
        if any(beds) and self.genome is None:
            raise ValueError("genome is needed: windows are cut out of it")
        both = sorted(set(self.test_chroms) & set(self.validation_chroms))
        if both:
            raise ValueError(f"{', '.join(both)} named for test and for validation; a chromosome belongs to one split")
        if self.split_by == "stratified":  # a random split is stratified by class here
            self.split_by = "random"
        if self.test_fraction + (self.validation_fraction or 0) >= 1:
            raise ValueError("test_fraction and validation_fraction leave nothing to train on; together below 1")
        if self.pad is None:
            self.pad = "end" if self.protocol == "paper" else "center"
        return self


class SimulateSpec(TaskSpec):
    """A small genome with two peak sets whose planted motifs are known."""

    seed: int = Field(default=42, ge=0, le=2**32 - 1)
    n_wt: int = Field(default=1200, ge=1, le=1_000_000)
    n_ko: int = Field(default=1200, ge=1, le=1_000_000)
    window_bp: int = Field(default=200, ge=60, le=10_000, multiple_of=2)
    n_chroms: int = Field(default=8, ge=3, le=100)
    gc_content: float = Field(default=0.45, ge=0.2, le=0.8)
    motif_share: float = Field(default=0.95, ge=0, le=1)
    common_share: float = Field(default=0.5, ge=0, le=1)
    max_offset_bp: int | None = Field(default=None, ge=0)


SPECS: dict[str, TaskInfo] = {
    "encoder.RegisterGenome": TaskInfo(spec=RegisterGenomeSpec, kind="genome"),
    "encoder.LabelPeaks": TaskInfo(spec=LabelPeaksSpec, kind="peaks"),
    "encoder.BuildDataset": TaskInfo(spec=BuildDatasetSpec, kind="dataset", version=2),
    "encoder.Simulate": TaskInfo(spec=SimulateSpec, kind="simulation"),
    **IMPORT_SPECS,
}
