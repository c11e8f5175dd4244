"""How a logit is read: probabilities of classes and labels, values, rates. Shapes are (n, outputs)."""

from __future__ import annotations

import numpy as np

#: Activation → what its result is called; an identity gives nothing new.
READ_AS = {"softmax": "probabilities", "sigmoid": "probabilities", "exp": "rates"}


def activate(activation: str, logits: np.ndarray) -> np.ndarray:
    """softmax (over the outputs), sigmoid, identity or exp of logits (n, outputs), float64."""
    z = logits.astype(np.float64)
    if activation == "softmax":
        raised = np.exp(z - z.max(1, keepdims=True))
        return np.asarray(raised / raised.sum(1, keepdims=True))
    if activation == "sigmoid":
        return np.asarray(np.exp(-np.logaddexp(0.0, -z)))
    # a rate beyond e^80 is no count: what float32 would call infinite stays a number
    return np.exp(np.minimum(z, 80.0)) if activation == "exp" else z
