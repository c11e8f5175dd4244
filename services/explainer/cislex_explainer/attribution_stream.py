"""Attributions written batch by batch: memory does not grow with the number of sequences."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason
from cislex_core.tasks import Progress

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


def array_shapes(method: Method, window_bp: int) -> dict[str, tuple[int, ...]]:
    """The arrays that a method writes, and the shape of one sequence's part of each."""
    arrays: dict[str, tuple[int, ...]] = {
        "hypothetical": (4, window_bp), "projected": (4, window_bp), "importance": (window_bp,),
    }  # fmt: skip
    return arrays | ({"ism": (4, window_bp)} if method.name == "ism" else {})


def stream(
    data: Dataset,
    rows: np.ndarray,
    ensemble: Ensemble,
    method: Method,
    batch_size: int,
    gate: Gate | None,
    folder: Path,
    progress: Progress,
) -> Streamed:
    """Write ``array_shapes`` of dataset rows (n,) into ``folder``, each array as ``<name>.npy``.

    Raises ``NotConverged`` where ``gate`` refuses the relative deltas of DeepLIFT/SHAP.
    """
    n = len(rows)
    logits = np.zeros((n, len(data.outputs)), dtype=np.float32)
    sums, deltas = np.zeros((n, 2)), np.zeros((n, 2))
    done = 0
    with ExitStack() as stack:
        writers = {
            name: stack.enter_context(NpyWriter(folder / f"{name}.npy", (n, *shape), np.float32))
            for name, shape in array_shapes(method, data.window_bp).items()
        }
        for result in in_batches(n, batch_size, _work(data, rows, ensemble, method, progress), _shrunk(progress)):
            part = slice(done, done + len(result.logits))
            if result.relative is not None and result.delta is not None:
                deltas[part, 0], deltas[part, 1] = result.delta, result.relative
                if gate is not None:
                    gate.add(result.relative)
            blocks = {
                "hypothetical": result.hypothetical, "projected": result.projected, "importance": result.importance,
                "ism": result.raw,
            }  # fmt: skip
            for name, writer in writers.items():
                block = blocks[name]
                assert block is not None, "the method gives each array it announced"
                writer.append(block)
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
