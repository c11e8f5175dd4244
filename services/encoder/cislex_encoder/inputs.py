"""Which files a BuildDataset request means: given one by one, or held by a peaks or simulation artifact."""

from __future__ import annotations

from pathlib import PurePath

from cislex_core.errors import Reason, UserError
from cislex_core.tasks import InputRef, Inputs

from cislex_encoder import preflight
from cislex_encoder.preflight import Preflight, Source
from cislex_encoder.specs import BuildDatasetSpec


def source(inputs: Inputs, ref: InputRef, field_path: str) -> Source:
    """The verified file behind a reference, with the name people know it by."""
    shown = PurePath(ref.path).name if ref.path else f"{field_path} ({ref.sha256[:12]})"
    path = inputs.file(ref)
    return Source(path, shown, field_path, ref.sha256, is_users=str(path) == ref.path)


def read(spec: BuildDatasetSpec, inputs: Inputs) -> Preflight:
    """Read everything the request names. Raises one ``UserError`` with all problems found."""
    if spec.wt_fasta is not None and spec.ko_fasta is not None:
        return preflight.read_sequence_inputs(
            source(inputs, spec.wt_fasta, "wt_fasta"), source(inputs, spec.ko_fasta, "ko_fasta")
        )
    genome, wt, ko = _peaks(spec, inputs)
    return preflight.read_peak_inputs(
        genome,
        wt,
        ko,
        alias=spec.alias,
        alias_table=_optional(inputs, spec.alias_table, "alias_table"),
        blacklist=_optional(inputs, spec.blacklist, "blacklist"),
        max_unknown_fraction=spec.max_unknown_fraction,
        coordinate_base=0 if spec.peaks else spec.coordinate_base,
    )


def _optional(inputs: Inputs, ref: InputRef | None, field_path: str) -> Source | None:
    return source(inputs, ref, field_path) if ref is not None else None


def _peaks(spec: BuildDatasetSpec, inputs: Inputs) -> tuple[Source, Source, Source]:
    genome = _optional(inputs, spec.genome, "genome")
    if spec.wt is not None and spec.ko is not None:
        assert genome is not None
        return genome, source(inputs, spec.wt, "wt"), source(inputs, spec.ko, "ko")
    assert spec.peaks is not None
    artifact = inputs.artifact(spec.peaks)
    wt, ko = (Source(artifact.path(name), name, "peaks") for name in ("wt.bed", "ko.bed"))
    if genome is None:
        if artifact.kind != "simulation":
            raise UserError(
                Reason.INVALID_REQUEST, "genome is needed: a peaks artifact holds intervals only", field="genome"
            )
        entry = next(file for file in artifact.manifest.files if file.path == "genome.fa")
        genome = Source(artifact.path("genome.fa"), "genome.fa", "peaks", entry.sha256)
    return genome, wt, ko
