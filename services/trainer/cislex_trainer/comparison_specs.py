"""The spec of CompareModels: every field with its default and bounds. Read by API processes; nothing heavy here."""

from __future__ import annotations

from typing import Annotated

from cislex_core.tasks import ArtifactDigest, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, StringConstraints, model_validator

ModelDigest = Annotated[ArtifactDigest, NamesArtifact(("model",))]
EvaluationDigest = Annotated[ArtifactDigest, NamesArtifact(("evaluation",))]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\t\r\n]*$")]


class CompareModelsSpec(TaskSpec):
    """One table of several models on the same rows. ``evaluations[i]`` measured ``models[i]``."""

    models: list[ModelDigest] = Field(min_length=2, max_length=100)
    evaluations: list[EvaluationDigest] = Field(min_length=2, max_length=100)
    names: list[ModelName] = Field(default_factory=list)
    """What the table calls them; empty = the architectures' names, numbered where two are equal."""
    reference: str = ""
    """A name, or a position from 0; empty = the model with the best main metric."""
    n_bootstrap: int = Field(1000, ge=0, le=100_000)
    bootstrap_seed: int = Field(0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _parallel(self) -> CompareModelsSpec:
        if len(self.evaluations) != len(self.models):
            raise ValueError(
                f"there are {len(self.models)} models but {len(self.evaluations)} evaluations; give one evaluation a "
                "model, in the same order"
            )
        if self.names and len(self.names) != len(self.models):
            raise ValueError(f"there are {len(self.models)} models but {len(self.names)} names; name all or none")
        if len(set(self.names)) != len(self.names):
            raise ValueError(f"names must differ from one another, got {', '.join(self.names)}")
        return self


COMPARISON_SPECS: dict[str, TaskInfo] = {
    "trainer.CompareModels": TaskInfo(spec=CompareModelsSpec, kind="comparison", heavy=True),
}
