"""A page of a projection that needs nothing else: the points as JSON inside it, drawn on a canvas by a few lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from cislex_explainer.projection_colors import Coloring
from cislex_explainer.projection_png import PALETTE, categories


def page(rows: np.ndarray, points: np.ndarray, colorings: Sequence[Coloring], facts: str) -> str:
    """The page: points (n, 2) of dataset rows (n,), a selector of colourings, and a tip with all values of a point."""
    data = {
        "facts": facts,
        "rows": rows.tolist(),
        "x": [round(float(v), 4) for v in points[:, 0]],
        "y": [round(float(v), 4) for v in points[:, 1]],
        "colorings": [_plain(coloring) for coloring in colorings],
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # inside a script element only "<" could end it
    template = files("cislex_explainer").joinpath("assets/projection.html").read_text(encoding="utf-8")
    return template.replace("__DATA__", text.replace("<", "\\u003c"))


def _plain(coloring: Coloring) -> dict[str, Any]:
    if isinstance(coloring.values, np.ndarray):
        known = coloring.values[np.isfinite(coloring.values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        values = [float(f"{v:.5g}") if np.isfinite(v) else None for v in coloring.values]
        return {"name": coloring.name, "values": values, "low": low, "high": high}
    names = categories(coloring.values)
    number = {name: index for index, name in enumerate(names)}
    words = list(coloring.values)
    return {
        "name": coloring.name,
        "values": [number[word] for word in words],
        "categories": names,
        "colors": [PALETTE[index % len(PALETTE)] for index in range(len(names))],
        "counts": [words.count(name) for name in names],
    }
