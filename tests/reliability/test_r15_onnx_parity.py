"""R15: onnxruntime computes of an exported model what torch computes, on 10,000 sequences of each architecture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from cislex_models.onehot import one_hot
from cislex_models.registry import ARCHITECTURES, build
from cislex_models.wrappers import AsTuple, Ensemble
from cislex_trainer.onnx_export import INPUT, export_onnx
from cislex_trainer.parity import edge_sequences

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(3600)]

N = 10_000
WINDOW_BP = 200
TOLERANCE = 1e-4
# unit_transfer is made of others: it is exported with two of them as its parts
NAMES = [name for name in ARCHITECTURES if name != "unit_transfer"]


def sequences() -> np.ndarray:
    """Codes (10,000, 200): 6,000 random; 3,000 with N, single, in runs or at an end; 1,000 variants of edge cases."""
    rng = np.random.default_rng(15)
    codes = rng.integers(0, 4, (N, WINDOW_BP)).astype(np.uint8)
    for row in range(6000, 9000):
        if row % 3 == 0:
            codes[row, rng.random(WINDOW_BP) < rng.random()] = 4
        elif row % 3 == 1:
            start, end = np.sort(rng.integers(0, WINDOW_BP + 1, 2))
            codes[row, start:end] = 4
        else:
            cut = int(rng.integers(1, WINDOW_BP))
            codes[row, cut:] = 4
    edges = [edge_sequences(WINDOW_BP, seed) for seed in range(59)]
    codes[9000:] = np.concatenate([*edges, np.full((1, WINDOW_BP), 4, dtype=np.uint8)])[:1000]
    return codes


def settled(name: str, seed: int) -> torch.nn.Module:
    """A network that has learnt something, so that logits are not small: which sequences hold more G and C."""
    model = build(name, WINDOW_BP, {}, 2, seed=seed)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(20):
        x = one_hot(torch.randint(0, 5, (32, WINDOW_BP), generator=generator, dtype=torch.uint8))
        rich = (x[:, 1:3].sum((1, 2)) > x[:, ::3].sum((1, 2))).long()
        loss = torch.nn.functional.cross_entropy(model(x), rich)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_sequences(name: str, tmp_path: Path, record: Callable[..., None]) -> None:
    ensemble = Ensemble([settled(name, 0), settled(name, 1)]).eval()  # type: ignore[list-item]
    path = tmp_path / "model.onnx"
    export_onnx(ensemble, WINDOW_BP, path)
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    module = AsTuple(ensemble)
    names = list(module.output_names)
    codes = sequences()
    sizes = [1, 2, 3, 7, 17, 64, 250, 256]
    worst = dict.fromkeys(names, 0.0)
    absolute, largest, start, turn = 0.0, 0.0, 0, 0
    while start < N:
        stop = min(N, start + sizes[turn % len(sizes)])
        x = one_hot(torch.from_numpy(codes[start:stop]))
        with torch.no_grad():
            expected = [tensor.numpy() for tensor in module(x)]
        for output, torchs, ort_s in zip(names, expected, session.run(names, {INPUT: x.numpy()}), strict=True):
            assert torchs.shape == ort_s.shape
            difference = np.abs(torchs - ort_s)
            worst[output] = max(worst[output], float((difference / np.maximum(1.0, np.abs(torchs))).max()))
            if output == "logits":
                absolute = max(absolute, float(difference.max()))
                largest = max(largest, float(np.abs(torchs).max()))
                assert np.isfinite(ort_s).all()
        start, turn = stop, turn + 1
    record(
        sequences=N, batches=turn, largest_logit=largest, largest_logit_difference=absolute,
        largest_of_any_output=max(worst.values()),
    )  # fmt: skip
    assert max(worst.values()) <= TOLERANCE
