"""Which test sequences panel 6 shows: the most confidently right of each class, and one wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cislex_client.report.results import Attributions, Results, number
from cislex_client.report.text import locus

PER_CLASS = 3


@dataclass(frozen=True)
class Example:
    """One shown sequence: its place in attributions.npz and what is known about it."""

    index: int
    true: str
    p_wt: float
    right: bool
    why: str
    title: str
    chrom: str | None = None
    start: int | None = None


def choose(results: Results, data: Attributions) -> list[Example]:
    """Up to three of each class that were most confidently right, and the one most confidently wrong.

    p comes from predictions.tsv (the ensemble, else the mean over seeds); without it, the sequences of each class with
    the largest summed importance are shown and no claim of right or wrong is made.
    """
    p_wt = _probabilities(results)
    names = {1: "WT", 0: "KO"}
    p = np.array([p_wt.get(int(row), np.nan) for row in data.rows])
    if not np.isfinite(p).any():
        strength = data.importance.sum(axis=1)
        strongest = np.argsort(-strength, kind="stable")
        picked = [i for label in (1, 0) for i in strongest[data.labels[strongest] == label][:PER_CLASS]]
        return [_describe(results, data, int(i), names, float("nan"), "strongest importance") for i in picked]
    found = []
    for label in (1, 0):
        confidence = np.where(data.labels == label, p if label else 1 - p, np.nan)
        order = [int(i) for i in np.argsort(-np.nan_to_num(confidence, nan=-1.0), kind="stable")]
        good = [i for i in order if confidence[i] > 0.5][:PER_CLASS]
        found += [
            _describe(results, data, i, names, float(p[i]), f"most confidently right, {names[label]}") for i in good
        ]
    wrong = np.where(data.labels == 1, 1 - p, p)
    worst = int(np.argmax(np.nan_to_num(wrong, nan=-1.0)))
    if wrong[worst] > 0.5:
        found.append(_describe(results, data, worst, names, float(p[worst]), "most confidently wrong"))
    return found


def _probabilities(results: Results) -> dict[int, float]:
    table = results.table("predictions.tsv")
    if table is None or not table.has("row", "p_WT"):
        return {}
    rows, seeds, p = table.get("row"), table.floats("seed"), table.floats("p_WT")
    use = seeds == -1 if (seeds == -1).any() else np.ones(len(p), dtype=bool)
    sums: dict[int, list[float]] = {}
    for row, value, keep in zip(rows, p, use, strict=True):
        if keep and row is not None and value == value:
            sums.setdefault(int(row), []).append(float(value))
    return {row: float(np.mean(values)) for row, values in sums.items()}


def _describe(results: Results, data: Attributions, i: int, names: dict[int, str], p: float, why: str) -> Example:
    row = _row(results, int(data.rows[i]))
    place = locus(row.get("chrom"), row.get("start"), row.get("end"), row.get("strand"))
    label = int(data.labels[i])
    title = place or str(row.get("name") or f"sequence {int(data.rows[i])}")
    right = (p > 0.5) == (label == 1) if p == p else True
    start = number(row.get("start"))
    placed = bool(place) and row.get("strand") != "-"
    return Example(
        i,
        names.get(label, str(label)),
        p,
        right,
        why,
        title,
        str(row["chrom"]) if placed else None,
        int(start) if placed else None,
    )


def _row(results: Results, row: int) -> dict[str, Any]:
    table = results.table("dataset.tsv")
    if table is None:
        return {}
    rows = table.get("row")
    at = row if row < len(rows) and rows[row] == row else rows.index(row) if row in rows else -1
    return {name: column[at] for name, column in table.columns.items()} if at >= 0 else {}
