"""A small dataset, small models and the worker's side of a task, for the explainer's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from cislex_core.manifests import Artifact
from cislex_core.sequences import decode_batch, encode, reverse_complement
from cislex_models.base import Architecture
from cislex_models.checkpoint import save_model
from cislex_models.registry import build
from task_desk import Desk

MOTIF = "TGACTCA"
WINDOW = 60
SMALL = {"filters": 6, "filters_2": 8, "kernel_size": 7, "hidden": 8}


class ExplainerDesk(Desk):
    area = "explainer"


def _sequences(n: int = 96, window: int = WINDOW, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """codes (n, window), targets (n,): odd rows are WT and hold MOTIF, every fourth on the other strand."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, window)).astype(np.uint8)
    targets = np.arange(n, dtype=np.int64) % 2
    for row in np.flatnonzero(targets):
        word = encode(MOTIF)
        at = int(rng.integers(0, window - len(MOTIF) + 1))
        codes[row, at : at + len(MOTIF)] = reverse_complement(word) if row % 4 == 3 else word
    codes[0, :10] = 4
    codes[1, -3:] = 4
    return codes, targets


def _dataset_rows(codes: np.ndarray, targets: np.ndarray, coordinates: bool = True, strand: str = ".") -> pa.Table:
    n, window = codes.shape
    starts = [1000 * i if coordinates else None for i in range(n)]
    return pa.table(
        {
            "row": pa.array(range(n), pa.int64()),
            "set": ["KO" if t == 0 else "WT" for t in targets],
            "name": [f"peak{i}" for i in range(n)],
            "chrom": pa.array([f"chr{i % 3 + 1}" if coordinates else None for i in range(n)], pa.string()),
            "start": pa.array(starts, pa.int64()),
            "end": pa.array([None if s is None else s + window for s in starts], pa.int64()),
            "strand": pa.array([strand] * n),
            "label": pa.array(targets, pa.int64()),
            "split": ["test" if i % 3 else "train" for i in range(n)],
        }
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return ExplainerDesk.at(tmp_path)


@pytest.fixture
def make_dataset(desk: Desk) -> Callable[..., Artifact]:
    def make(
        codes: np.ndarray | None = None, targets: np.ndarray | None = None, read: str = "+", **options: Any
    ) -> Artifact:
        if codes is None or targets is None:
            codes, targets = _sequences()
        assert len(decode_batch(codes)) == len(targets)

        def write(folder: Path) -> None:
            import pyarrow.parquet as pq

            np.save(folder / "codes.npy", codes)
            np.save(folder / "targets.npy", targets)
            pq.write_table(_dataset_rows(codes, targets, **options), folder / "rows.parquet")

        semantics = {"target": {"type": "class_index", "classes": ["KO", "WT"]}, "strand": read}
        return desk.commit("dataset", write, semantics=semantics)

    return make


def _small_model(seed: int = 0, window: int = WINDOW, **options: Any) -> Architecture:
    """A WTKO-CNN of a few filters, in evaluation mode."""
    return build("wtko_cnn", window, SMALL | options, seed=seed).eval()


def _plant_filter(model: Architecture, index: int, word: str) -> None:
    """Make filter ``index`` answer 1 to exactly ``word`` and nothing (after the ReLU) to any other word."""
    with torch.no_grad():
        model.first_layer.weight[index] = 0.0
        for position, code in enumerate(encode(word)):
            model.first_layer.weight[index, int(code), position] = 1.0
        assert model.first_layer.bias is not None
        model.first_layer.bias[index] = 1.0 - len(word)


@pytest.fixture
def make_model(desk: Desk) -> Callable[..., Artifact]:
    def make(models: list[Architecture] | None = None) -> Artifact:
        chosen = models or [_small_model(seed) for seed in range(3)]

        def write(folder: Path) -> None:
            for seed, model in enumerate(chosen):
                save_model(model, folder / f"seed_{seed}", ["KO", "WT"], seed)

        return desk.commit("model", write, seeds=list(range(len(chosen))))

    return make


@pytest.fixture
def small_model() -> Callable[..., Architecture]:
    """``small_model(seed, window, **options)``."""
    return _small_model


@pytest.fixture
def plant_filter() -> Callable[[Architecture, int, str], None]:
    """``plant_filter(model, index, word)``: the filter answers 1 to the word and 0 to any other."""
    return _plant_filter


@pytest.fixture
def sequences() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """``sequences(n, window, seed)`` → codes, targets."""
    return _sequences
