"""Attributions with planted words, as a perfect model of the words would give: for tests of seqlets and TF-MoDISco."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from cislex_core.sequences import encode, one_hot, reverse_complement


def planted(
    n: int, window: int, words: dict[str, float], seed: int = 0, noise: float = 0.005, share: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """codes (n, window), hypothetical (n, 4, window) and where (n,) a word starts, −1 = none.

    Row i holds word i mod the number of words, on either strand, with its strength (its sign is the attribution's).
    """
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, window)).astype(np.uint8)
    hypothetical = rng.normal(0, noise, (n, 4, window)).astype(np.float32)
    places = np.full(n, -1)
    listed = list(words.items())
    for row in range(n):
        if rng.random() >= share:
            continue
        word, strength = listed[row % len(listed)]
        letters = encode(word)
        letters = reverse_complement(letters) if rng.random() < 0.5 else letters
        at = int(rng.integers(25, window - 25 - len(word)))
        codes[row, at : at + len(word)] = letters
        scores = np.eye(4, dtype=np.float32)[letters].T - 0.25
        hypothetical[row, :, at : at + len(word)] += scores * strength * rng.uniform(0.8, 1.0)
        places[row] = at
    return codes, hypothetical, places


def commit(desk: Any, codes: np.ndarray, hypothetical: np.ndarray, coordinates: bool = True) -> tuple[str, str]:
    """Digests of a dataset (regression of one task) and of attributions of all its rows, in reversed order."""
    n, window = codes.shape
    starts = [1000 * i if coordinates else None for i in range(n)]
    columns = {
        "chrom": pa.array([f"chr{i % 3}" if coordinates else None for i in range(n)], pa.string()),
        "start": pa.array(starts, pa.int64()),
        "end": pa.array([None if s is None else s + window for s in starts], pa.int64()),
        "strand": pa.array(["+"] * n),
    }
    target = {"type": "regression", "tasks": ["activity"]}
    dataset = desk.dataset(codes, np.zeros((n, 1), dtype=np.float32), target, **columns)
    rows = np.arange(n)[::-1].copy()

    def write(folder: Path) -> None:
        np.save(folder / "rows.npy", rows)
        np.save(folder / "hypothetical.npy", hypothetical[rows])
        np.save(folder / "projected.npy", hypothetical[rows] * one_hot(codes[rows]))
        pq.write_table(pa.table({"row": rows}), folder / "outputs.parquet")

    spec = {"dataset": dataset}
    return dataset, desk.commit("attributions", write, spec=spec, semantics={"method": "ism"}).digest
