"""EncodeSequences: a few sequences as codes or one-hot, in one message."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import encode_batch, one_hot, reverse_complement

MAX_BYTES = 1 << 20


def encode_sequences(
    sequences: Sequence[str], length: int, pad: str, encoding: str, reverse_complemented: bool
) -> np.ndarray:
    """uint8 (n, length) codes or (n, 4, length) one-hot; ``length`` 0 = the longest. INVALID_REQUEST above 1 MiB."""
    if not sequences:
        raise UserError(Reason.INVALID_REQUEST, "sequences is empty; give at least one", field="sequences")
    if length < 0:
        raise UserError(Reason.INVALID_REQUEST, f"length {length} is negative; 0 = the longest", field="length")
    width = length or max(map(len, sequences))
    channels = 4 if encoding == "one_hot" else 1
    letters, size = sum(map(len, sequences)), len(sequences) * width * channels
    if max(letters, size) > MAX_BYTES:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{letters:,} letters would give {size:,} bytes; one message carries {MAX_BYTES:,}. Ask in parts, or "
            "build a dataset",
            field="sequences",
        )
    for number, sequence in enumerate(sequences):
        try:
            encode_batch([sequence])
        except UserError as error:
            raise UserError(
                error.reason, f"sequences[{number}]: {error.message}", field=f"sequences[{number}]"
            ) from None
    codes = encode_batch(sequences, width, pad)
    if reverse_complemented:
        codes = reverse_complement(codes)
    return one_hot(codes, np.uint8) if encoding == "one_hot" else np.ascontiguousarray(codes)
