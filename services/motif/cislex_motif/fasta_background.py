"""Background sequences from a FASTA file, as codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import read_records
from cislex_core.sequences import encode, encode_batch


def read_fasta_codes(path: Path, shown: str = "") -> np.ndarray:
    """(n, longest) uint8 codes of all records, shorter ones padded with N, which is never part of a hit.

    Records without letters are left out. Raises INVALID_FASTA (no header, no sequence, a letter that is no
    nucleotide), FILE_TRUNCATED for a gzip that ends too early, FILE_NOT_FOUND. ``shown``: the name errors give.
    """
    name = shown or path.name
    sequences = []
    for line, header, text in read_records(path, name):
        if not text:
            continue
        try:
            encode(text)
        except UserError as error:
            raise UserError(
                Reason.INVALID_FASTA,
                f"{name} line {line}, sequence {header[:40]!r}: {error.message}",
                field="background_fasta",
                file=name,
                line=line,
            ) from None
        sequences.append(text.decode("ascii"))
    if not sequences:
        raise UserError(
            Reason.INVALID_FASTA, f"{name} holds no sequence; give a FASTA file", field="background_fasta", file=name
        )
    return encode_batch(sequences)
