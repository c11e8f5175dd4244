"""A picture of a projection: one small panel per colouring, light, for print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cislex_explainer.projection_colors import Coloring

#: Okabe and Ito's colours, told apart with every kind of colour vision, then four more.
PALETTE = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F3C8D", "#8C6D31", "#B2182B", "#3B3B98",
    "#4D7C0F", "#999999",
)  # fmt: skip
_COLUMNS = 3
_PANEL_INCHES = 3.4


def categories(values: Sequence[str]) -> list[str]:
    """The different values, the most frequent first; ties by name."""
    names, counts = np.unique(list(values), return_counts=True)
    return [str(names[i]) for i in np.lexsort((names, -counts))]


def draw(path: Path, points: np.ndarray, colorings: Sequence[Coloring]) -> None:
    """Write the PNG: points (n, 2). Without metadata, so that equal input gives equal bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(colorings))
    rows = -(-len(colorings) // columns)
    figure = Figure(figsize=(_PANEL_INCHES * columns, _PANEL_INCHES * rows), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    panels = np.atleast_1d(figure.subplots(rows, columns, squeeze=False)).ravel()
    size = float(np.clip(4000 / len(points), 0.6, 12))
    for panel, coloring in zip(panels, colorings, strict=False):
        panel.set_title(coloring.name, fontsize=9)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.set_xlabel("UMAP 1", fontsize=7)
        panel.set_ylabel("UMAP 2", fontsize=7)
        if isinstance(coloring.values, np.ndarray):
            order = np.argsort(np.nan_to_num(coloring.values, nan=-np.inf), kind="stable")  # high values on top
            shown = panel.scatter(*points[order].T, c=coloring.values[order], s=size, cmap="viridis", linewidths=0)
            figure.colorbar(shown, ax=panel, shrink=0.7).ax.tick_params(labelsize=7)
        else:
            words = np.asarray(coloring.values)
            for index, name in enumerate(categories(coloring.values)):
                chosen = words == name
                color = PALETTE[index % len(PALETTE)]
                panel.scatter(*points[chosen].T, c=color, s=size, label=name, linewidths=0)
            panel.legend(fontsize=6, markerscale=max(1.0, 4 / np.sqrt(size)), frameon=False, loc="best")
    for panel in panels[len(colorings) :]:
        panel.set_axis_off()
    figure.savefig(path, dpi=150, metadata={"Software": None})
