"""How a logit is read: probabilities of classes and labels, values, rates. numpy only, for Predict has no torch."""

from __future__ import annotations

import numpy as np

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


def activate(activation: str, logits: np.ndarray) -> np.ndarray:
    """softmax, sigmoid, identity or exp of logits (n, outputs), float64."""
    z = logits.astype(np.float64)
    if activation == "softmax":
        raised = np.exp(z - z.max(1, keepdims=True))
        return np.asarray(raised / raised.sum(1, keepdims=True))
    if activation == "sigmoid":
        return np.asarray(np.exp(-np.logaddexp(0.0, -z)))
    # a rate beyond e^80 is no count: what float32 would call infinite stays a number
    return np.exp(np.minimum(z, 80.0)) if activation == "exp" else z
