"""Integrated gradients (Sundararajan et al. 2017) of one-hot sequences, with hypothetical scores and completeness.

With g the gradient averaged along the straight way from the baseline b to the sequence x, the attribution is
(x − b) · g, summed over channels. The hypothetical score of base c at a position asks what its attribution would be
were that base there: (e_c − b) · g = g_c − Σ_j b_j g_j (the convention of DeepLIFT's hypothetical scores). Its entry
at the observed base is the attribution itself, so projected scores add up to f(x) − f(b): completeness. For the
uniform baseline this is g_c minus the mean of g over channels, that is, the corrected gradient; for zeros it is g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from cislex_core.sequences import dinucleotide_shuffle
from cislex_models.onehot import one_hot
from torch import Tensor

from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.saliency import correct_gradient


@dataclass(frozen=True)
class Integrated:
    """Result for a batch: ``hypothetical`` (n, 4, L); ``reached`` (n,) the sum of the uncorrected attributions;
    ``expected`` (n,) f(x) − mean over baselines of f(b); ``logits`` (n, classes) of x.

    The completeness delta is reached − expected, in logits.
    """

    hypothetical: Tensor
    reached: Tensor
    expected: Tensor
    logits: Tensor


def constant_baseline(x: Tensor, name: str) -> Tensor:
    """``uniform`` (0.25 in each channel) or ``zeros``, as x (n, 4, L); zeros where the sequence has N."""
    if name == "uniform":
        return 0.25 * x.sum(dim=1, keepdim=True).expand_as(x)
    if name == "zeros":
        return torch.zeros_like(x)
    raise ValueError(f"no constant baseline {name!r}")


def shuffled_baselines(codes: np.ndarray, rows: np.ndarray, n_baselines: int, seed: int) -> np.ndarray:
    """Dinucleotide shuffles (n_baselines, n, L) uint8 of codes (n, L); N stays N in place.

    Those of a sequence depend on ``seed`` and its dataset row alone, not on the batch it comes in.
    """
    out = np.empty((n_baselines, *codes.shape), dtype=np.uint8)
    for i, row in enumerate(rows):
        rng = np.random.default_rng([seed & 0xFFFFFFFF, int(row)])
        out[:, i] = dinucleotide_shuffle(np.repeat(codes[i][None], n_baselines, axis=0), rng)
    return out


def integrate(
    ensemble: Ensemble,
    x: Tensor,
    weigh: Weigh,
    baselines: list[Tensor],
    steps: int,
    gradient_correction: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Integrated:
    """Integrated gradients of the weighted logits at x (n, 4, L), averaged over ``baselines`` (each (n, 4, L)).

    The class that ``predicted`` attributes is that of x, all along the way. The integral is the midpoint rule with
    ``steps`` points. ``tick`` is called at each point (a place to cancel).
    """
    hypothetical = torch.zeros_like(x)
    reached, expected = x.new_zeros(x.shape[0]), x.new_zeros(x.shape[0])
    logits = ensemble.logits(x)
    fixed = weigh.fix(logits)
    weights = fixed(logits)
    at_x = (logits * weights).sum(1)
    for baseline in baselines:
        way, mean_gradient = x - baseline, torch.zeros_like(x)
        for step in range(steps):
            tick()
            mean_gradient += ensemble.gradient(baseline + (step + 0.5) / steps * way, fixed)[0]
        mean_gradient /= steps
        reached += (way * mean_gradient).sum(dim=(1, 2))
        expected += at_x - (ensemble.logits(baseline) * weights).sum(1)
        if gradient_correction:
            mean_gradient = correct_gradient(mean_gradient)
        hypothetical += mean_gradient - (baseline * mean_gradient).sum(dim=1, keepdim=True)
    count = len(baselines)
    return Integrated(hypothetical / count, reached / count, expected / count, logits)


def baselines_of(
    x: Tensor, codes: np.ndarray, rows: np.ndarray, name: str, n_baselines: int, seed: int
) -> list[Tensor]:
    """The baselines of a batch by name, on x's device: one for ``uniform`` and ``zeros``, else ``n_baselines``."""
    if name != "dinucleotide_shuffle":
        return [constant_baseline(x, name)]
    shuffled = shuffled_baselines(codes, rows, n_baselines, seed)
    return [one_hot(torch.from_numpy(shuffle).to(x.device)) for shuffle in shuffled]
