"""Spec of CallSeqlets: every field with its default, unit and bounds. Read by API processes: nothing heavy here."""

from __future__ import annotations

from typing import Annotated, Literal

from cislex_core.tasks import ArtifactDigest, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator


class CallSeqletsSpec(TaskSpec):
    """motif.CallSeqlets: stretches of high attribution."""

    attributions: Annotated[ArtifactDigest, NamesArtifact(("attributions",))]
    dataset: Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
    method: Literal["recursive", "threshold"] = "recursive"
    threshold: float = Field(0.01, gt=0, le=1)
    min_length_bp: int = Field(4, ge=2, le=50)
    max_length_bp: int = Field(25, ge=2, le=100)
    z_threshold: float = Field(1.96, gt=0)
    min_bases: int = Field(4, ge=1)
    max_gap_bp: int = Field(1, ge=0)
    flank_bp: int = Field(0, ge=0, le=100)

    @model_validator(mode="after")
    def _consistent(self) -> CallSeqletsSpec:
        if self.max_length_bp < self.min_length_bp:
            raise ValueError(f"max_length_bp {self.max_length_bp} is below min_length_bp {self.min_length_bp}")
        return self


SEQLET_SPECS: dict[str, TaskInfo] = {"motif.CallSeqlets": TaskInfo(spec=CallSeqletsSpec, kind="seqlets")}
