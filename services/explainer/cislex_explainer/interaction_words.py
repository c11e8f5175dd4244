"""The words that stand for motifs: letters as given, or the most frequent bases of a motif."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_files import read_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import encode, reverse_complement
from cislex_core.tasks import Inputs

from cislex_explainer.unit_specs import MeasureInteractionsSpec

#: The motif file of each kind of artifact that has one.
MOTIF_FILES = {
    "motifs": "motifs.meme",
    "clusters": "clusters.meme",
    "filters": "filters.meme",
    "units": "units.meme",
    "families": "families.meme",
    "matches": "queries.meme",
    "enrichment": "motifs.meme",
}
_WORD = re.compile(r"^[ACGT]{2,60}$", re.IGNORECASE)
#: Flanking positions with less information say nothing; the background's base stays there.
_MIN_BITS = 0.25


@dataclass(frozen=True)
class Word:
    """A motif as it is put in: codes (w,) uint8, 4 = the background's base stays."""

    id: str
    text: str
    codes: np.ndarray

    def turned(self) -> Word:
        """Its reverse complement."""
        codes = reverse_complement(self.codes)
        return Word(self.id, "".join("ACGTN"[code] for code in codes), codes)


def words_of(spec: MeasureInteractionsSpec, inputs: Inputs) -> list[Word]:
    """The request's motifs as words, in order. Raises INVALID_REQUEST for what is neither a word nor a known motif,
    INVALID_MOTIF_FILE."""
    known = _motifs(spec, inputs)
    return [_word(name, known) for name in spec.motifs]


def plain_word(text: str) -> Word:
    """A word of letters."""
    upper = text.upper()
    return Word(upper, upper, encode(upper))


def _motifs(spec: MeasureInteractionsSpec, inputs: Inputs) -> list[Motif]:
    if spec.motif_file is not None:
        return read_motifs(inputs.file(spec.motif_file))
    if spec.motif_artifact is not None:
        return read_motifs(motif_path(inputs.artifact(spec.motif_artifact)))
    return []


def motif_path(artifact: Artifact) -> str:
    """Path of the artifact's motif file. Raises ARTIFACT_KIND."""
    if artifact.kind not in MOTIF_FILES:
        raise UserError(
            Reason.ARTIFACT_KIND,
            f"artifact {artifact.digest[:16]} is of kind {artifact.kind!r}; one of {', '.join(MOTIF_FILES)} is needed",
            field="motif_artifact",
            kind=artifact.kind,
        )
    return str(artifact.path(MOTIF_FILES[artifact.kind]))


def _word(name: str, motifs: Sequence[Motif]) -> Word:
    found = [motif for motif in motifs if motif.id == name] or [motif for motif in motifs if motif.name == name]
    if found:
        text = found[0].trim(_MIN_BITS).consensus(iupac=False)
        return Word(name, text, encode(text))
    if _WORD.match(name):
        return plain_word(name)
    held = ", ".join(motif.id for motif in motifs[:8]) or "none: motif_artifact and motif_file are empty"
    raise UserError(
        Reason.INVALID_REQUEST,
        f"motif {name!r} is no word of 2 to 60 letters A, C, G, T and no motif's id or name; motifs given: {held}",
        field="motifs",
        value=name,
    )
