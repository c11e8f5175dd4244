"""Sequence codes (A0 C1 G2 T3 N4) to one-hot on the device, and reverse complements of both."""

from __future__ import annotations

import torch
from torch import Tensor


def one_hot(codes: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Integer codes (n, L) → contiguous one-hot (n, 4, L), rows A C G T; code 4 (N) becomes a zero column.

    The result is a fresh leaf on the codes' device: call ``requires_grad_()`` on it to differentiate by the input.
    Codes travel to the device as one byte a base, sixteen times less than float32 one-hot.
    """
    if codes.dim() != 2:
        raise ValueError(f"codes must have shape (n, length), got {tuple(codes.shape)}")
    letters = torch.arange(4, dtype=codes.dtype, device=codes.device).view(1, 4, 1)
    return (codes.unsqueeze(1) == letters).to(dtype)


def reverse_complement(x: Tensor) -> Tensor:
    """Reverse complement of one-hot (n, 4, L): A C G T order makes it a flip of channels and of positions."""
    return x.flip(1, 2)


def reverse_complement_codes(codes: Tensor) -> Tensor:
    """Reverse complement of integer codes (n, L); N stays N."""
    table = torch.tensor([3, 2, 1, 0, 4], dtype=codes.dtype, device=codes.device)
    return table[codes.long()].flip(-1)
