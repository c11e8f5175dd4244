"""Paired differences of models by a bootstrap over blocks: every model is measured on the same replicates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from cislex_trainer.block_metrics import Counting, Floats, Measured
from cislex_trainer.bootstrap import Blocks

CHUNK_REPLICATES = 1000
# of a ranking, while bootstrapping: enough for four digits (docs/methods.md), and a thousand replicates cost 0.1 s
MOST_THRESHOLDS = 1000

DIFFERENCES = pa.schema(
    [
        ("a", pa.string()),
        ("b", pa.string()),
        ("metric", pa.string()),
        ("difference", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("pvalue", pa.float64()),
        ("qvalue", pa.float64()),
        ("with_reference", pa.bool_()),
    ]
)


def drawn_blocks(found: Blocks, n_replicates: int, seed: int) -> Iterator[Floats]:
    """Chunks (replicates, blocks): how often each block is drawn. The draws of ``bootstrap.replicate_weights``."""
    rng = np.random.default_rng(seed)
    for start in range(0, n_replicates, CHUNK_REPLICATES):
        size = min(CHUNK_REPLICATES, n_replicates - start)
        yield rng.multinomial(found.n, np.full(found.n, 1 / found.n), size=size).astype(np.float64)


def replicates(
    measure: Callable[[Counting], Measured], found: Blocks, n_replicates: int, seed: int
) -> dict[str, Floats]:
    """Metric → (n_replicates,) of one model; equal arguments draw equal replicates whatever the model."""
    parts = [
        measure(Counting(found.of, weights, MOST_THRESHOLDS)).values
        for weights in drawn_blocks(found, n_replicates, seed)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else {})}


def interval(values: Floats) -> tuple[float, float] | None:
    """Percentiles 2.5 and 97.5 of the defined replicates; None when fewer than half are defined."""
    defined = values[np.isfinite(values)]
    if not len(values) or 2 * len(defined) < len(values):
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def two_sided_p(differences: Floats) -> float | None:
    """Twice the smaller share of replicates on either side of 0, with one added above and below; at most 1."""
    defined = differences[np.isfinite(differences)]
    if not len(differences) or 2 * len(defined) < len(differences):
        return None
    fewer = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (fewer + 1) / (len(defined) + 1))


def difference_table(
    values: dict[str, dict[str, float]], drawn: dict[str, dict[str, Floats]], reference: str
) -> pa.Table:
    """differences.parquet. ``values``: model → metric → the ensemble's value; ``drawn``: the same → replicates.

    ``difference`` = a − b; in pairs with the reference b is the reference. qvalue: Benjamini–Hochberg over all pairs
    of one metric.
    """
    rows: list[dict[str, Any]] = []
    for metric in next(iter(values.values())):
        tested = [_pair(*_ordered(pair, reference), metric, values, drawn) for pair in combinations(values, 2)]
        rows += _with_q([{**row, "with_reference": row["b"] == reference} for row in tested])
    return pa.Table.from_pylist(rows, schema=DIFFERENCES)


def _ordered(pair: tuple[str, str], reference: str) -> tuple[str, str]:
    return (pair[1], pair[0]) if pair[0] == reference else pair


def _pair(
    a: str, b: str, metric: str, values: dict[str, dict[str, float]], drawn: dict[str, dict[str, Floats]]
) -> dict[str, Any]:
    difference = values[a][metric] - values[b][metric]
    row: dict[str, Any] = {"a": a, "b": b, "metric": metric, "low": None, "high": None, "pvalue": None, "qvalue": None}
    row["difference"] = difference if np.isfinite(difference) else None
    if metric in drawn.get(a, {}):
        between = drawn[a][metric] - drawn[b][metric]
        row["pvalue"] = two_sided_p(between)
        if found := interval(between):
            row["low"], row["high"] = found
    return row


def _with_q(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Benjamini–Hochberg over the rows that have a p."""
    tested = sorted((row for row in rows if row["pvalue"] is not None), key=lambda row: -row["pvalue"])
    smallest = 1.0
    for position, row in enumerate(tested):
        smallest = min(smallest, row["pvalue"] * len(tested) / (len(tested) - position))
        row["qvalue"] = smallest
    return rows
