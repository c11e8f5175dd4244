"""Temperatures: the numbers to divide logits by so that p = 0.8 is right in eight of ten (Guo et al., ICML 2017)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cislex_core.targets import UNRESOLVED
from scipy.optimize import minimize_scalar

# of log T: a network that needs more than e^4 = 55 either way has learned nothing that could be calibrated
_LOG_RANGE = (-4.0, 4.0)


def fit_temperatures(target_type: str, logits: np.ndarray, targets: np.ndarray) -> list[float]:
    """The temperatures of smallest cross-entropy: one for class_index, one per task for multilabel.

    logits (n, outputs), targets (n,) or (n, tasks) with −1 = unresolved. A task whose resolved entries are all of one
    class keeps 1: any temperature would do, the more extreme the better.
    """
    z = logits.astype(np.float64)
    if target_type == "class_index":
        return [_smallest(lambda t: _softmax_loss(z / t, targets))]
    return [_of_task(z[:, i], targets[:, i]) for i in range(z.shape[1])]


def _of_task(z: np.ndarray, targets: np.ndarray) -> float:
    known = targets != UNRESOLVED
    truth, z = targets[known].astype(np.float64), z[known]
    if len(np.unique(truth)) < 2:
        return 1.0
    return _smallest(lambda t: float(np.mean(np.logaddexp(0.0, z / t) - truth * z / t)))


def _softmax_loss(z: np.ndarray, labels: np.ndarray) -> float:
    top = z.max(1)
    total = np.log(np.exp(z - top[:, None]).sum(1)) + top
    return float(np.mean(total - z[np.arange(len(z)), labels]))


def _smallest(loss: Callable[[float], float]) -> float:
    """In log T the loss has one minimum: it is convex in 1/T."""
    found = minimize_scalar(lambda log_t: loss(float(np.exp(log_t))), bounds=_LOG_RANGE, method="bounded")
    return float(np.exp(found.x))
