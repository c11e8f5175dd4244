"""Architectures side by side: a table like Table 13 of WTKO-CNN, a figure, and differences with their intervals."""

from __future__ import annotations

from typing import Any

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, figure, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, duration, esc, fixed, pvalue

# Metric in models.tsv → heading, in the order of columns; those that a run lacks are left out.
METRICS = {
    "auroc": "AUROC", "auprc": "AUPRC", "accuracy": "Accuracy", "precision_WT": "P (WT)", "recall_WT": "R (WT)",
    "f1_WT": "F1 (WT)", "precision_KO": "P (KO)", "recall_KO": "R (KO)", "f1_KO": "F1 (KO)", "macro_f1": "F1 (macro)",
    "pearson": "Pearson", "pearson_across_tasks": "Pearson across tasks", "mse": "MSE",
}  # fmt: skip


def panel(results: Results) -> Section | None:
    """The section; None for a run that compared nothing."""
    title, nav = "The architectures side by side", "Comparison"
    if "comparison" not in results.steps:
        return None
    models = results.table("models.tsv")
    if models is None or not len(models):
        why = results.why_missing("models.tsv")
        return Section("comparison", title, nav, missing("fig-comparison", "The comparison", why))
    lead = main_metric(results)
    rows = sorted(models.rows(), key=lambda row: number(row.get("rank")))
    words = (
        "<p>Every architecture was trained on the same sequences with the same seeds and judged on the same held-out "
        "ones. The table gives mean ± standard deviation over single seeds; figure and differences are of the mean of "
        "the seeds' logits. Differences smaller than the seeds' spread or whose interval holds 0 say nothing.</p>"
    )
    return Section(
        "comparison", title, nav, words + _figure(results, rows, lead) + _table(rows) + _differences(results, lead)
    )


def main_metric(results: Results) -> str:
    """The metric by which models are ranked: AUROC of classes and labels, Pearson of values."""
    return str(results.summary("comparison").get("main_metric") or "auroc")


def _figure(results: Results, rows: list[dict[str, Any]], lead: str) -> str:
    seeds: dict[str, list[float]] = {}
    per_seed = results.table("model_seeds.tsv")
    for row in per_seed.rows() if per_seed else ():
        seeds.setdefault(str(row.get("name")), []).append(number(row.get(lead)))
    columns = [number(row.get(lead + part)) for row in rows for part in ("", "_low", "_high")]
    values = [v for v in [*columns, *(v for known in seeds.values() for v in known)] if v == v]
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = (high - low) * 0.08 or 0.02
    height = 26.0 * len(rows) + 56
    plot = svg.Plot(640, height, (low - margin, min(high + margin, 1.0) if lead == "auroc" else high + margin),
                    (0, len(rows)), left=170, top=8, bottom=44)  # fmt: skip
    plot.axes(METRICS.get(lead, lead), "", y_ticks=[])
    for i, row in enumerate(rows):
        y = len(rows) - i - 0.5
        name = str(row.get("name"))
        plot.body.append(svg.text(plot.left - 10, plot.py(y) + 4, name, "end", "name"))
        bounds = number(row.get(f"{lead}_low")), number(row.get(f"{lead}_high"))
        if bounds[0] == bounds[0] and bounds[1] == bounds[1]:
            plot.body.append(svg.line(plot.px(bounds[0]), plot.py(y), plot.px(bounds[1]), plot.py(y), "whisker"))
        for value in seeds.get(name, []):
            plot.dot(value, y, "mark seed", 2.2, f"{name}, one seed: {fixed(value)}")
        ensemble = number(row.get(lead))
        plot.dot(ensemble, y, "mark model", 4.5, f"{name}: {fixed(ensemble)}")
    said = "; ".join(f"{row.get('name')} {fixed(number(row.get(lead)))}" for row in rows)
    return figure(
        "fig-comparison",
        plot.svg("fig-comparison-svg", f"{METRICS.get(lead, lead)} by architecture", said),
        "Large dots: the mean of the seeds' logits; small dots: single seeds; lines: 95 % intervals of a bootstrap "
        "over blocks of the genome.",
    )


def _table(rows: list[dict[str, Any]]) -> str:
    present = [name for name in METRICS if any(_known(row.get(f"{name}_mean")) for row in rows)]
    lines = []
    for row in rows:
        cells = [
            text_cell(row.get("name")),
            number_cell(number(row.get("n_parameters"))),
            number_cell(number(row.get("seconds")), duration(number(row.get("seconds")))),
        ]
        for name in present:
            value, sd = number(row.get(f"{name}_mean")), number(row.get(f"{name}_sd"))
            spread = f' <span class="also">± {fixed(sd)}</span>' if sd == sd else ""
            cells.append(number_cell(value, fixed(value) + spread))
        lines.append(cells)
    columns = [Column("Architecture"), Column("Parameters", True), Column("Training", True)]
    columns += [Column(METRICS[name], True, name if name in ("auroc", "auprc", "accuracy") else "") for name in present]
    note = "The same as text: <code>comparison.tsv</code>; single seeds: <code>model_seeds.tsv</code>."
    return table("tab-models", "Architectures by their main figure", columns, lines, whole=True, note=note)


def _differences(results: Results, lead: str) -> str:
    found = results.table("differences.tsv")
    rows = [row for row in found.rows() if str(row.get("metric")) == lead] if found else []
    if not rows:
        return ""
    lines = []
    for row in rows:
        low, high = number(row.get("low")), number(row.get("high"))
        clear = low == low and (low > 0 or high < 0)
        verdict = (
            "differ" if clear and _known(row.get("qvalue")) and number(row.get("qvalue")) <= 0.05 else "not told apart"
        )
        lines.append(
            [
                text_cell(row.get("a")),
                text_cell(row.get("b")),
                number_cell(number(row.get("difference")), fixed(number(row.get("difference")), 4)),
                number_cell(low, f"{fixed(low, 4)} to {fixed(high, 4)}"),
                number_cell(number(row.get("qvalue")), pvalue(number(row.get("qvalue")))),
                text_cell(verdict),
            ]
        )
    columns = [
        Column("Model"),
        Column("Compared with"),
        Column("Difference", True, "paired"),
        Column("95 % interval", True),
        Column("q", True, "qvalue"),
        Column("They"),
    ]
    note = f"{count(len(lines))} pairs; every metric: <code>differences.tsv</code>."
    caption = f"{term('paired', 'Paired differences')} in {esc(METRICS.get(lead, lead))}"
    return table("tab-differences", caption, columns, lines, note=note, filter_label="Filter pairs")


def _known(value: Any) -> bool:
    return number(value) == number(value)
