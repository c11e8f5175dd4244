"""Saliency of WTKO-CNN (Dey 2026, section 3.3), input × gradient, and gradient correction.

Eq. 1: S(X) = ∂ f_c(X) / ∂ X, the gradient of a pre-softmax logit. Eq. 2: M_i = max over channels of |S_ij|.
"""

from __future__ import annotations

from torch import Tensor

from cislex_explainer.ensembles import Ensemble, Weigh


def saliency(ensemble: Ensemble, x: Tensor, weigh: Weigh) -> tuple[Tensor, Tensor]:
    """Eq. 1: gradient (n, 4, L) of the weighted logits by one-hot x (n, 4, L), and the mean logits (n, classes)."""
    return ensemble.gradient(x, weigh)


def position_importance(gradient: Tensor) -> Tensor:
    """Eq. 2: (n, 4, L) → (n, L), the largest absolute value over the channels."""
    return gradient.abs().amax(dim=1)


def correct_gradient(gradient: Tensor) -> Tensor:
    """Gradient correction of Majdandzic et al. (2023): subtract each position's mean over the four channels.

    One-hot inputs live on a simplex; the gradient's component off that simplex is arbitrary and is taken away.
    (n, 4, L) → (n, 4, L) whose channels sum to zero at each position.
    """
    return gradient - gradient.mean(dim=1, keepdim=True)


def project(hypothetical: Tensor, x: Tensor) -> Tensor:
    """Scores (n, 4, L) of the bases that are there: hypothetical × one-hot; zero at N."""
    return hypothetical * x
