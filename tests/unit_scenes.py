"""Datasets of every target type and additive models whose units answer to known words, for tests of units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from cislex_core.manifests import Artifact
from cislex_core.sequences import encode
from cislex_models.base import Architecture
from cislex_models.checkpoint import save_model
from cislex_models.registry import build

WORDS = ("TGAGTCAT", "GATAAGCC")
WINDOW = 80


def words_in_random_dna(n: int, seed: int, window: int = WINDOW, words: tuple[str, str] = WORDS) -> Any:
    """codes (n, window), and for both words whether (n, 2) and where (n, 2) each was planted; they never overlap."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, window)).astype(np.uint8)
    has = rng.random((n, 2)) < 0.5
    width = len(words[0])
    places = np.stack([rng.permutation(window // width)[:2] for _ in range(n)]) * width
    for row in range(n):
        for index, word in enumerate(words):
            if has[row, index]:
                codes[row, places[row, index] : places[row, index] + width] = encode(word)
    return codes, has, places


def word_units(
    words: list[str], window: int = WINDOW, n_outputs: int = 2, seed: int = 0, kernel_size: int = 19, **options: Any
) -> Architecture:
    """An ExplaiNN in evaluation mode whose filter u answers exp(0) = 1 to words[u] and less to any other word."""
    fields = {"units": len(words), "kernel_size": kernel_size, "hidden": 8} | options
    model = build("explainn", window, fields, n_outputs, seed=seed).eval()
    with torch.no_grad():
        model.first_layer.weight.zero_()  # type: ignore[union-attr]
        for unit, word in enumerate(words):
            for position, code in enumerate(encode(word)):
                model.first_layer.weight[unit, int(code), position + 2] = 1.0  # type: ignore[union-attr]
            if model.first_layer.bias is not None:  # type: ignore[union-attr]
                model.first_layer.bias[unit] = -float(len(word))  # type: ignore[union-attr]
    return model


def commit_dataset(
    desk: Any, codes: np.ndarray, targets: np.ndarray, target: dict[str, Any], **columns: list[Any]
) -> Artifact:
    """A dataset of any target type, every third row ``train``, the others ``test``."""
    n = len(codes)

    def write(folder: Path) -> None:
        np.save(folder / "codes.npy", codes)
        np.save(folder / "targets.npy", targets)
        names = target.get("classes")
        table = {
            "row": np.arange(n),
            "set": [names[t] for t in targets] if names else pa.nulls(n, pa.string()),
            "split": ["test" if i % 3 else "train" for i in range(n)],
            **columns,
        }
        pq.write_table(pa.table(table), folder / "rows.parquet")

    return desk.commit("dataset", write, semantics={"target": target})


def commit_model(desk: Any, models: list[Architecture], outputs: list[str]) -> Artifact:
    """Models as seeds 0, 1, …"""

    def write(folder: Path) -> None:
        for seed, model in enumerate(models):
            save_model(model, folder / f"seed_{seed}", outputs, seed)

    return desk.commit("model", write, seeds=list(range(len(models))))
