"""Attribute a batch of sequences by any method: hypothetical, projected, importance, logits and completeness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from cislex_core.errors import Reason, RetryableError
from cislex_models.onehot import one_hot

from cislex_explainer.deeplift import lift
from cislex_explainer.ensembles import Ensemble, Weigh
from cislex_explainer.integrated import baselines_of, integrate
from cislex_explainer.ism import mutate
from cislex_explainer.saliency import correct_gradient, position_importance, project, saliency


@dataclass(frozen=True)
class Method:
    """How to attribute; the fields are those of ``ComputeAttributionsSpec``."""

    name: str = "saliency"
    target: str = "wt_minus_ko"
    gradient_correction: bool = False
    steps: int = 50
    baseline: str = "uniform"
    n_baselines: int = 20
    baseline_seed: int = 42
    outputs: tuple[str, ...] = ()
    at_once: int = 32
    """DeepLIFT/SHAP: pairs of sequence and reference; ISM: mutated sequences."""


@dataclass(frozen=True)
class Attributed:
    """A batch's result: hypothetical (n, 4, L), projected (n, 4, L), importance (n, L), logits (n, classes), all
    float32; reached and expected (n,) for integrated gradients and DeepLIFT/SHAP, delta and relative (n,) for the
    latter, raw (n, 4, L) for ISM, else None."""

    hypothetical: np.ndarray
    projected: np.ndarray
    importance: np.ndarray
    logits: np.ndarray
    reached: np.ndarray | None = None
    expected: np.ndarray | None = None
    delta: np.ndarray | None = None
    relative: np.ndarray | None = None
    raw: np.ndarray | None = None


def attribute(
    ensemble: Ensemble,
    codes: np.ndarray,
    rows: np.ndarray,
    classes: list[str],
    method: Method,
    tick: Callable[[], None] = lambda: None,
) -> Attributed:
    """Attribute codes (n, L) uint8, which are dataset rows ``rows`` (n,) (they seed the shuffled baselines)."""
    x = one_hot(torch.from_numpy(np.ascontiguousarray(codes)).to(ensemble.device))
    weigh = Weigh(method.target, tuple(classes), outputs=method.outputs)
    more: dict[str, np.ndarray] = {}
    if method.name == "integrated_gradients":
        baselines = baselines_of(x, codes, rows, method.baseline, method.n_baselines, method.baseline_seed)
        result = integrate(ensemble, x, weigh, baselines, method.steps, method.gradient_correction, tick)
        hypothetical, logits = result.hypothetical, result.logits
        more = {"reached": _numpy(result.reached), "expected": _numpy(result.expected)}
    elif method.name == "deeplift_shap":
        lifted = lift(
            ensemble, codes, rows, weigh, method.n_baselines, method.baseline_seed, method.at_once,
            method.gradient_correction, tick,
        )  # fmt: skip
        hypothetical, logits = lifted.hypothetical, lifted.logits
        names = ("reached", "expected", "delta", "relative")
        more = {name: _numpy(getattr(lifted, name)) for name in names}
    elif method.name == "ism":
        mutated = mutate(ensemble, codes, weigh, method.at_once, tick)
        hypothetical, logits, more = mutated.hypothetical, mutated.logits, {"raw": _numpy(mutated.raw)}
    else:
        tick()
        hypothetical, logits = saliency(ensemble, x, weigh)
        if method.gradient_correction:
            hypothetical = correct_gradient(hypothetical)
    projected = project(hypothetical, x)
    importance = position_importance(hypothetical) if method.name == "saliency" else projected.sum(1).abs()
    return Attributed(_numpy(hypothetical), _numpy(projected), _numpy(importance), _numpy(logits), **more)


def in_batches(
    n: int, batch_size: int, work: Callable[[slice], Attributed], shrunk: Callable[[int], None] = lambda _: None
) -> Iterator[Attributed]:
    """``work`` on consecutive slices of range(n). When the device's memory runs out the batch is halved and tried
    again (``shrunk`` is told the new size); OUT_OF_MEMORY when a single sequence does not fit."""
    start = 0
    while start < n:
        part = slice(start, min(n, start + batch_size))
        try:
            result = work(part)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            if batch_size == 1:
                raise RetryableError(
                    Reason.OUT_OF_MEMORY, f"one sequence does not fit on the device: {error}", batch_size=1
                ) from None
            batch_size = max(1, batch_size // 2)
            shrunk(batch_size)
            continue
        yield result
        start = part.stop


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
