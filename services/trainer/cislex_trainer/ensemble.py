"""The logits of each seed of a model over many sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot, reverse_complement


@torch.no_grad()
def logits_by_seed(
    models: Sequence[Architecture],
    codes: np.ndarray,
    device: torch.device,
    batch_size: int = 512,
    rc_average: bool = False,
    tick: Callable[[int], None] = lambda done: None,
) -> np.ndarray:
    """(seeds, n, classes) float32 logits of codes (n, L) uint8, in float32 on ``device``.

    ``rc_average`` takes the mean over both strands. ``tick(rows done)`` is called before each batch and may raise.
    """
    placed = [model.to(device).eval() for model in models]
    out = np.empty((len(models), len(codes), models[0].n_outputs), dtype=np.float32)
    for start in range(0, len(codes), batch_size):
        tick(start)
        x = one_hot(torch.from_numpy(np.ascontiguousarray(codes[start : start + batch_size])).to(device))
        for s, model in enumerate(placed):
            logits = model(x)
            if rc_average:
                logits = (logits + model(reverse_complement(x))) / 2
            out[s, start : start + batch_size] = logits.cpu().numpy()
    return out


def p_wt(logits: np.ndarray) -> np.ndarray:
    """Probability of WT (class 1) from logits (..., 2), float64."""
    difference = logits[..., 1].astype(np.float64) - logits[..., 0]
    return np.exp(-np.logaddexp(0.0, -difference))
