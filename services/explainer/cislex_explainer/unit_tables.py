"""The tables and the heat map of kind units (docs/formats.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from cislex_explainer.heatmap import clustered_order
from cislex_explainer.importance import ranks

if TYPE_CHECKING:
    from cislex_explainer.units_task import ExplainedSeed


def unit_ids(found: list[ExplainedSeed]) -> list[str]:
    """``s<seed>_u<index>`` in order of seed and index: the columns of unit_outputs.npy."""
    return [f"s{seed.seed}_u{index}" for seed in found for index in range(len(seed.maximum))]


def units_table(found: list[ExplainedSeed]) -> pa.Table:
    """One row per unit, by seed and index."""
    counts = [len(seed.maximum) for seed in found]
    motifs = [motif for seed in found for motif in seed.motifs]
    best, effect = ([_best(seed, values) for seed in found] for values in ("median", "effect"))
    return pa.table(
        {
            "unit_id": unit_ids(found),
            "seed": pa.array(np.repeat([seed.seed for seed in found], counts), pa.int64()),
            "index": pa.array(np.concatenate([np.arange(count) for count in counts]), pa.int64()),
            "nsites": pa.array([int(motif.nsites) if motif else 0 for motif in motifs], pa.int64()),
            "information_bits": [motif.information_bits if motif else 0.0 for motif in motifs],
            "consensus": [motif.consensus() if motif else "" for motif in motifs],
            "activation_max": [_finite(value) for seed in found for value in seed.maximum],
            "n_active_sequences": pa.array(np.concatenate([seed.n_active for seed in found]), pa.int64()),
            "best_output": pa.array([name for names, _ in best for name in names], pa.string()),
            "best_importance": pa.array([value for _, values in best for value in values], pa.float64()),
            "rank": pa.array(np.concatenate([ranks(_ranked(seed, "median")) for seed in found]), pa.int64()),
            "effect_output": pa.array([name for names, _ in effect for name in names], pa.string()),
            "effect": pa.array([value for _, values in effect for value in values], pa.float64()),
            "effect_rank": pa.array(np.concatenate([ranks(_ranked(seed, "effect")) for seed in found]), pa.int64()),
        }
    )


def _ranked(seed: ExplainedSeed, values: str) -> np.ndarray:
    return np.asarray(getattr(seed.importance, values))[:, seed.ranking]


def _best(seed: ExplainedSeed, values: str) -> tuple[list[str | None], list[float | None]]:
    """Of each unit the output where ``values`` is largest in size, among those that rank; None where none is known."""
    names, numbers = seed.outputs[seed.ranking], _ranked(seed, values)
    at = np.where(np.isnan(numbers), -1.0, np.abs(numbers)).argmax(axis=1)
    best = numbers[np.arange(len(at)), at]
    known = np.isfinite(best)
    return (
        [names[i] if ok else None for i, ok in zip(at, known, strict=True)],
        [float(v) if ok else None for v, ok in zip(best, known, strict=True)],
    )


def importance_table(found: list[ExplainedSeed], outputs: list[str], groups: list[str] | None) -> pa.Table:
    """One row per unit and output, by seed, unit and output; two classes have their contrast as a third output."""
    group_of: dict[str, str] = dict(zip(outputs, groups, strict=True)) if groups else {}
    parts = []
    for seed in found:
        facts, shape = seed.importance, seed.importance.weight.shape
        units = np.repeat(np.arange(shape[0]), shape[1])
        names = seed.outputs * shape[0]
        p5, q25, median, q75, p95 = np.moveaxis(facts.quantiles, 2, 0)
        numbers = {"weight": facts.weight, "median": median, "q25": q25, "q75": q75, "p5": p5, "p95": p95,
                   "mean": facts.mean}  # fmt: skip
        parts.append(
            pa.table(
                {
                    "unit_id": [f"s{seed.seed}_u{unit}" for unit in units],
                    "seed": pa.array(np.full(len(units), seed.seed), pa.int64()),
                    "unit": pa.array(units, pa.int64()),
                    "output": names,
                    "group": pa.array([group_of.get(name) for name in names], pa.string()),
                    **{name: _nullable(values) for name, values in numbers.items()},
                    "n_sequences": pa.array(facts.n.ravel(), pa.int64()),
                    "mean_inactive": _nullable(facts.mean_inactive),
                    "n_positive": pa.array(facts.n_positive.ravel(), pa.int64()),
                    "median_positive": _nullable(facts.median_positive),
                    "agreement": pa.array(seed.agreement.ravel().tolist(), pa.string()),
                }
            )
        )
    return pa.concat_tables(parts)


def heatmap(found: list[ExplainedSeed], outputs: list[str], groups: list[str] | None) -> dict[str, Any]:
    """Output weights (units × outputs) of all seeds, rows and columns in clustered order."""
    n = len(outputs)
    weights = np.concatenate([seed.importance.weight[:, :n] for seed in found])
    rows, columns = clustered_order(weights), clustered_order(weights.T)
    names = unit_ids(found)
    return {
        "units": [names[i] for i in rows],
        "outputs": [outputs[i] for i in columns],
        "groups": [groups[i] for i in columns] if groups else None,
        "weights": [[float(f"{v:.6g}") for v in weights[i, columns]] for i in rows],
        "linkage": "average",
        "distance": {"units": "correlation" if n > 2 else "euclidean", "outputs": "correlation"},
    }


def _nullable(values: np.ndarray) -> pa.Array:
    flat = np.asarray(values, dtype=np.float64).ravel() + 0.0  # no negative zeros
    return pa.array(flat, pa.float64(), mask=~np.isfinite(flat))


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else 0.0
