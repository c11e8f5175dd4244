"""How well a network with several classes or tasks does: each of them, and the means."""

from __future__ import annotations

from typing import Any

from cislex_client.report import svg
from cislex_client.report.panels import performance
from cislex_client.report.panels.base import Section, figure, missing
from cislex_client.report.results import Results, number, number_or
from cislex_client.report.tables import Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, fixed, interval, shorten

# Metric → (heading, glossary term), in the order of columns.
METRICS = {
    "auroc": ("AUROC", "auroc"), "auprc": ("AUPRC", "auprc"), "precision": ("Precision", "precision"),
    "recall": ("Recall", "recall"), "f1": ("F1", "f1"), "pearson": ("Pearson", "pearson"), "spearman": ("Spearman", ""),
    "mse": ("MSE", ""),
}  # fmt: skip
MOST_BARS = 100


def panel(results: Results) -> Section:
    """The section: of two classes WT and KO as the WTKO-CNN report has it, else by output."""
    metrics = results.json("metrics.json")
    per = [row for row in metrics.get("per_output") or [] if isinstance(row, dict)]
    if not per:
        return performance.panel(results)
    title = "How well each class or task is predicted"
    lead = "auroc" if any(number(row.get("auroc")) == number(row.get("auroc")) for row in per) else "pearson"
    if not any(number(row.get(lead)) == number(row.get(lead)) for row in per):
        return Section("performance", title, "Performance", missing("fig-tasks", "The figure", "no metric is defined."))
    words = (
        f"<p>All figures are of the <strong>{esc(metrics.get('split') or 'test')}</strong> sequences, which the "
        f"training never saw. {_means(metrics)}</p>"
    )
    return Section("performance", title, "Performance", words + _bars(per, lead) + _table(per))


def _means(metrics: dict[str, Any]) -> str:
    parts = []
    for name, (label, key) in METRICS.items():
        value = number(metrics.get(name))
        if value == value:
            within = interval((metrics.get("intervals") or {}).get(name))
            parts.append(
                f"{term(key, label) if key else label} {fixed(value)}" + (f" (95 % {within})" if within else "")
            )
    across = number(metrics.get("pearson_across_outputs"))
    if across == across:
        parts.append(f"{term('pearson', 'Pearson')} across the tasks of a sequence {fixed(across)}")
    return "Means: " + ", ".join(parts) + "." if parts else ""


def _bars(per: list[dict[str, Any]], lead: str) -> str:
    shown = sorted(per, key=lambda row: -number_or(row.get(lead), -1.0))[:MOST_BARS]
    label, key = METRICS[lead]
    low = min(0.5 if lead == "auroc" else 0.0, *(number_or(row.get(lead), -1.0) for row in shown))
    plot = svg.Plot(max(330.0, 70 + 13 * len(shown)), 260, (-0.5, len(shown) - 0.5), (max(low, -1.0), 1.0), bottom=86)
    plot.axes("", label, x_ticks=[])
    for i, row in enumerate(shown):
        value = number(row.get(lead))
        x0, x1 = plot.px(i - 0.36), plot.px(i + 0.36)
        if value == value:
            tip = f"{row.get('name')}: {label} {fixed(value)}"
            plot.body.append(
                svg.rect(x0, plot.py(value), x1 - x0, plot.py(plot.y[0]) - plot.py(value), "area", 1.5, tip)
            )
        name = str(row.get("name"))
        y = plot.height - plot.bottom + 10
        plot.body.append(svg.text((x0 + x1) / 2 + 3, y, shorten(name, 14), "end", "tick", rotate=-60, title=name))
    more = f" The best {MOST_BARS} of {count(len(per))}." if len(per) > MOST_BARS else ""
    return figure(
        "fig-tasks",
        plot.svg("fig-tasks-svg", f"{label} by class or task", "; ".join(_said(row, lead) for row in shown[:30])),
        f"{term(key, label) if key else label} of each class or task.{more}",
        wide=len(shown) > 30,
    )


def _table(per: list[dict[str, Any]]) -> str:
    present = [name for name in METRICS if any(number(row.get(name)) == number(row.get(name)) for row in per)]
    positives = any(number(row.get("n_positive")) == number(row.get("n_positive")) for row in per)
    lines = []
    for row in per:
        cells = [text_cell(row.get("name")), number_cell(number(row.get("n")))]
        if positives:
            cells.append(number_cell(number(row.get("n_positive"))))
        cells += [number_cell(number(row.get(name)), fixed(number(row.get(name)))) for name in present]
        lines.append(cells)
    columns = [Column("Class or task"), Column("Sequences", True)]
    columns += [Column("Positive", True)] if positives else []
    columns += [Column(METRICS[name][0], True, METRICS[name][1]) for name in present]
    return table("tab-tasks", "Every class or task", columns, lines, filter_label="Filter tasks",
                 note="Sequences whose answer is unknown for a task count for none of its figures.")  # fmt: skip


def _said(row: dict[str, Any], lead: str) -> str:
    return f"{row.get('name')} {fixed(number(row.get(lead)))}"
