"""Weights that were trained on another order of the letters than A, C, G, T."""

from __future__ import annotations

from cislex_core.errors import Reason, UserError
from torch import Tensor

ALPHABET = "ACGT"


def permute_input_channels(weight: Tensor, order: str) -> Tensor:
    """The same filters (filters, 4, kernel) for one-hot input in the order A, C, G, T.

    ``order`` says what the channels stood for in training: AI-TAC's published data are "ATGC". Raises INVALID_REQUEST.
    """
    letters = order.upper()
    if sorted(letters) != sorted(ALPHABET):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"channel order {order!r} must be the four letters A, C, G, T in some order",
            field="channel_order",
            value=order,
        )
    if weight.dim() != 3 or weight.shape[1] != len(ALPHABET):
        raise ValueError(f"weight must have shape (filters, 4, kernel), got {tuple(weight.shape)}")
    return weight[:, [letters.index(letter) for letter in ALPHABET]]
