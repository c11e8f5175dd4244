"""Which sequences a model predicts correctly, for each kind of target (ExplaiNN, Methods; AI-TAC for the correlation).

Classes: the class with the largest logit is the label. Multi-label: at each resolved entry the logit's sign agrees with
the label (p ≥ 0.5 for a positive); an unresolved entry is neither right nor wrong. Regression on three or more tasks:
the correlation between prediction and target over the tasks of a sequence reaches a threshold. Regression on one or two
tasks, where no such correlation exists: the squared error lies in the lowest percentile of all sequences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from cislex_core.targets import UNRESOLVED, TargetType

Scope = Literal["per_task", "all_tasks"]
#: Fewer tasks have no correlation worth the name: of two points it is always 1 or −1.
_LEAST_TASKS_TO_CORRELATE = 3


@dataclass(frozen=True)
class CorrectRule:
    """``correlation``: least Pearson r over tasks; ``percentile``: percent of sequences, by error, that are right."""

    target_type: TargetType
    n_outputs: int
    correlation: float = 0.75
    percentile: float = 50.0

    @property
    def per_task(self) -> bool:
        """True where each entry is right or wrong by itself, so that a task can choose its own sequences."""
        return self.target_type == "multilabel"

    def describe(self) -> str:
        """One line for the manifest."""
        if self.target_type == "class_index":
            return "the class of the largest logit is the label"
        if self.target_type == "multilabel":
            return "every resolved entry has p >= 0.5 where it is 1 and p < 0.5 where it is 0"
        if self.n_outputs >= _LEAST_TASKS_TO_CORRELATE:
            return f"Pearson r over the tasks of the sequence >= {self.correlation:g}"
        return f"mean squared error in the lowest {self.percentile:g} % of the split"


class Verdicts:
    """Collects logits batch by batch and says at the end which sequences are right. Memory: one byte an entry
    (multi-label), else a few bytes a sequence."""

    def __init__(self, rule: CorrectRule, n: int) -> None:
        self.rule = rule
        self._at = 0
        self._entries = np.zeros((n, rule.n_outputs), dtype=bool) if rule.per_task else None
        self._score = np.zeros(n, dtype=np.float64)

    def add(self, logits: np.ndarray, targets: np.ndarray) -> None:
        """logits (m, outputs) float; targets (m,) int64 or (m, outputs), as the dataset holds them."""
        part = slice(self._at, self._at + len(logits))
        self._at = part.stop
        if self.rule.target_type == "class_index":
            self._score[part] = logits.argmax(axis=1) == targets
        elif self._entries is not None:
            self._entries[part] = right = (targets != UNRESOLVED) & ((logits >= 0) == (targets == 1))
            resolved = (targets != UNRESOLVED).sum(axis=1)
            self._score[part] = (right.sum(axis=1) == resolved) & (resolved > 0)
        elif self.rule.n_outputs >= _LEAST_TASKS_TO_CORRELATE:
            self._score[part] = _row_correlation(logits, targets)
        else:
            self._score[part] = np.square(logits.astype(np.float64) - targets).mean(axis=1)

    def sequences(self) -> np.ndarray:
        """(n,) bool: right as a whole."""
        if self.rule.target_type != "regression":
            return self._score > 0
        if self.rule.n_outputs >= _LEAST_TASKS_TO_CORRELATE:
            return self._score >= self.rule.correlation
        return self._score <= np.percentile(self._score, self.rule.percentile)

    def entries(self) -> np.ndarray | None:
        """(n, tasks) bool: right task by task; None where tasks are not judged alone."""
        return self._entries


def _row_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson r of each row of a with the same row of b, (m,) float64; −1 where either is constant: never right."""
    left, right = (v.astype(np.float64) - v.mean(axis=1, keepdims=True, dtype=np.float64) for v in (a, b))
    norm = np.sqrt(np.square(left).sum(axis=1) * np.square(right).sum(axis=1))
    flat = norm <= 1e-12
    return np.where(flat, -1.0, (left * right).sum(axis=1) / np.where(flat, 1.0, norm))
