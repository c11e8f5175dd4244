"""What a filter does: the change of the logits when its activations are set to zero.

The activation after the ReLU is nullified, not the weights, so that with batch normalisation the filter is silent too.
"""

from __future__ import annotations

from collections.abc import Iterator
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


def logit_changes(
    model: Architecture, codes: np.ndarray, classes: list[str], device: torch.device | str = "cpu"
) -> np.ndarray:
    """Change (n, F) float32 of logit(WT) − logit(KO) when one filter at a time is nullified. codes: (n, L) uint8."""
    changes = output_changes(model, codes, device)
    return np.asarray(changes[:, :, classes.index("WT")] - changes[:, :, classes.index("KO")])


@torch.no_grad()
def output_changes(model: Architecture, codes: np.ndarray, device: torch.device | str = "cpu") -> np.ndarray:
    """Change (n, F, outputs) float32 of every logit when one filter at a time is nullified. codes: (n, L) uint8."""
    x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
    activations = model.filter_activations(x)
    intact = model.from_filter_activations(activations)
    changes = torch.zeros((*activations.shape[:2], intact.shape[1]), device=activations.device)
    for index in range(activations.shape[1]):
        # a filter that is silent in a sequence changes nothing there
        speaks = activations[:, index].amax(dim=1) > 0
        if speaks.any():
            silent = activations[speaks]
            silent[:, index] = 0.0
            changes[speaks, index] = model.from_filter_activations(silent) - intact[speaks]
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


@dataclass(frozen=True)
class OutputEffects:
    """Per filter and output (F, outputs) float64, in logits (regression: in values), nullified − intact: mean over the
    sequences, mean over the positive ones (of the class, or labelled 1; NaN without any), mean absolute change."""

    mean: np.ndarray
    positive: np.ndarray
    absolute: np.ndarray


class EffectSums:
    """Adds up changes batch by batch."""

    def __init__(self) -> None:
        self._sums: list[np.ndarray] = []
        self._n = 0

    def add(self, changes: np.ndarray, positive: np.ndarray | None) -> None:
        """changes (n, F, outputs); positive (n, outputs) bool, None for regression."""
        wide = changes.astype(np.float64)
        chosen = np.zeros(wide[:, 0].shape, dtype=bool) if positive is None else positive
        found = [
            wide.sum(axis=0), np.einsum("nfo,no->fo", wide, chosen), np.abs(wide).sum(axis=0), chosen.sum(axis=0),
        ]  # fmt: skip
        self._sums = found if not self._sums else [a + b for a, b in zip(self._sums, found, strict=True)]
        self._n += len(changes)

    def effects(self) -> OutputEffects:
        """The means so far; at least one batch must have been added."""
        total, by_positive, absolute, seen = self._sums
        means = np.where(seen > 0, by_positive / np.maximum(seen, 1), np.nan)
        return OutputEffects(total / self._n, means, absolute / self._n)


def evenly_chosen_rows(labels: np.ndarray | None, n: int, most: int) -> np.ndarray:
    """Indices (m,) of at most ``most`` of ``n`` sequences, evenly spaced, ascending; as many of each class where there
    are labels (n,)."""
    groups = [np.arange(n)] if labels is None else [np.flatnonzero(labels == c) for c in np.unique(labels)]
    share = max(most // len(groups), 1)
    picked = [m[np.linspace(0, len(m) - 1, min(len(m), share)).round().astype(np.int64)] for m in groups]
    return np.sort(np.concatenate(picked))


def changes_in_batches(
    model: Architecture, codes: np.ndarray, batch_size: int, device: torch.device | str = "cpu"
) -> Iterator[tuple[slice, np.ndarray]]:
    """``output_changes`` of codes (n, L), batch by batch, with the rows each is of."""
    for start in range(0, len(codes), batch_size):
        part = slice(start, start + batch_size)
        yield part, output_changes(model, codes[part], device)
