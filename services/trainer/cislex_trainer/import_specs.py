"""The spec of ImportModel: every field with its default and bounds. Read by API processes; nothing heavy here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cislex_core.errors import UserError
from cislex_core.tasks import InputRef, TaskInfo, TaskSpec
from cislex_models.registry import check_options
from pydantic import Field, StringConstraints, model_validator

OutputName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\t\r\n]+$")]


class ImportModelSpec(TaskSpec):
    """Weights that were trained elsewhere, as a model of one seed (0)."""

    checkpoint: InputRef
    architecture: Literal["explainn"] = "explainn"
    options: dict[str, Any] = Field(default_factory=dict)
    window_bp: int = Field(ge=1, le=1_000_000)
    outputs: list[OutputName] = Field(min_length=1, max_length=100_000)
    target_type: Literal["class_index", "multilabel", "regression"] = "multilabel"
    channel_order: str = "ACGT"
    """What the rows of the one-hot input stood for when the weights were trained."""

    @model_validator(mode="after")
    def _check(self) -> ImportModelSpec:
        if len(set(self.outputs)) != len(self.outputs):
            twice = sorted({name for name in self.outputs if self.outputs.count(name) > 1})
            raise ValueError(f"outputs must differ from one another; given twice: {', '.join(twice[:5])}")
        if self.target_type == "class_index" and len(self.outputs) < 2:
            raise ValueError("class_index needs two outputs or more; a single yes-or-no output is multilabel")
        if sorted(self.channel_order) != list("ACGT"):
            raise ValueError(f"channel_order is the letters A, C, G, T in some order, got {self.channel_order!r}")
        try:
            checked = check_options(self.architecture, self.options)
        except UserError as error:
            raise ValueError(error.message) from None
        # typed, and only what was given: sizes are read from the weights
        self.options = checked.model_dump(mode="json", include=set(self.options))
        return self


IMPORT_SPECS: dict[str, TaskInfo] = {
    "trainer.ImportModel": TaskInfo(spec=ImportModelSpec, kind="model"),
}
