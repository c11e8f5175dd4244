"""In-silico mutagenesis: what the output does when one base is another one.

With f the attributed number and y_c the output with base c at a position, the raw score is y_c − f(x): alt − ref, 0 at
the base that is there. A base is then held against the other three: h_c = y_c − mean of the other three y. At the
observed base that is minus the mean of alt − ref over the three alternatives, which is its attribution; elsewhere it is
the hypothetical score, as DeepLIFT's: what that base's attribution would be. Positions of N are not mutated: 0
throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from cislex_core.sequences import N_CODE
from cislex_models.onehot import one_hot
from torch import Tensor

from cislex_explainer.ensembles import Ensemble, Weigh

NORMALISATION = "mean over the three alternatives"


@dataclass(frozen=True)
class Mutated:
    """Result for a batch: ``raw`` (n, 4, L) alt − ref, ``hypothetical`` (n, 4, L), ``logits`` (n, outputs)."""

    raw: Tensor
    hypothetical: Tensor
    logits: Tensor


def mutants_of(codes: np.ndarray) -> np.ndarray:
    """(m, 3) int64: sequence, position and new base of every single substitution of codes (n, L), N left out."""
    sequence, position = np.nonzero(codes != N_CODE)
    old = codes[sequence, position].astype(np.int64)
    shift = np.arange(1, 4)
    new = (old[:, None] + shift) % 4
    return np.stack(
        [np.repeat(sequence, 3), np.repeat(position, 3), new.ravel()],
        axis=1,
    )


def mutate(
    ensemble: Ensemble,
    codes: np.ndarray,
    weigh: Weigh,
    at_once: int,
    tick: Callable[[], None] = lambda: None,
) -> Mutated:
    """Every single substitution of codes (n, L) uint8, ``at_once`` mutated sequences at a time.

    The class that ``predicted`` attributes is that of the sequence as it is, in all its mutants.
    """
    device = ensemble.device
    x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
    logits = ensemble.logits(x)
    weights = weigh.fix(logits)(logits)
    at_x = (logits * weights).sum(1)
    mutants = mutants_of(codes)
    raw = torch.zeros_like(x)
    for start in range(0, len(mutants), at_once):
        tick()
        sequence, position, base = mutants[start : start + at_once].T
        changed = codes[sequence]
        changed[np.arange(len(changed)), position] = base
        there = torch.from_numpy(sequence).to(device)
        output = ensemble.logits(one_hot(torch.from_numpy(changed).to(device)))
        raw[there, torch.from_numpy(base).to(device), torch.from_numpy(position).to(device)] = (
            output * weights[there]
        ).sum(1) - at_x[there]
    return Mutated(raw, held_against_the_others(raw, x), logits)


def held_against_the_others(raw: Tensor, x: Tensor) -> Tensor:
    """(n, 4, L) of alt − ref (n, 4, L) and one-hot x: each base's output minus the mean of the other three's."""
    total = raw.sum(1, keepdim=True)
    return (raw - (total - raw) / 3.0) * x.sum(1, keepdim=True)
