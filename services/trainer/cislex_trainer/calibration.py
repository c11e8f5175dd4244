"""Calibration: does p = 0.8 mean that it is so in eight of ten?"""

from __future__ import annotations

from typing import Any

import numpy as np


def calibration(labels: np.ndarray, p_wt: np.ndarray, n_bins: int = 10) -> dict[str, Any]:
    """``reliability`` of p(WT), whose bins are {low, high, n, mean_p_wt, observed_wt}."""
    found = reliability(labels, p_wt, n_bins)
    for one in found["bins"]:
        one["mean_p_wt"], one["observed_wt"] = one.pop("mean_p"), one.pop("observed")
    return found


def reliability(truth: np.ndarray, p: np.ndarray, n_bins: int = 10) -> dict[str, Any]:
    """Expected calibration error over equal-width bins of p, and the bins. truth (n,) 0/1, p (n,) its probability.

    ECE = Σ n_b / n · |mean p − share of truth| over the bins that hold anything. Each bin is
    {low, high, n, mean_p, observed}; the last two are None for an empty bin. A value of 1 is in the last bin.
    """
    bins, ece = [], 0.0
    which = np.minimum((p * n_bins).astype(int), n_bins - 1)
    for b in range(n_bins):
        inside = which == b
        n = int(inside.sum())
        mean_p = float(p[inside].mean()) if n else None
        observed = float(truth[inside].mean()) if n else None
        if mean_p is not None and observed is not None:
            ece += n / len(truth) * abs(mean_p - observed)
        bins.append({"low": b / n_bins, "high": (b + 1) / n_bins, "n": n, "mean_p": mean_p, "observed": observed})
    return {"ece": ece, "n_bins": n_bins, "bins": bins}
