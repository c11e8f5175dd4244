"""What a filter does: the change of logit(WT) − logit(KO) when its activations are set to zero.

The activation after the ReLU is nullified, not the weights, so that with batch normalisation the filter is silent too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot


@dataclass(frozen=True)
class Effects:
    """Per filter (F,) float64, in logits, nullified − intact: mean over WT sequences, over KO sequences, the mean of
    the two (each class weighs the same), and the mean absolute change likewise. A filter that speaks for WT has a
    negative effect."""

    wt: np.ndarray
    ko: np.ndarray
    both: np.ndarray
    absolute: np.ndarray


@torch.no_grad()
def logit_changes(
    model: Architecture, codes: np.ndarray, classes: list[str], device: torch.device | str = "cpu"
) -> np.ndarray:
    """Change (n, F) float32 of logit(WT) − logit(KO) when one filter at a time is nullified. codes: (n, L) uint8."""
    x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
    activations = model.filter_activations(x)
    wt, ko = classes.index("WT"), classes.index("KO")

    def difference(a: torch.Tensor) -> torch.Tensor:
        logits = model.from_filter_activations(a)
        return logits[:, wt] - logits[:, ko]

    intact = difference(activations)
    changes = torch.zeros(activations.shape[:2], device=activations.device)
    for index in range(activations.shape[1]):
        # a filter that is silent in a sequence changes nothing there
        speaks = activations[:, index].amax(dim=1) > 0
        if speaks.any():
            silent = activations[speaks]
            silent[:, index] = 0.0
            changes[speaks, index] = difference(silent) - intact[speaks]
    return changes.cpu().numpy()


def mean_effects(changes: np.ndarray, is_wt: np.ndarray) -> Effects:
    """Average changes (n, F) by class; a class without sequences counts as zero change."""
    zero = np.zeros(changes.shape[1])
    wide = changes.astype(np.float64)
    wt = wide[is_wt].mean(axis=0) if is_wt.any() else zero
    ko = wide[~is_wt].mean(axis=0) if (~is_wt).any() else zero
    size = np.abs(wide)
    absolute = [size[chosen].mean(axis=0) if chosen.any() else zero for chosen in (is_wt, ~is_wt)]
    return Effects(wt, ko, (wt + ko) / 2, (absolute[0] + absolute[1]) / 2)


def evenly_chosen(labels: np.ndarray, wt_index: int, most: int) -> np.ndarray:
    """Indices into labels (n,) of at most ``most`` sequences, half of each class, evenly spaced, ascending."""
    picked = []
    for members in (np.flatnonzero(labels == wt_index), np.flatnonzero(labels != wt_index)):
        count = min(len(members), most // 2)
        picked.append(members[np.linspace(0, max(len(members) - 1, 0), count).round().astype(np.int64)])
    return np.sort(np.concatenate(picked))


def effects(
    model: Architecture,
    codes: np.ndarray,
    is_wt: np.ndarray,
    classes: list[str],
    batch_size: int,
    device: torch.device | str = "cpu",
    tick: Callable[[], None] = lambda: None,
) -> Effects:
    """``mean_effects`` of ``logit_changes`` over codes (n, L) in batches; ``tick`` is called before each batch."""
    parts = []
    for start in range(0, len(codes), batch_size):
        tick()
        parts.append(logit_changes(model, codes[start : start + batch_size], classes, device))
    return mean_effects(np.concatenate(parts), is_wt)
