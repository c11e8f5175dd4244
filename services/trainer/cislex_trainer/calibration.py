"""Calibration: does p(WT) = 0.8 mean that eight in ten are WT?"""

from __future__ import annotations

from typing import Any

import numpy as np


def calibration(labels: np.ndarray, p_wt: np.ndarray, n_bins: int = 10) -> dict[str, Any]:
    """Expected calibration error over equal-width bins of p(WT), and the bins.

    ECE = Σ n_b / n · |mean p(WT) − share of WT| over the bins that hold sequences. Each bin is
    {low, high, n, mean_p_wt, observed_wt}; the last two are None for an empty bin. A value of 1 is in the last bin.
    """
    bins, ece = [], 0.0
    which = np.minimum((p_wt * n_bins).astype(int), n_bins - 1)
    for b in range(n_bins):
        inside = which == b
        n = int(inside.sum())
        mean_p = float(p_wt[inside].mean()) if n else None
        observed = float(labels[inside].mean()) if n else None
        if mean_p is not None and observed is not None:
            ece += n / len(labels) * abs(mean_p - observed)
        bins.append({"low": b / n_bins, "high": (b + 1) / n_bins, "n": n, "mean_p_wt": mean_p, "observed_wt": observed})
    return {"ece": ece, "n_bins": n_bins, "bins": bins}
