"""DeepLIFT/SHAP (Shrikumar et al. 2017; Lundberg and Lee 2017): tangermeme's rules on our networks, and their gate.

For a sequence x, a reference r (a dinucleotide shuffle of x) and the rule's multipliers m, the attribution is
(x − r) · m, summed over channels; the hypothetical score of base c is (e_c − r) · m = m_c − Σ_j r_j m_j. Both are
averaged over the references. The rules promise that the attributions of a pair add up to f(x) − f(r). How far they miss
is the convergence delta: a network with an operation without a rule shows there, and nowhere else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from cislex_models.onehot import one_hot
from tangermeme.deep_lift_shap import deep_lift_shap
from torch import Tensor

from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.integrated import shuffled_baselines
from cislex_explainer.saliency import correct_gradient
from cislex_explainer.visible import RULES, Visible

#: Where f(x) and f(r) are nearly equal, rounding would count as a large relative delta: |f| × this is the least scale.
SCALE_FLOOR = 0.01


@dataclass(frozen=True)
class Lifted:
    """Result for a batch: ``hypothetical`` (n, 4, L), ``logits`` (n, outputs); (n,) each: ``reached`` the sum of the
    uncorrected attributions, ``expected`` f(x) − mean over references of f(r), ``delta`` the largest
    |sum − (f(x) − f(r))| over the references, ``relative`` the same over its scale (``relative_delta``)."""

    hypothetical: Tensor
    logits: Tensor
    reached: Tensor
    expected: Tensor
    delta: Tensor
    relative: Tensor


def relative_delta(delta: Tensor, at_x: Tensor, at_references: Tensor) -> Tensor:
    """(n,) of (n,), (n,) and (n, references): delta over the largest |f(x) − f(r)|, or over a hundredth of the largest
    |f| where that is more."""
    difference = (at_x[:, None] - at_references).abs().amax(1)
    size = torch.maximum(at_x.abs(), at_references.abs().amax(1))
    scale = torch.maximum(difference, SCALE_FLOOR * size).clamp_min(torch.finfo(delta.dtype).tiny)
    return delta / scale


def lift(
    ensemble: Ensemble,
    codes: np.ndarray,
    rows: np.ndarray,
    weigh: Weigh,
    n_references: int,
    seed: int,
    pairs: int,
    gradient_correction: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Lifted:
    """DeepLIFT/SHAP of codes (n, L) uint8, dataset rows ``rows`` (n,), by ``n_references`` shuffles of each.

    ``pairs``: pairs of sequence and reference that pass at once. The attributions of an ensemble are the mean of its
    members', and so are the deltas, in absolute value: those of two members never cancel.
    """
    device = ensemble.device
    x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(device))
    shuffles = shuffled_baselines(codes, rows, n_references, seed)
    references = torch.stack([one_hot(torch.from_numpy(s).to(device)) for s in shuffles], dim=1)  # (n, refs, 4, L)
    logits = ensemble.logits(x)
    weights = weigh.fix(logits)(logits)
    multipliers, delta = torch.zeros_like(references), x.new_zeros(len(x), n_references)
    at_x, at_references = x.new_zeros(len(x)), x.new_zeros(len(x), n_references)
    for member in ensemble.members:
        tick()
        own = _multipliers(member, x, references, weights, pairs)
        f_x, f_r = _values(member, x, references, weights, pairs)
        delta += ((x[:, None] - references) * own).sum((2, 3)).sub(f_x[:, None] - f_r).abs()
        multipliers, at_x, at_references = multipliers + own, at_x + f_x, at_references + f_r
    count = len(ensemble.members)
    multipliers, delta = multipliers / count, (delta / count).amax(1)
    at_x, at_references = at_x / count, at_references / count
    reached = ((x[:, None] - references) * multipliers).sum((2, 3)).mean(1)
    if gradient_correction:
        multipliers = correct_gradient(multipliers.flatten(0, 1)).view_as(multipliers)
    hypothetical = (multipliers - (references * multipliers).sum(2, keepdim=True)).mean(1)
    return Lifted(
        hypothetical, logits, reached, at_x - at_references.mean(1), delta, relative_delta(delta, at_x, at_references)
    )


def _multipliers(member: torch.nn.Module, x: Tensor, references: Tensor, weights: Tensor, pairs: int) -> Tensor:
    """(n, references, 4, L) multipliers of the weighted logits of one member, on x's device."""
    visible = Visible(member).eval().look(x[:1])  # tangermeme puts back the mode it finds
    with warnings.catch_warnings():
        # N is a zero column, which tangermeme's input check does not like; convergence is judged by the gate
        warnings.simplefilter("ignore")
        found = deep_lift_shap(
            visible, x, args=(weights,), target=0, batch_size=pairs, references=references, raw_outputs=True,
            additional_nonlinear_ops=RULES, device=x.device, only_warn=True,
        )  # fmt: skip
    return torch.as_tensor(found).to(x.device)


@torch.no_grad()
def _values(
    member: torch.nn.Module, x: Tensor, references: Tensor, weights: Tensor, pairs: int
) -> tuple[Tensor, Tensor]:
    """f(x) (n,) and f(references) (n, references) of one member."""
    at_x = (member(x) * weights).sum(1)
    flat, repeated = references.flatten(0, 1), weights.repeat_interleave(references.shape[1], 0)
    parts = [(member(flat[i : i + pairs]) * repeated[i : i + pairs]).sum(1) for i in range(0, len(flat), max(pairs, 1))]
    return at_x, torch.cat(parts).view(references.shape[:2])
