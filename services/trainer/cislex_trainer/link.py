"""How a logit is read: probabilities of classes and labels, values, rates. numpy only, for Predict has no torch."""

from __future__ import annotations

import numpy as np
from cislex_core.activations import activate

#: Loss → what turns its logits into what a user reads.
ACTIVATION_OF = {
    "cross_entropy": "softmax",
    "bce": "sigmoid",
    "mse": "identity",
    "poisson": "exp",
    "pearson": "identity",
}


def read_logits(loss: str, logits: np.ndarray) -> np.ndarray:
    """(n, outputs) float64 by the activation of ``loss``; softmax is over the outputs."""
    return activate(ACTIVATION_OF[loss], logits)
