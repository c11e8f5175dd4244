"""Which sequences a model predicts correctly, for each kind of target (ExplaiNN, Methods; AI-TAC for the correlation).

Classes: the class with the largest logit is the label. Multi-label: at each resolved entry the logit's sign agrees with
the label (p ≥ 0.5 for a positive); an unresolved entry is neither right nor wrong. Regression on three or more tasks:
the correlation between prediction and target over the tasks of a sequence reaches a threshold. Regression on one or two
tasks, where no such correlation exists: the squared error lies in the lowest percentile of all sequences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cislex_core.targets import UNRESOLVED, TargetType

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

    @property
    def by_rank(self) -> bool:
        """True where a sequence is right only in comparison with all others: ``limit`` needs every score."""
        return self.target_type == "regression" and self.n_outputs < _LEAST_TASKS_TO_CORRELATE

    def describe(self) -> str:
        """One line for the manifest."""
        if self.target_type == "class_index":
            return "the class of the largest logit is the label"
        if self.target_type == "multilabel":
            return "every resolved entry has p >= 0.5 where it is 1 and p < 0.5 where it is 0"
        if self.by_rank:
            return f"mean squared error in the lowest {self.percentile:g} % of the split"
        return f"Pearson r over the tasks of the sequence >= {self.correlation:g}"

    def entries(self, logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Multi-label: (m, tasks) bool, resolved and right."""
        return np.asarray((targets != UNRESOLVED) & ((logits >= 0) == (targets == 1)))

    def score(self, logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """(m,) float64, higher = better; right from ``limit`` on. logits (m, outputs); targets as the dataset's."""
        if self.target_type == "class_index":
            return (logits.argmax(axis=1) == targets).astype(np.float64)
        if self.target_type == "multilabel":
            resolved = (targets != UNRESOLVED).sum(axis=1)
            right = self.entries(logits, targets).sum(axis=1)
            return ((right == resolved) & (resolved > 0)).astype(np.float64)
        if self.by_rank:
            return -np.square(logits.astype(np.float64) - targets).mean(axis=1)
        return _row_correlation(logits, targets)

    def limit(self, scores: np.ndarray | None = None) -> float:
        """The least score that is right; ``scores`` (n,) of all sequences are needed where ``by_rank``."""
        if self.target_type != "regression":
            return 1.0
        if not self.by_rank:
            return self.correlation
        if scores is None:
            raise ValueError("the scores of all sequences are needed")
        return float(np.percentile(scores, 100 - self.percentile))


class Verdicts:
    """Collects logits batch by batch and says at the end which sequences are right. Memory: eight bytes a sequence, and
    one byte an entry (multi-label)."""

    def __init__(self, rule: CorrectRule, n: int) -> None:
        self.rule = rule
        self._at = 0
        self._entries = np.zeros((n, rule.n_outputs), dtype=bool) if rule.per_task else None
        self._score = np.zeros(n, dtype=np.float64)

    def add(self, logits: np.ndarray, targets: np.ndarray) -> None:
        """logits (m, outputs) float; targets (m,) int64 or (m, outputs), as the dataset holds them."""
        part = slice(self._at, self._at + len(logits))
        self._at = part.stop
        self._score[part] = self.rule.score(logits, targets)
        if self._entries is not None:
            self._entries[part] = self.rule.entries(logits, targets)

    def sequences(self) -> np.ndarray:
        """(n,) bool: right as a whole."""
        return np.asarray(self._score >= self.limit())

    def limit(self) -> float:
        """The least score that is right."""
        return self.rule.limit(self._score)

    def entries(self) -> np.ndarray | None:
        """(n, tasks) bool: right task by task; None where tasks are not judged alone."""
        return self._entries


def _row_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Pearson r of each row of a with the same row of b, (m,) float64; −1 where either is constant: never right."""
    left, right = (v.astype(np.float64) - v.mean(axis=1, keepdims=True, dtype=np.float64) for v in (a, b))
    norm = np.sqrt(np.square(left).sum(axis=1) * np.square(right).sum(axis=1))
    flat = norm <= 1e-12
    return np.where(flat, -1.0, (left * right).sum(axis=1) / np.where(flat, 1.0, norm))
