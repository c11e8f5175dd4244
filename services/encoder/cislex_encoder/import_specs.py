"""What ImportDataset, SampleNegatives and SimulateDataset may be asked. Field names equal the proto's.

Defaults that hang on the source (``collapse_duplicates``, ``drop_conflicts``) or on what the rows name (``split_by``)
are filled in when the spec is validated, or stay None and are decided, and recorded, when the files have been read.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import BaseModel, ConfigDict, Field, model_validator

DatasetRef = Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
SplitName = Literal["train", "validation", "test"]
CLASS_SOURCES = ("fasta", "fastq", "regions")
TABLE_SOURCES = ("matrix", "anndata", "one_hot")
SOURCES = (*CLASS_SOURCES, "pbm", *TABLE_SOURCES)


class NamedFile(BaseModel):
    """One file of several: a class, a sequencing cycle, an array; ``split`` puts all its rows into one split."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(min_length=1, max_length=200)
    file: InputRef
    split: SplitName | None = None


class ImportDatasetSpec(TaskSpec):
    """A dataset from sequences by class, reads, probes, or a matrix of targets over regions or sequences."""

    fasta: list[NamedFile] = Field(default_factory=list)
    fastq: list[NamedFile] = Field(default_factory=list)
    regions: list[NamedFile] = Field(default_factory=list)
    pbm: list[NamedFile] = Field(default_factory=list)
    matrix: InputRef | None = None
    anndata: InputRef | None = None
    one_hot: InputRef | None = None
    targets: InputRef | None = None
    task_names: InputRef | None = None
    row_names: InputRef | None = None
    genome: InputRef | None = None
    window_bp: int | None = Field(default=None, ge=8, le=1_000_000)
    target_type: Literal["multilabel", "regression"] | None = None
    tasks: list[str] = Field(default_factory=list)
    metadata: InputRef | None = None
    task_groups: InputRef | None = None
    group_column: str = ""
    cluster_column: str = ""
    regions_axis: Literal["obs", "var"] | None = None
    layer: str = ""
    binarize: bool = False
    channel_order: str = "ACGT"
    drop_unresolved_tasks: bool = False
    drop_one_class_tasks: bool = False
    resolved_only: bool = False
    clip_left_bp: int = Field(default=0, ge=0, le=10_000)
    clip_right_bp: int = Field(default=0, ge=0, le=10_000)
    max_n_fraction: float = Field(default=0.1, ge=0, le=1)
    collapse_duplicates: bool | None = None
    drop_conflicts: bool | None = None
    pad: Literal["center", "end"] = "center"
    alias: Literal["none", "auto"] = "none"
    alias_table: InputRef | None = None
    max_unknown_fraction: float = Field(default=0.1, ge=0, le=1)
    blacklist: InputRef | None = None
    coordinate_base: Literal[0, 1] = 0
    sequence_column: str = ""
    intensity_column: str = ""
    flag_column: str = ""
    normalization: Literal["none", "quantile_uniform", "quantile_normal", "log2"] = "quantile_uniform"
    split_by: Literal["chromosome", "random", "stratified", "given"] | None = None
    test_chroms: list[str] = Field(default_factory=list)
    validation_chroms: list[str] = Field(default_factory=list)
    test_fraction: float = Field(default=0.1, ge=0, lt=1)
    validation_fraction: float = Field(default=0.1, ge=0, lt=1)
    split_column: str = ""
    max_rows: int | None = Field(default=None, ge=1)
    seed: int = Field(default=42, ge=0, le=2**32 - 1)

    @property
    def source(self) -> str:
        """The one source that is given."""
        return next(name for name in SOURCES if getattr(self, name))

    @property
    def files(self) -> list[NamedFile]:
        """The files of a source that has several; else empty."""
        value = getattr(self, self.source)
        return value if isinstance(value, list) else []

    @model_validator(mode="after")
    def _one_source(self) -> ImportDatasetSpec:
        given = [name for name in SOURCES if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give exactly one source of {', '.join(SOURCES)}; given: {', '.join(given) or 'none'}")
        source = given[0]
        if source == "one_hot" and self.targets is None:
            raise ValueError("targets is needed with one_hot: an array (sequences, tasks)")
        if source == "regions" and self.genome is None:
            raise ValueError("genome is needed with regions: windows are cut out of it")
        if source == "anndata" and self.genome is None:
            raise ValueError("genome is needed with anndata: windows are cut out of it")
        if source in CLASS_SOURCES:
            names = [item.name for item in self.files]
            if len(set(names)) < len(names) and not any(item.split for item in self.files):
                raise ValueError(f"two files of {source} have one name; a name is a class, or give each file its split")
        if sorted(self.channel_order) != sorted("ACGT"):
            raise ValueError("channel_order must hold A, C, G and T once each, in the order of the array's channels")
        return self

    @model_validator(mode="after")
    def _splits(self) -> ImportDatasetSpec:
        if self.test_fraction + self.validation_fraction >= 1:
            raise ValueError("test_fraction and validation_fraction leave nothing to train on; together below 1")
        both = sorted(set(self.test_chroms) & set(self.validation_chroms))
        if both:
            raise ValueError(f"{', '.join(both)} named for test and for validation; a chromosome belongs to one split")
        chroms = bool(self.test_chroms or self.validation_chroms)
        if chroms and self.split_by not in (None, "chromosome"):
            raise ValueError(f"test_chroms and validation_chroms go with split_by chromosome, not {self.split_by}")
        if self.split_by == "given" and not self.split_column and not any(item.split for item in self.files):
            raise ValueError("split_by given needs split_column, or a split for each file")
        if self.split_by is None:
            if chroms:
                self.split_by = "chromosome"
            elif self.split_column or any(item.split for item in self.files):
                self.split_by = "given"
        return self

    @model_validator(mode="after")
    def _by_source(self) -> ImportDatasetSpec:
        if self.collapse_duplicates is None:
            self.collapse_duplicates = self.source in ("fasta", "regions", "matrix", "anndata")
        if self.drop_conflicts is None:
            self.drop_conflicts = self.source in ("fasta", "regions")
        return self


class SampleNegativesSpec(TaskSpec):
    """Negatives for the positives of a dataset."""

    dataset: DatasetRef
    method: Literal["gc_pool", "gc_genome", "dinucleotide", "subsample"]
    pool: InputRef | None = None
    genome: InputRef | None = None
    positive_class: str = ""
    negative_name: str = Field(default="negative", min_length=1, max_length=200)
    ratio: float = Field(default=1.0, gt=0, le=100)
    match_gc: bool = True
    max_n_fraction: float = Field(default=0.1, ge=0, le=1)
    blacklist: InputRef | None = None
    alias: Literal["none", "auto"] = "none"
    alias_table: InputRef | None = None
    max_unknown_fraction: float = Field(default=0.1, ge=0, le=1)
    coordinate_base: Literal[0, 1] = 0
    seed: int = Field(default=42, ge=0, le=2**32 - 1)

    @model_validator(mode="after")
    def _needs(self) -> SampleNegativesSpec:
        if self.method == "gc_pool" and self.pool is None:
            raise ValueError("pool is needed with method gc_pool: regions to take negatives from")
        if self.method in ("gc_pool", "gc_genome") and self.genome is None:
            raise ValueError(f"genome is needed with method {self.method}: windows are cut out of it")
        return self


class SimulateDatasetSpec(TaskSpec):
    """A dataset whose rule is known: several motifs with labels, or two motifs that add up or work together."""

    design: Literal["multilabel", "additive", "cooperative"] = "multilabel"
    n_sequences: int = Field(default=4000, ge=50, le=1_000_000)
    window_bp: int = Field(default=200, ge=80, le=10_000)
    n_motifs: int = Field(default=3, ge=2, le=3)
    gc_content: float = Field(default=0.45, ge=0.2, le=0.8)
    motif_share: float = Field(default=0.5, gt=0, lt=1)
    unresolved_share: float = Field(default=0.1, ge=0, le=0.9)
    max_distance_bp: int = Field(default=40, ge=1)
    effect_a: float = Field(default=1.0, ge=-100, le=100)
    effect_b: float = Field(default=1.0, ge=-100, le=100)
    effect_both: float = Field(default=2.0, ge=-100, le=100)
    noise_sd: float = Field(default=0.1, ge=0, le=100)
    test_fraction: float = Field(default=0.1, gt=0, lt=0.5)
    validation_fraction: float = Field(default=0.1, gt=0, lt=0.5)
    seed: int = Field(default=42, ge=0, le=2**32 - 1)


IMPORT_SPECS: dict[str, TaskInfo] = {
    "encoder.ImportDataset": TaskInfo(spec=ImportDatasetSpec, kind="dataset"),
    "encoder.SampleNegatives": TaskInfo(spec=SampleNegativesSpec, kind="dataset"),
    "encoder.SimulateDataset": TaskInfo(spec=SimulateDatasetSpec, kind="dataset"),
}
