"""Importance of the leading units for every class or task, as boxes over sequences, by lineage where tasks have one."""

from __future__ import annotations

from typing import Any

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, figure, grid, legend, missing
from cislex_client.report.panels.units import leading
from cislex_client.report.results import Results, number
from cislex_client.report.tables import term
from cislex_client.report.text import count, esc, fixed, shorten
from cislex_client.report.units import Unit, outputs, units

UNITS = 8
SERIES = 8


def panel(results: Results) -> Section | None:
    """The section; None for a run that has no units."""
    title, nav = "Importance: how loudly a unit speaks", "Importance"
    if "units" not in results.steps:
        return None
    found, names = units(results), outputs(results)
    shown = [unit for unit in leading(found, UNITS) if unit.rows]
    if not shown or not names:
        why = results.why_missing("importance.tsv", "units.tsv")
        return Section("importance", title, nav, missing("fig-importance", "Importances", why))
    groups = _groups(results)
    words = (
        f"<p>One sequence's {term('unitimportance', 'importance')} is the unit's output times its weight for a class "
        "or task. Boxes span the middle half of the correctly predicted sequences that switch the unit on, the line is "
        "the median, whiskers reach from the 5th to the 95th percentile.</p>"
    )
    key = _key(groups)
    figures = [_boxes(f"fig-importance-{i}", unit, names, groups) for i, unit in enumerate(shown, start=1)]
    return Section("importance", title, nav, words + key + f'<div id="fig-importance">{grid(figures)}</div>')


def _groups(results: Results) -> dict[str, str]:
    """Output → its group (lineage, family); {} where tasks have none."""
    table = results.table("importance.tsv")
    if table is None or not table.has("group"):
        return {}
    return {str(row["output"]): str(row["group"]) for row in table.rows() if row.get("group")}


def _colours(groups: dict[str, str]) -> dict[str, str]:
    """Group → class of its colour, in order of appearance; the colours repeat after eight."""
    return {group: f"series-{i % SERIES}" for i, group in enumerate(dict.fromkeys(groups.values()))}


def _key(groups: dict[str, str]) -> str:
    return legend([(cls, name) for name, cls in _colours(groups).items()]) if groups else ""


def _boxes(id: str, unit: Unit, names: list[str], groups: dict[str, str]) -> str:
    colours = _colours(groups)
    rows = {str(row.get("output")): row for row in unit.rows}
    quantiles = ("p5", "q25", "median", "q75", "p95")
    values = [number(row.get(q)) for row in rows.values() for q in quantiles]
    known = [value for value in values if value == value] or [0.0]
    low, high = min(0.0, *known), max(0.0, *known)
    margin = (high - low) * 0.06 or 1.0
    many = len(names) > 6
    plot = svg.Plot(max(300.0, 70 + 13 * len(names)) if many else 330.0, 250, (-0.5, len(names) - 0.5),
                    (low - margin, high + margin), left=52, bottom=78 if many else 34)  # fmt: skip
    plot.axes("", "importance", x_ticks=[])
    plot.curve([-0.5, len(names) - 0.5], [0, 0], "reference")
    half = 0.32
    for i, name in enumerate(names):
        plot.body.append(_name(plot, i, name, many))
        row = rows.get(name)
        if row is not None:
            plot.body += _box(plot, i, half, row, colours[groups[name]] if name in groups else "box")
    n = max(
        (int(number(row.get("n_sequences"))) for row in rows.values() if number(row.get("n_sequences")) > 0), default=0
    )
    title = f"Importance of {unit.label}"
    return figure(
        id,
        plot.svg(f"{id}-svg", title, "; ".join(_said(name, rows.get(name)) for name in names[:20])),
        f"<strong>{esc(unit.name or 'no known motif')}</strong> ({esc(unit.id)}); up to {count(n)} sequences.",
        wide=many,
    )


def _name(plot: svg.Plot, i: int, name: str, many: bool) -> str:
    x, y = plot.px(i), plot.height - plot.bottom + (10 if many else 18)
    if many:
        return svg.text(x + 3, y, shorten(name, 13), "end", "tick", rotate=-60, title=name)
    return svg.text(x, y, shorten(name, 14), "middle", "name", title=name)


def _box(plot: svg.Plot, i: int, half: float, row: dict[str, Any], cls: str) -> list[str]:
    p5, q25, median, q75, p95 = (number(row.get(q)) for q in ("p5", "q25", "median", "q75", "p95"))
    if median != median:
        return []
    x0, x1 = plot.px(i - half), plot.px(i + half)
    tip = f"{row.get('output')}: median {fixed(median, 3)}, half between {fixed(q25, 3)} and {fixed(q75, 3)}"
    return [
        svg.line(plot.px(i), plot.py(p5), plot.px(i), plot.py(p95), "whisker"),
        svg.rect(x0, plot.py(q75), x1 - x0, max(1.0, plot.py(q25) - plot.py(q75)), cls, 1.5, tip),
        svg.line(x0, plot.py(median), x1, plot.py(median), "median"),
    ]


def _said(name: str, row: dict[str, Any] | None) -> str:
    return f"{name}: median {fixed(number(row.get('median')), 3)}" if row else f"{name}: none"
