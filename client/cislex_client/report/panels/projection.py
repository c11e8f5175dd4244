"""The UMAP of unit outputs: sequences that switch on the same units lie together."""

from __future__ import annotations

import numpy as np

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, figure, legend, missing
from cislex_client.report.results import Results, Table
from cislex_client.report.text import count, esc

MOST_DOTS = 4000
SERIES = 8
COORDINATES = ("row", "x", "y")


def panel(results: Results) -> Section | None:
    """The section; None for a run that made no projection."""
    title, nav = "Sequences by the units they switch on", "UMAP"
    if "projection" not in results.steps:
        return None
    table = results.table("projection.tsv")
    if table is None or not len(table):
        return Section("projection", title, nav,
                       missing("fig-projection", "The UMAP", results.why_missing("projection.tsv")))  # fmt: skip
    words = (
        "<p>Each dot is a sequence; its place comes from the outputs of all units (UMAP). Near dots share units; "
        "distances between far groups, and the directions, mean nothing. "
        "<code>projection.html</code>, beside this report, colours the dots by other columns and names each.</p>"
    )
    return Section("projection", title, nav, words + _figure(table))


def _figure(table: Table) -> str:
    column = next((name for name in table.columns if name not in COORDINATES and _few(table.get(name))), "")
    x, y = table.floats("x"), table.floats("y")
    values = [str(value) if value is not None else "unresolved" for value in table.get(column)] if column else []
    names = [name for name, _ in _counted(values)]
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_DOTS)).round().astype(int))
    plot = svg.Plot(620, 430, _range(x), _range(y), left=14, bottom=14)
    two = {"WT": "fill-wt", "KO": "fill-ko"} if set(names) == {"WT", "KO"} else {}
    swatch = {name: two.get(name, f"series-{min(i, SERIES - 1)}") for i, name in enumerate(names)}
    for i in keep:
        plot.dot(float(x[i]), float(y[i]), f"dots {swatch[values[i]] if values else 'area'}", 2.2)
    few = f" {count(len(keep))} of {count(len(x))} are drawn." if len(keep) < len(x) else ""
    by = f" coloured by <code>{esc(column)}</code>" if column else ""
    return figure(
        "fig-projection",
        plot.svg("fig-projection-svg", "UMAP of unit outputs", f"{len(x)} sequences{', ' + column if column else ''}"),
        f"{count(len(x))} sequences{by}.{few}",
        legend=legend([(swatch[name], name) for name in names[:SERIES]]) if names else "",
    )


def _few(values: list[object]) -> bool:
    """True for a column of few different values, which a legend can name."""
    return 1 < len({str(value) for value in values}) <= SERIES


def _counted(values: list[str]) -> list[tuple[str, int]]:
    return sorted(((name, values.count(name)) for name in dict.fromkeys(values)), key=lambda item: (-item[1], item[0]))


def _range(values: np.ndarray) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = (high - low) * 0.03 or 1.0
    return low - margin, high + margin
