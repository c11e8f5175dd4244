"""The fields of TrainModel that say what training starts from: filters made of known motifs, or pretrained models.

Read by API processes; nothing heavy here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from cislex_core.errors import UserError
from cislex_core.motif_databases import DatabaseName
from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskSpec
from cislex_models.registry import check_options, info
from pydantic import Field, model_validator

TRANSFER = "unit_transfer"
INIT_KINDS = ("motifs", "clusters", "filters", "units", "families")

# stands for the parts of a transferred model until the task has opened them
_SOME_PART = {"architecture": "wtko_cnn", "options": {"padding": "same"}, "window_bp": 31, "n_outputs": 1}


class StartFields(TaskSpec):
    """Where the weights come from. Without any of these fields they are random, from the seed."""

    init_database: DatabaseName = ""
    """Packaged release and taxon such as ``jaspar2020-vertebrates``."""
    init_motifs_file: InputRef | None = None
    init_motifs: Annotated[ArtifactDigest, NamesArtifact(INIT_KINDS)] | None = None
    init_orientations: Literal["both", "given"] = "both"
    freeze_filters: bool = False
    unit_models: list[Annotated[ArtifactDigest, NamesArtifact(("model",))]] = Field(
        default_factory=list, max_length=1000
    )
    unit_activation: Literal["pre", "post"] = "pre"

    @property
    def has_init(self) -> bool:
        """Filters start from motifs."""
        return bool(self.init_database or self.init_motifs_file or self.init_motifs)

    @model_validator(mode="after")
    def _one_start(self) -> StartFields:
        given = [n for n in ("init_database", "init_motifs_file", "init_motifs") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(f"give one source of initial motifs, not {' and '.join(given)}")
        if self.freeze_filters and not given:
            raise ValueError(
                "freeze_filters keeps filters as they start, and these would start at random; give init_database, "
                "init_motifs_file or init_motifs"
            )
        if given and getattr(self, "architecture", "") == TRANSFER:
            raise ValueError(f"{TRANSFER} has no filters of its own; leave {given[0]} out")
        if bool(self.unit_models) != (getattr(self, "architecture", "") == TRANSFER):
            raise ValueError(f"architecture {TRANSFER} and unit_models (artifacts of kind model) go together")
        return self


def filters_option(architecture: str) -> str | None:
    """Name of the option that holds the number of the first layer's filters; None without such a layer."""
    entry = info(architecture)
    if not entry.has_filters:
        return None
    return next((name for name in ("units", "filters") if name in entry.options.model_fields), None)


def checked_options(spec: StartFields, architecture: str, options: dict[str, Any]) -> dict[str, Any]:
    """The options validated, typed and with their defaults, so that equal options give equal digests.

    What only the task can know stays out: the parts of ``unit_transfer``, and the number of filters when they start
    from motifs and the request names no number. Raises ValueError.
    """
    try:
        entry = info(architecture)
    except UserError as error:
        raise ValueError(error.message) from None
    given = dict(options)
    if architecture == TRANSFER:
        if "parts" in given:
            raise ValueError("options.parts is made from unit_models; leave it out")
        given["parts"] = [_SOME_PART]
    number = filters_option(architecture)
    if spec.has_init and number is None:
        raise ValueError(f"{architecture} has no first convolution of its own that could start from motifs")
    if spec.freeze_filters and "frozen_filters" in entry.options.model_fields:
        given["frozen_filters"] = True
    try:
        checked = check_options(architecture, given).model_dump(mode="json")
    except UserError as error:
        raise ValueError(error.message) from None
    checked.pop("parts", None)
    if spec.has_init and number not in options:
        checked.pop(str(number))
    return checked
