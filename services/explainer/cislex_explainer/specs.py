"""What a request to the explainer may say. Field names equal the proto's; all defaults live here.

Defaults that hang on another field (``k`` on ``kmer_protocol``, ``target`` on ``protocol``) are filled in when the spec
is validated, so that a spec that leaves them out and one that spells them out have the same digest.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator

from cislex_explainer.unit_specs import UNIT_SPECS

ModelRef = Annotated[ArtifactDigest, NamesArtifact(("model",))]
DatasetRef = Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
AttributionsRef = Annotated[ArtifactDigest, NamesArtifact(("attributions",))]
Split = Literal["train", "validation", "test", "all"]
Device = Literal["auto", "cpu", "cuda"]

#: Lengths of the k-mers of WTKO-CNN's Eq. 3 (X[p−6 : p+7]) and of its published code ([p−6, p+6)).
FIXED_K = {"eq3": 13, "code": 12}


class ComputeAttributionsSpec(TaskSpec):
    """Scores of every base of a split."""

    model: ModelRef
    dataset: DatasetRef
    split: Split = "test"
    method: Literal["saliency", "input_x_gradient", "integrated_gradients", "deeplift_shap", "ism"] = "saliency"
    target: Literal["wt_minus_ko", "predicted", "output"] | None = None
    outputs: list[str] = Field(default_factory=list)
    seed_index: int | None = Field(default=None, ge=0)
    gradient_correction: bool | None = None
    steps: int = Field(default=50, ge=2, le=1000)
    baseline: Literal["uniform", "zeros", "dinucleotide_shuffle"] = "uniform"
    n_baselines: int = Field(default=20, ge=1, le=100)
    baseline_seed: int = 42
    rc_average: bool = False
    max_rows: int | None = Field(default=None, ge=1)
    row_choice: Literal["even", "score"] = "even"
    max_convergence_delta: float = Field(default=0.01, gt=0, le=1)
    fallback: Literal["none", "integrated_gradients", "ism"] = "none"
    batch_size: int | None = Field(default=None, ge=1, le=65_536)
    memory_limit_bytes: int | None = Field(default=None, ge=2**20)
    device: Device = "auto"
    protocol: Literal["default", "paper"] = "default"

    @model_validator(mode="after")
    def _fill_in(self) -> ComputeAttributionsSpec:
        # without a target the dataset decides (see attributed.resolve); what the request alone says is filled in here
        if self.target is None and (self.outputs or self.protocol == "paper"):
            self.target = "output" if self.outputs else "predicted"
        if self.outputs and self.target != "output":
            raise ValueError(f"outputs goes with target output, not with {self.target}")
        if len(set(self.outputs)) != len(self.outputs):
            raise ValueError("outputs must name each output only once")
        if self.gradient_correction is None:
            self.gradient_correction = self.method == "input_x_gradient"
        return self


class ExtractKmersSpec(TaskSpec):
    """Words under the most important positions."""

    attributions: AttributionsRef
    dataset: DatasetRef
    model: ModelRef | None = None
    k: int | None = Field(default=None, ge=1)
    top_n: int = Field(default=3, ge=1, le=100)
    min_distance: int | None = Field(default=None, ge=0)
    kmer_protocol: Literal["default", "eq3", "code"] = "default"
    rc_aware: bool = True
    k_rank: int = Field(default=8, ge=4, le=10)

    @model_validator(mode="after")
    def _fill_in(self) -> ExtractKmersSpec:
        fixed = FIXED_K.get(self.kmer_protocol)
        if self.k is None:
            self.k = fixed or 20
        elif fixed and self.k != fixed:
            raise ValueError(
                f"k = {self.k}, but k-mer protocol {self.kmer_protocol} cuts {fixed} bases: leave k out, or take the "
                "protocol default"
            )
        if self.min_distance is None:
            self.min_distance = 0 if fixed else self.k // 2
        return self


class ExplainFiltersSpec(TaskSpec):
    """First-layer filters as motifs."""

    model: ModelRef
    dataset: DatasetRef
    split: Split = "test"
    threshold: float = Field(default=0.5, gt=0, lt=1)
    max_effect_sequences: int = Field(default=500, ge=2, le=1_000_000)
    group_similarity: float = Field(default=0.7, gt=0, le=1)
    min_information_bits: float = Field(default=3.0, ge=0)
    min_nsites: int = Field(default=10, ge=1)
    top_kmers: int = Field(default=50, ge=1, le=1000)
    min_seeds: int = Field(default=2, ge=1)
    batch_size: int | None = Field(default=None, ge=1, le=65_536)
    device: Device = "auto"
    inclusive: bool = False
    correct_correlation: float = Field(default=0.75, ge=-1, le=1)
    correct_percentile: float = Field(default=50.0, gt=0, le=100)


SPECS: dict[str, TaskInfo] = {
    "explainer.ComputeAttributions": TaskInfo(spec=ComputeAttributionsSpec, kind="attributions", gpu=True, heavy=True),
    "explainer.ExtractKmers": TaskInfo(spec=ExtractKmersSpec, kind="kmers"),
    "explainer.ExplainFilters": TaskInfo(spec=ExplainFiltersSpec, kind="filters", version=2, gpu=True, heavy=True),
    **UNIT_SPECS,
}
