"""Specs of ExplainUnits, ProjectUnits and MeasureInteractions: every field with its default, unit and bounds.

Read by API processes, so nothing heavy is imported here. Field names equal those of the proto messages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator

ModelRef = Annotated[ArtifactDigest, NamesArtifact(("model",))]
DatasetRef = Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
UnitsRef = Annotated[ArtifactDigest, NamesArtifact(("units",))]
MotifSourceRef = Annotated[
    ArtifactDigest, NamesArtifact(("motifs", "clusters", "filters", "units", "families", "matches", "enrichment"))
]
Split = Literal["train", "validation", "test", "all"]
Device = Literal["auto", "cpu", "cuda"]


class ExplainUnitsSpec(TaskSpec):
    """Units of an additive model: what each answers to, and what it adds to each output."""

    model: ModelRef
    dataset: DatasetRef
    split: Split = "test"
    threshold: float = Field(default=0.5, gt=0, lt=1)
    inclusive: bool = True
    correct_correlation: float = Field(default=0.75, ge=-1, le=1)
    correct_percentile: float = Field(default=50.0, gt=0, le=100)
    correct_scope: Literal["per_task", "all_tasks"] = "per_task"
    large_weight: float = Field(default=0.25, gt=0, le=1)
    negligible_importance: float = Field(default=0.05, ge=0, lt=1)
    batch_size: int | None = Field(default=None, ge=1, le=65_536)
    device: Device = "auto"


class ProjectUnitsSpec(TaskSpec):
    """UMAP of the unit outputs of sequences."""

    units: UnitsRef
    dataset: DatasetRef
    color_by: list[str] = Field(default_factory=list, max_length=20)
    seed_index: int | None = Field(default=None, ge=0)
    max_rows: int = Field(default=20_000, ge=10, le=1_000_000)
    n_neighbors: int = Field(default=15, ge=2, le=200)
    min_dist: float = Field(default=0.1, ge=0, le=0.99)
    metric: Literal["euclidean", "cosine", "correlation", "manhattan"] = "euclidean"
    standardize: bool = False
    seed: int = Field(default=42, ge=0, le=2**31 - 1)

    @model_validator(mode="after")
    def _each_once(self) -> ProjectUnitsSpec:
        if len(set(self.color_by)) != len(self.color_by):
            raise ValueError("color_by names a column, task or unit twice")
        return self


class MeasureInteractionsSpec(TaskSpec):
    """Does a model add two motifs up, or does it see their company? Motif pairs at every distance in random DNA."""

    model: ModelRef
    motifs: list[str] = Field(min_length=2, max_length=10)
    motif_artifact: MotifSourceRef | None = None
    motif_file: InputRef | None = None
    control: str = Field(default="GGGCT", pattern="^[ACGTacgt]{1,40}$")
    background: Literal["shuffled", "random"] = "shuffled"
    dataset: DatasetRef | None = None
    split: Split = "test"
    n_backgrounds: int = Field(default=100, ge=10, le=10_000)
    min_gap_bp: int = Field(default=0, ge=0)
    max_distance_bp: int = Field(default=100, ge=1)
    step_bp: int = Field(default=5, ge=1, le=1000)
    both_orientations: bool = False
    outputs: list[str] = Field(default_factory=list)
    scale: Literal["logit", "log2_fold_change"] = "logit"
    pseudocount: float = Field(default=1.0, gt=0)
    seed_index: int | None = Field(default=None, ge=0)
    n_permutations: int = Field(default=999, ge=99, le=100_000)
    alpha: float = Field(default=0.01, gt=0, lt=1)
    tolerance: float = Field(default=0.25, ge=0)
    seed: int = Field(default=42, ge=0, le=2**31 - 1)
    batch_size: int | None = Field(default=None, ge=1, le=65_536)
    device: Device = "auto"

    @model_validator(mode="after")
    def _consistent(self) -> MeasureInteractionsSpec:
        if self.background == "shuffled" and self.dataset is None:
            raise ValueError("background shuffled takes the sequences of a dataset: give dataset, or background random")
        if self.motif_artifact is not None and self.motif_file is not None:
            raise ValueError("give motif_artifact or motif_file, not both")
        if len(set(self.motifs)) != len(self.motifs):
            raise ValueError("motifs names a motif twice; pairs are of two different motifs")
        return self


UNIT_SPECS: dict[str, TaskInfo] = {
    "explainer.ExplainUnits": TaskInfo(spec=ExplainUnitsSpec, kind="units", gpu=True, heavy=True),
    "explainer.ProjectUnits": TaskInfo(spec=ProjectUnitsSpec, kind="projection", heavy=True),
    "explainer.MeasureInteractions": TaskInfo(
        spec=MeasureInteractionsSpec, kind="interactions", version=2, gpu=True, heavy=True
    ),
}
