"""Panel 4: the confusion matrix, ROC and precision–recall curves with the baselines, and calibration."""

from __future__ import annotations

from typing import Any

import numpy as np

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, figure, grid, legend, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, fixed, percent
from cislex_client.report.verdict import baseline_scores, model_scores, per_class

LINES = ("model", "base1", "base2", "base3")


def panel(results: Results) -> Section:
    """The section."""
    title = "How well the classes are told apart"
    metrics = results.json("metrics.json")
    if not metrics:
        why = results.why_missing("metrics.json") or "metrics.json is empty."
        return Section("performance", title, "Performance", missing("fig-confusion", "Performance", why))
    split = str(metrics.get("split") or "test")
    parts = [
        f"<p>All figures of this panel are of the <strong>{esc(split)}</strong> sequences: chromosomes that the "
        "training never saw. “Model” is the mean of the seeds' logits.</p>",
        grid([*_curves(results, metrics), _confusion(metrics), _calibration(metrics)]),
        _class_table(metrics),
    ]
    return Section("performance", title, "Performance", "".join(parts))


def _confusion(metrics: dict[str, Any]) -> str:
    matrix = metrics.get("confusion")
    if not (isinstance(matrix, list) and len(matrix) == 2 and all(isinstance(r, list) and len(r) == 2 for r in matrix)):
        return missing("fig-confusion", "The confusion matrix", "metrics.json holds no 2 × 2 matrix “confusion”.")
    values = [[number(v) for v in row] for row in matrix]
    side, x0, y0 = 104.0, 92.0, 46.0
    body = [
        svg.text(x0 + side, 14, "predicted", "middle", "label"),
        svg.text(14, y0 + side, "true class", "middle", "label", -90),
    ]
    order = ((1, "WT"), (0, "KO"))
    for column, (j, name) in enumerate(order):
        body.append(svg.text(x0 + side * (column + 0.5), 36, name, "middle", f"name ink-{name.lower()}"))
        body.append(svg.text(x0 - 12, y0 + side * (column + 0.5) + 4, name, "end", f"name ink-{name.lower()}"))
        for row, (i, true) in enumerate(order):
            n, total = values[i][j], sum(values[i])
            share = n / total if total else 0.0
            x, y = x0 + side * column, y0 + side * row
            fill = f'style="fill-opacity:{0.12 + 0.88 * share:.3f}"'
            strong = " on" if share > 0.55 else ""
            body.append(
                f'<rect x="{x + 1:g}" y="{y + 1:g}" width="{side - 2:g}" height="{side - 2:g}" rx="3" '
                f'class="fill-{true.lower()}" {fill}/>'
            )
            body.append(svg.text(x + side / 2, y + side / 2 + 2, count(n), "middle", f"big{strong}"))
            body.append(svg.text(x + side / 2, y + side / 2 + 22, percent(share), "middle", f"sub{strong}"))
    describe = "; ".join(f"true {t} predicted {p}: {count(values[i][j])}" for i, t in order for j, p in order)
    drawing = svg.document(
        "fig-confusion-svg", x0 + 2 * side + 10, y0 + 2 * side + 8, "".join(body), "Confusion matrix", describe
    )
    return figure(
        "fig-confusion", drawing, f"{term('confusion', 'Confusion matrix')}: counts, and shares of each true class."
    )


def _calibration(metrics: dict[str, Any]) -> str:
    calibration = metrics.get("calibration") or {}
    bins = calibration_bins(calibration)
    if not bins:
        return missing("fig-calibration", "Calibration", "metrics.json holds no calibration bins.")
    plot = svg.Plot(330, 290, (0, 1), (0, 1), left=58)
    plot.axes("predicted probability of WT", "observed share of WT", [0, 0.25, 0.5, 0.75, 1], [0, 0.25, 0.5, 0.75, 1])
    plot.curve([0, 1], [0, 1], "reference")
    most = max(n for _, _, n in bins) or 1
    plot.curve([p for p, _, _ in bins], [o for _, o, _ in bins], "curve model")
    for predicted, observed, n in bins:
        plot.dot(
            predicted,
            observed,
            "mark model",
            2.5 + 5 * (n / most) ** 0.5,
            f"{count(n)} sequences: predicted {fixed(predicted, 2)}, observed {fixed(observed, 2)}",
        )
    ece = number(calibration.get("ece"))
    return figure(
        "fig-calibration",
        plot.svg("fig-calibration-svg", "Calibration", f"Expected calibration error {fixed(ece)}"),
        f"{term('calibration', 'Calibration')}: "
        f"on the diagonal, "
        f"probabilities can be taken at "
        f"their word. Dot size: number "
        f"of sequences. Expected calibration error {fixed(ece)}.",
    )


def calibration_bins(calibration: dict[str, Any]) -> list[tuple[float, float, float]]:
    """(mean predicted probability, observed share, n) of the bins that hold a sequence."""
    out = []
    for entry in calibration.get("bins") or []:
        if not isinstance(entry, dict):
            continue
        predicted = _first(entry, "mean_p_wt", "mean_predicted")
        observed = _first(entry, "observed_wt", "fraction_wt")
        n = _first(entry, "n")
        if n > 0 and predicted == predicted and observed == observed:
            out.append((predicted, observed, n))
    return out


def _first(entry: dict[str, Any], *names: str) -> float:
    return next((number(entry[name]) for name in names if name in entry), float("nan"))


def _curves(results: Results, metrics: dict[str, Any]) -> list[str]:
    curves = results.json("curves.json")
    if not curves:
        return [missing("fig-roc", "ROC and precision–recall curves", results.why_missing("curves.json"))]
    model, baselines = model_scores(metrics), baseline_scores(metrics)
    named = [("model", "model", model.auroc, model.auprc, curves)]
    for scores in baselines:
        part = curves.get(scores.key) or (curves.get("baselines") or {}).get(scores.key)
        if isinstance(part, dict):
            named.append((scores.key, scores.label, scores.auroc, scores.auprc, part))
    sizes = {name: number(part.get("n")) for name, part in per_class(metrics).items()}
    total = sum(sizes.values()) if sizes else float("nan")
    base = sizes["WT"] / total if "WT" in sizes and total else None
    return [
        _curve_figure("fig-roc", "ROC curve", named, "roc", ("fpr", "tpr"), None),
        _curve_figure("fig-pr", "Precision–recall curve", named, "pr", ("recall", "precision"), base),
    ]


def _curve_figure(
    id: str,
    title: str,
    named: list[tuple[str, str, float, float, dict[str, Any]]],
    kind: str,
    axes: tuple[str, str],
    base: float | None,
) -> str:
    plot = svg.Plot(330, 290, (0, 1), (0, 1), left=58)
    labels = {
        "fpr": "false-positive rate (KO called WT)",
        "tpr": "true-positive rate (WT found)",
        "recall": "recall (WT found)",
        "precision": "precision (WT calls right)",
    }
    ticks = [0, 0.25, 0.5, 0.75, 1]
    plot.axes(labels[axes[0]], labels[axes[1]], ticks, ticks)
    if kind == "roc":
        plot.curve([0, 1], [0, 1], "reference")
    elif base is not None:
        plot.curve([0, 1], [base, base], "reference")
    keys = []
    for style, (_, label, auroc, auprc, part) in zip(LINES, named, strict=False):
        curve = part.get(kind) or {}
        xs, ys = curve.get(axes[0]) or [], curve.get(axes[1]) or []
        if len(xs) == 0 or len(xs) != len(ys):
            continue
        plot.curve(*svg.thin(xs, ys), f"curve {style}")
        keys.append((f"line-{style}", f"{label} ({fixed(auroc if kind == 'roc' else auprc, 2)})"))
    if not keys:
        return missing(id, title, f"curves.json holds no {kind} curve.")
    area = term("auroc", "AUROC") if kind == "roc" else term("auprc", "AUPRC")
    chance = "The dotted line is chance." if kind == "roc" or base is not None else ""
    return figure(
        id,
        plot.svg(f"{id}-svg", title, "; ".join(label for _, label in keys)),
        f"{title}; {area} in brackets. {chance}",
        legend=legend(keys),
    )


def _class_table(metrics: dict[str, Any]) -> str:
    per = per_class(metrics)
    if not per:
        return ""
    lines = []
    for name in sorted(per, key=lambda key: key != "WT"):
        part = per[name]
        values = [number(part.get(key)) for key in ("precision", "recall", "f1")]
        lines.append([text_cell(name), *(number_cell(v, fixed(v)) for v in values), number_cell(number(part.get("n")))])
    columns = [
        Column("Class"),
        Column("Precision", True, "precision"),
        Column("Recall", True, "recall"),
        Column("F1", True, "f1"),
        Column("Sequences", True),
    ]
    accuracy = number(metrics.get("accuracy"))
    return table(
        "tab-classes", f"Per class; {term('accuracy', 'accuracy')} over both: {percent(accuracy, 1)}", columns, lines
    )


def mean_sd(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation of the finite values; NaN where too few."""
    known = np.array([v for v in values if v == v])
    if known.size == 0:
        return float("nan"), float("nan")
    return float(known.mean()), float(known.std(ddof=1)) if known.size > 1 else float("nan")
