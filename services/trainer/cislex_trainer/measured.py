"""What the parts of EvaluateModel hand to one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

#: The ``seed`` of the ensemble's rows in predictions.parquet.
ENSEMBLE = -1


@dataclass(frozen=True)
class Answers:
    """What the networks said of some rows of a dataset.

    ``index``: (n,) dataset rows. ``codes``: (n, window) uint8. ``targets``: as ``Dataset`` has them, of these rows.
    ``logits``: (seeds, n, outputs) float32; ``mean``: (n, outputs), the ensemble's. ``loss``: what the networks were
    trained for, which says how a logit is read.
    """

    index: np.ndarray
    codes: np.ndarray
    targets: np.ndarray
    seeds: list[int]
    logits: np.ndarray
    loss: str

    @property
    def mean(self) -> np.ndarray:
        """Mean of the seeds' logits."""
        return np.asarray(self.logits.mean(0))


@dataclass(frozen=True)
class Report:
    """What is written: the part of metrics.json that depends on the targets, curves.json, predictions.parquet."""

    metrics: dict[str, Any]
    curves: dict[str, Any]
    predictions: pa.Table
