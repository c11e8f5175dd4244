"""The parity gate: an ONNX file leaves only when onnxruntime computes what torch computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import torch
from cislex_core.errors import Reason, UserError, first_line
from cislex_models.base import Predictor
from cislex_models.onehot import one_hot
from cislex_models.wrappers import AsTuple

from cislex_trainer.onnx_export import INPUT

# 1 and 3 show a baked batch, 17 one that was merely padded, 2 is the example's own
BATCHES = (1, 2, 3, 17)
_N = 4


def edge_sequences(window_bp: int, seed: int = 0) -> np.ndarray:
    """Codes (17, window): homopolymers, repeats, N at either end, single bases in N, N inside, random sequence."""
    rng = np.random.default_rng(seed)
    rows = [np.full(window_bp, base) for base in range(4)]
    rows += [np.arange(window_bp) % 2, np.arange(window_bp) % 4, (np.arange(window_bp) // 3) % 4]
    random = rng.integers(0, 4, (6, window_bp))
    random[0, : window_bp // 2] = _N
    random[1, window_bp // 2 :] = _N
    random[2, ::2] = _N
    random[3, window_bp // 3 : 2 * window_bp // 3] = _N
    rows += list(random)
    for position in (0, window_bp // 2, window_bp - 1):
        alone = np.full(window_bp, _N)
        alone[position] = 2
        rows.append(alone)
    rows.append(np.where(rng.random(window_bp) < 0.1, _N, rng.integers(0, 4, window_bp)))
    return np.stack(rows).astype(np.uint8)


def sequence_sets(real: np.ndarray) -> dict[str, np.ndarray]:
    """Codes (17, window) each: ``real`` (repeated when fewer), ``all_n`` and ``edge``."""
    most = max(BATCHES)
    window_bp = real.shape[1]
    return {
        "real": np.resize(real, (most, window_bp)),
        "all_n": np.full((most, window_bp), _N, dtype=np.uint8),
        "edge": np.resize(edge_sequences(window_bp), (most, window_bp)),
    }


@torch.no_grad()
def compare(path: Path, model: Predictor, real: np.ndarray) -> list[dict[str, Any]]:
    """One row per kind of sequence and batch size: largest |torch − onnxruntime| / max(1, |torch|) of each output.

    Both on the CPU in float32. A run that onnxruntime refuses, or outputs of another shape or not finite, count as an
    infinite difference, with the reason in ``problem``.
    """
    module = AsTuple(model)
    names = module.output_names
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rows: list[dict[str, Any]] = []
    for kind, codes in sequence_sets(real).items():
        for batch in BATCHES:
            x = one_hot(torch.from_numpy(codes[:batch]))
            row: dict[str, Any] = {"sequences": kind, "batch": batch, "problem": ""}
            try:
                answers = session.run(list(names), {INPUT: x.numpy()})
                for name, expected, got in zip(names, module(x), answers, strict=True):
                    row[name] = _difference(expected.numpy(), got)
            except Exception as error:  # onnxruntime raises its own classes for a shape that was baked in
                row.update({name: float("inf") for name in names}, problem=first_line(error)[:300])
            rows.append(row)
    return rows


def check(path: Path, model: Predictor, real: np.ndarray, tolerance: float) -> dict[str, Any]:
    """The content of parity.json, or PARITY_FAILED naming the worst case when a difference exceeds ``tolerance``."""
    rows = compare(path, model.eval(), real)
    names = AsTuple(model).output_names
    worst = max(rows, key=lambda row: max(row[name] for name in names))
    largest = max(worst[name] for name in names)
    if not largest <= tolerance:
        problem = f": {worst['problem']}" if worst["problem"] else ""
        raise UserError(
            Reason.PARITY_FAILED,
            f"onnxruntime and torch differ by {largest:.3g} (tolerance {tolerance:g}) on {worst['sequences']} "
            f"sequences at batch {worst['batch']}{problem}; nothing was exported",
            max_abs_difference=largest,
            tolerance=tolerance,
            sequences=worst["sequences"],
            batch=worst["batch"],
        )
    return {
        "tolerance": tolerance,
        "max_abs_difference": largest,
        "batches": list(BATCHES),
        "checks": rows,
        "onnxruntime": ort.__version__,
        "torch": torch.__version__,
    }


def _difference(expected: np.ndarray, got: np.ndarray) -> float:
    if expected.shape != got.shape:
        raise ValueError(f"torch gives shape {expected.shape}, onnxruntime {got.shape}")
    # float32 has seven digits: a value above one (an exponential activation of 300, a count) may differ by its share
    difference = float((np.abs(expected - got) / np.maximum(1.0, np.abs(expected))).max())
    return difference if np.isfinite(difference) else float("inf")
