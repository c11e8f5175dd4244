"""Motif columns with the sites behind them: what column scores compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """probabilities: (n, 4), rows sum to 1, a pseudocount already in. sites: (n,) sites behind each column."""

    probabilities: FloatArray
    sites: FloatArray
