"""Specs of the motif area: every default is set here and documented in cislex/motif/v1/motif.proto.

Imported by API processes: nothing heavy here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator

from cislex_motif.compare_specs import COMPARE_SPECS, DatabaseName
from cislex_motif.scan_specs import SCAN_SPECS
from cislex_motif.seqlet_specs import SEQLET_SPECS

Contrast = Literal["wt", "ko", "wt_vs_shuffled", "ko_vs_shuffled", "all_vs_shuffled"]
DEFAULT_CONTRASTS: tuple[Contrast, ...] = ("wt", "ko", "wt_vs_shuffled", "ko_vs_shuffled")


class ClusterKmersSpec(TaskSpec):
    """motif.ClusterKmers."""

    kmers: Annotated[ArtifactDigest, NamesArtifact(("kmers",))]
    method: Literal["paper", "aligned"] = "aligned"
    n_clusters: Annotated[int, Field(ge=1, le=1000)] | None = None
    min_clusters: int = Field(2, ge=2, le=200)
    max_clusters: int = Field(30, ge=2, le=200)
    max_share: float = Field(0.75, gt=0, le=1)
    min_size_for_discovery: int = Field(10, ge=1)
    max_shift: int = Field(10, ge=0, le=50)
    core_bp: int = Field(8, ge=4, le=50)
    max_distinct_kmers: int = Field(10_000, ge=10, le=20_000)
    scale: Literal["auto", "exact", "landmarks"] = "auto"
    n_landmarks: int = Field(4000, ge=10, le=20_000)
    seed: int = Field(42, ge=0)

    @model_validator(mode="after")
    def _range(self) -> ClusterKmersSpec:
        if self.max_clusters < self.min_clusters:
            raise ValueError(f"max_clusters {self.max_clusters} is below min_clusters {self.min_clusters}")
        return self


class DiscoverMotifsSpec(TaskSpec):
    """motif.DiscoverMotifs. After validation ``scope`` is never None."""

    clusters: Annotated[ArtifactDigest, NamesArtifact(("clusters",))] | None = None
    dataset: Annotated[ArtifactDigest, NamesArtifact(("dataset",))] | None = None
    attributions: Annotated[ArtifactDigest, NamesArtifact(("attributions",))] | None = None
    scope: Literal["clusters", "sets", "attributions"] | None = None
    contrasts: list[Contrast] = Field(default_factory=lambda: list(DEFAULT_CONTRASTS))
    split: Literal["train", "validation", "test", "all"] = "all"
    central_bp: int = Field(0, ge=0)
    engine: Literal["em", "words", "meme", "streme", "modisco"] = "em"
    model: Literal["zoops", "oops"] = "zoops"
    min_width: int = Field(6, ge=4, le=30)
    max_width: int = Field(15, ge=4, le=30)
    n_motifs: int = Field(3, ge=1, le=50)
    evalue_threshold: float = Field(0.05, gt=0)
    min_sites: int = Field(5, ge=2)
    max_sequences: int = Field(10_000, ge=20, le=1_000_000)
    both_strands: bool = True
    seed: int = Field(42, ge=0)
    tool_timeout_s: int = Field(3600, ge=1)
    holdout_fraction: float = Field(0.1, ge=0, le=0.5)
    patience: int = Field(3, ge=1, le=50)
    max_seqlets: int = Field(20_000, ge=100, le=1_000_000)
    min_seqlets: int = Field(100, ge=20)
    seqlet_core_bp: int = Field(21, ge=5, le=101)
    seqlet_flank_bp: int = Field(10, ge=1, le=100)
    seqlet_fdr: float = Field(0.2, gt=0, lt=1)
    clustering_runs: int = Field(50, ge=1, le=500)
    memory_limit_bytes: Annotated[int, Field(ge=2**20)] | None = None
    report_database: DatabaseName = ""

    @model_validator(mode="after")
    def _consistent(self) -> DiscoverMotifsSpec:
        if self.scope is None:
            self.scope = (
                "attributions" if self.attributions is not None else "clusters" if self.clusters is not None else "sets"
            )
        if self.scope == "attributions" and "engine" not in self.model_fields_set:
            self.engine = "modisco"
        if (self.scope == "attributions") != (self.engine == "modisco"):
            raise ValueError("scope attributions and engine modisco go together; other scopes take the other engines")
        if self.scope == "attributions" and (self.attributions is None or self.dataset is None):
            raise ValueError("scope attributions needs the fields attributions and dataset")
        if self.scope == "clusters" and self.clusters is None:
            raise ValueError("scope clusters needs the field clusters: an artifact of kind clusters")
        if self.scope == "sets" and self.dataset is None:
            raise ValueError("scope sets needs the field dataset: an artifact of kind dataset")
        if self.max_width < self.min_width:
            raise ValueError(f"max_width {self.max_width} is below min_width {self.min_width}")
        if not self.contrasts or len(set(self.contrasts)) != len(self.contrasts):
            raise ValueError("contrasts must name at least one contrast, and each only once")
        if self.engine in ("streme", "words") and self.model == "oops":
            raise ValueError(f"{self.engine} knows the model zoops only; use engine meme or em for oops")
        if self.engine == "streme" and not self.both_strands:
            raise ValueError("streme always reads both strands of DNA; use engine meme or em for one strand")
        return self


SPECS: dict[str, TaskInfo] = {
    "motif.ClusterKmers": TaskInfo(spec=ClusterKmersSpec, kind="clusters", version=4),
    "motif.DiscoverMotifs": TaskInfo(spec=DiscoverMotifsSpec, kind="motifs", version=2),
    **COMPARE_SPECS,
    **SEQLET_SPECS,
    **SCAN_SPECS,
}
