"""Dropout whose mask is cheap to draw on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LEVELS = 1 << 16


class Dropout(nn.Module):
    """Inverted dropout with probability ``p``, rounded to 1/65536.

    On a CPU the mask comes from 64-bit draws read as four 16-bit numbers, which takes a quarter of the draws of
    ``torch.nn.Dropout`` (its ``bernoulli_`` is a sixth of an epoch of WTKO-CNN); elsewhere it is torch's own.
    Both use torch's global generator, so a stored generator state repeats the masks exactly.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self._threshold = round(p * _LEVELS)

    def forward(self, x: Tensor) -> Tensor:
        """x of any shape, dense in memory; the identity in evaluation mode."""
        if not self.training or self._threshold == 0:
            return x
        if x.device.type != "cpu":
            return nn.functional.dropout(x, self.p, training=True)
        return x * self.mask(x)

    def mask(self, like: Tensor) -> Tensor:
        """What a tensor of the size, layout, number format and device of ``like`` is multiplied with: 0 or 1/(1 − p).

        Draws the same numbers as ``forward``; the values of ``like`` are not read.
        """
        if like.device.type != "cpu":
            return nn.functional.dropout(torch.ones_like(like), self.p, training=True)
        draws = torch.empty((like.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        # laid out like x in memory (channels-last included), so that the product runs straight through both
        bits = draws.view(torch.int16)[: like.numel()].as_strided(like.size(), like.stride())
        keep = (bits >= self._threshold - _LEVELS // 2).to(like.dtype)
        return keep.mul_(_LEVELS / (_LEVELS - self._threshold))

    def extra_repr(self) -> str:
        """Shown by ``print(model)``."""
        return f"p={self.p}"
