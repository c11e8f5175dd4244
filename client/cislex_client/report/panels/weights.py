"""The output weights as a clustered heat map: which unit speaks for which class or task."""

from __future__ import annotations

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, figure, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import term
from cislex_client.report.text import count, fixed, shorten
from cislex_client.report.units import Unit, outputs, units

MOST_UNITS = 60


def panel(results: Results) -> Section | None:
    """The section; None for a run that has no units."""
    title, nav = "Weights: which unit speaks for what", "Weights"
    if "units" not in results.steps:
        return None
    found, names = units(results), outputs(results)
    if not found or not names:
        why = results.why_missing("importance.tsv", "units.tsv")
        return Section("weights", title, nav, missing("fig-weights", "The heat map", why))
    shown = _clustered(results, found[:MOST_UNITS])
    words = (
        "<p>Rows are units, columns are classes or tasks; both are ordered so that what is alike lies together. A "
        "weight is what the unit adds for each step of its output; read it with the "
        f"{term('unitimportance', 'importance')} (next panel), for a large weight of a silent unit does nothing.</p>"
    )
    return Section("weights", title, nav, words + _map(shown, names, len(found)))


def _clustered(results: Results, chosen: list[Unit]) -> list[Unit]:
    order = {str(id): i for i, id in enumerate(results.json("heatmap.json").get("units") or [])}
    return sorted(chosen, key=lambda unit: order.get(unit.id, len(order)))


def _map(shown: list[Unit], names: list[str], n_units: int) -> str:
    column = {name: i for i, name in enumerate(names)}
    cells = [
        (i, column[str(row.get("output"))], number(row.get("weight")), unit)
        for i, unit in enumerate(shown)
        for row in unit.rows
        if str(row.get("output")) in column
    ]
    largest = max((abs(weight) for _, _, weight, _ in cells if weight == weight), default=0.0) or 1.0
    w = max(7.0, min(44.0, 560.0 / len(names)))
    h, left, top = 15.0, 210.0, 96.0 if len(names) > 3 else 30.0
    body = []
    for name, i in column.items():
        x = left + (i + 0.5) * w
        if len(names) > 3:
            body.append(svg.text(x + 3, top - 6, shorten(name, 16), "start", "tick", rotate=-60, title=name))
        else:
            body.append(svg.text(x, top - 8, shorten(name, 8), "middle", "name", title=name))
    for i, unit in enumerate(shown):
        label = f"{unit.name} " if unit.name else ""
        text = shorten(f"{label}{unit.id}", 32)
        body.append(svg.text(left - 8, top + (i + 0.75) * h, text, "end", "tick", title=unit.label))
    for i, j, weight, unit in cells:
        if weight != weight:
            continue
        side = "pos" if weight > 0 else "neg"
        tip = f"{unit.label}, {names[j]}: weight {fixed(weight, 3)}"
        body.append(
            f'<rect x="{svg.num(left + j * w)}" y="{svg.num(top + i * h)}" width="{svg.num(w - 1)}" '
            f'height="{svg.num(h - 1)}" class="{side}" fill-opacity="{0.06 + 0.94 * abs(weight) / largest:.3f}">'
            f"<title>{svg.esc(tip)}</title></rect>"
        )
    width, height = left + max(len(names) * w + 70, 250.0), top + len(shown) * h + 34
    body.append(_key(left, height - 20, largest))
    drawing = svg.document(
        "fig-weights-svg", width, height, "".join(body), "Output weights of the units",
        f"{len(shown)} units by {len(names)} classes or tasks; largest absolute weight {largest:.3g}",
    )  # fmt: skip
    most = f"The {count(len(shown))} units of highest rank of {count(n_units)}. " if len(shown) < n_units else ""
    return figure(
        "fig-weights",
        drawing,
        f"{most}Teal: for the class; red: against it; the fuller, the larger (up to {fixed(largest, 2)}). Average "
        "linkage on the correlation of the weights.",
        wide=len(names) > 12,
    )


def _key(x: float, y: float, largest: float) -> str:
    steps = [-1.0, -0.5, 0.0, 0.5, 1.0]
    out = []
    for i, share in enumerate(steps):
        cls = "pos" if share >= 0 else "neg"
        out.append(
            f'<rect x="{svg.num(x + i * 46)}" y="{svg.num(y)}" width="44" height="8" class="{cls}" '
            f'fill-opacity="{0.06 + 0.94 * abs(share):.2f}"/>'
        )
        out.append(svg.text(x + i * 46 + 22, y + 19, fixed(share * largest, 2), "middle", "tick"))
    return "".join(out)
