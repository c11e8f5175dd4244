"""Attributions written batch by batch: memory does not grow with the number of sequences."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason
from cislex_core.tasks import Out, Progress

from cislex_explainer.attributions import Attributed, Method, attribute, in_batches
from cislex_explainer.ensembles import Ensemble
from cislex_explainer.gate import Gate
from cislex_explainer.streams import NpyWriter


@dataclass(frozen=True)
class Streamed:
    """Beside the arrays on disk: ``logits`` (n, outputs) float32; ``sums`` (n, 2): attribution sum and output
    difference (0 where the method has none); ``deltas`` (n, 2): absolute and relative convergence delta (DeepLIFT/SHAP,
    else 0)."""

    logits: np.ndarray
    sums: np.ndarray
    deltas: np.ndarray


def stream(
    data: Dataset,
    rows: np.ndarray,
    ensemble: Ensemble,
    method: Method,
    batch_size: int,
    max_delta: float,
    out: Out,
    progress: Progress,
) -> Streamed:
    """Write hypothetical.npy, projected.npy, importance.npy and, for ISM, ism.npy of dataset rows (n,).

    Raises ``NotConverged`` for DeepLIFT/SHAP whose relative deltas exceed ``max_delta``.
    """
    n, length = len(rows), data.window_bp
    logits = np.zeros((n, len(data.outputs)), dtype=np.float32)
    sums, deltas = np.zeros((n, 2)), np.zeros((n, 2))
    gate = Gate(max_delta, n)
    done = 0
    with ExitStack() as stack:

        def writer(name: str, shape: tuple[int, ...]) -> Callable[[np.ndarray], None]:
            return stack.enter_context(NpyWriter(out.path(name), (n, *shape), np.float32)).append

        hypothetical, projected = writer("hypothetical.npy", (4, length)), writer("projected.npy", (4, length))
        importance = writer("importance.npy", (length,))
        raw = writer("ism.npy", (4, length)) if method.name == "ism" else None
        for result in in_batches(n, batch_size, _work(data, rows, ensemble, method, progress), _shrunk(progress)):
            part = slice(done, done + len(result.logits))
            if result.relative is not None and result.delta is not None:
                deltas[part, 0], deltas[part, 1] = result.delta, result.relative
                gate.add(result.relative)
            hypothetical(result.hypothetical)
            projected(result.projected)
            importance(result.importance)
            if raw is not None and result.raw is not None:
                raw(result.raw)
            logits[part] = result.logits
            if result.reached is not None and result.expected is not None:
                sums[part, 0], sums[part, 1] = result.reached, result.expected
            done = part.stop
            progress.update(done, n, "sequences")
    return Streamed(logits, sums, deltas)


def _work(
    data: Dataset, rows: np.ndarray, ensemble: Ensemble, method: Method, progress: Progress
) -> Callable[[slice], Attributed]:
    def work(part: slice) -> Attributed:
        codes = np.asarray(data.codes[rows[part]])
        return attribute(ensemble, codes, rows[part], data.outputs, method, progress.check_cancel)

    return work


def _shrunk(progress: Progress) -> Callable[[int], None]:
    def shrunk(size: int) -> None:
        progress.warn(Reason.OUT_OF_MEMORY.name, f"the device's memory ran out; going on with batches of {size}")

    return shrunk
