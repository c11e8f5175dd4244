"""The convergence gate: DeepLIFT/SHAP whose attributions do not add up is no result.

A sequence converges when its relative delta (``deeplift.relative_delta``) is at most the limit, 1e-2 by default. One
that does not refuses the whole run: it shows that the network holds an operation without a rule, which blurs the
attributions of the others too.
"""

from __future__ import annotations

import numpy as np
from cislex_core.errors import Reason, UserError

#: Sequences read before a run is refused, so that the refusal can say how common the failure is.
ENOUGH = 64


class NotConverged(Exception):  # noqa: N818 - a finding, turned into an error or a fallback
    """``text`` says how many sequences missed and by how much."""

    def __init__(self, failed: int, read: int, worst: float, limit: float) -> None:
        self.failed, self.read, self.worst, self.limit = failed, read, worst, limit
        self.text = (
            f"the attributions of {failed} of the first {read} sequences miss the difference of outputs that they "
            f"should add up to by more than {limit:g} of it; the worst by {worst:.3g}"
        )
        super().__init__(self.text)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by value: it may be found in another process."""
        return type(self), (self.failed, self.read, self.worst, self.limit)

    def refusal(self) -> UserError:
        """The error of a request without a fallback."""
        return UserError(
            Reason.NOT_CONVERGED,
            f"DeepLIFT/SHAP does not converge: {self.text}. The model holds an operation that DeepLIFT has no rule for "
            "(docs/methods.md lists the architectures that converge); take method integrated_gradients or ism, or "
            "allow one of them as fallback",
            field="method",
            share=f"{self.failed / self.read:.4f}",
            worst_delta=f"{self.worst:.6g}",
            limit=self.limit,
        )


class Gate:
    """Sees relative deltas batch by batch; raises ``NotConverged`` once ``ENOUGH`` sequences, or all, were read."""

    def __init__(self, limit: float, n: int) -> None:
        self.limit = limit
        self._enough = min(n, ENOUGH)
        self._read, self._failed, self._worst = 0, 0, 0.0

    def add(self, relative: np.ndarray) -> None:
        """relative (m,) of the next sequences; NaN counts as not converged."""
        failed = ~(relative <= self.limit)
        self._read += len(relative)
        self._failed += int(failed.sum())
        finite = relative[np.isfinite(relative)]
        self._worst = max(self._worst, float(finite.max(initial=0.0)))
        if self._failed and self._read >= self._enough:
            raise NotConverged(self._failed, self._read, self._worst, self.limit)
