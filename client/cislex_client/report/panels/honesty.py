"""Panel 5: what the figures are worth: baselines, intervals, protocol, selection, every seed."""

from __future__ import annotations

from typing import Any

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, callout, figure, missing
from cislex_client.report.panels.performance import mean_sd
from cislex_client.report.results import Results
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import esc, fixed, interval, plural
from cislex_client.report.verdict import Scores, baseline_scores, judge, model_scores, per_seed, scores_of, selection

METRICS = ("auroc", "auprc", "accuracy")
LEVEL = {"better": "good", "none": "info"}


def panel(results: Results) -> Section:
    """The section."""
    title = "What the figures are worth"
    metrics = results.json("metrics.json")
    if not metrics:
        why = results.why_missing("metrics.json") or "metrics.json is empty."
        return Section("honesty", title, "Honesty", missing("fig-honesty", "Baselines and intervals", why))
    verdict = judge(results)
    model, baselines = model_scores(metrics), baseline_scores(metrics)
    seeds = [scores_of(f"seed{s.get('seed')}", f"seed {s.get('seed')}", s) for s in per_seed(metrics)]
    out = [callout(f"<strong>{esc(verdict.sentence)}</strong>", LEVEL.get(verdict.level, "warn"))]
    if verdict.caveats:
        out.append("<ul class='caveats'>" + "".join(f"<li>{esc(text)}</li>" for text in verdict.caveats) + "</ul>")
    out += [_figure(model, seeds, baselines), _table(model, seeds, baselines), _protocol(results, metrics, seeds)]
    return Section("honesty", title, "Honesty", "".join(out))


def _figure(model: Scores, seeds: list[Scores], baselines: list[Scores]) -> str:
    rows: list[tuple[Scores, str]] = [
        (model, "model"),
        *((s, "seed") for s in seeds),
        *((b, "base") for b in baselines),
    ]
    rows = [(scores, kind) for scores, kind in rows if scores.auroc == scores.auroc]
    if not rows:
        return missing("fig-honesty", "Baselines and intervals", "metrics.json holds no AUROC.")
    ends = [value for scores, _ in rows for value in (scores.auroc, *(scores.pair("auroc") or ()))]
    lo = min(0.45, min(ends) - 0.03)
    height = 52.0 + 22 * len(rows)
    plot = svg.Plot(640, height, (max(0.0, lo), 1.0), (0, 1), left=150, right=70, top=8, bottom=40)
    plot.axes("AUROC on the test sequences", "", y_ticks=[])
    x = plot.px(0.5)
    plot.body.append(svg.line(x, 8, x, height - 40, "reference"))
    plot.body.append(svg.text(x + 4, 15, "chance", cls="tick"))
    for i, (scores, kind) in enumerate(rows):
        y = 20.0 + 22 * i
        label = "model (all seeds)" if kind == "model" else scores.label
        plot.body.append(svg.text(140, y + 4, label, "end", "name" if kind == "model" else "tick"))
        pair = scores.pair("auroc")
        if pair:
            plot.body.append(svg.line(plot.px(pair[0]), y, plot.px(pair[1]), y, f"whisker {kind}"))
            plot.body += [svg.line(plot.px(v), y - 4, plot.px(v), y + 4, f"whisker {kind}") for v in pair]
        radius = {"model": 5.5, "seed": 3.5, "base": 4.5}[kind]
        plot.body.append(
            svg.rect(plot.px(scores.auroc) - 4.5, y - 4.5, 9, 9, "mark base")
            if kind == "base"
            else f'<circle cx="{svg.num(plot.px(scores.auroc))}" cy="{svg.num(y)}" r="{radius}" class="mark {kind}"/>'
        )
        plot.body.append(svg.text(640 - 60, y + 4, fixed(scores.auroc), cls="value"))
    describe = "; ".join(
        f"{scores.label} {fixed(scores.auroc)} {interval(scores.pair('auroc'), 3)}" for scores, _ in rows
    )
    return figure(
        "fig-honesty",
        plot.svg("fig-honesty-svg", "AUROC of the model, each seed and the baselines", describe),
        f"The model against the {term('baselines', 'baselines')} on the same sequences. Bars: 95&nbsp;% "
        f"{term('bootstrap', 'intervals')}; squares: baselines; small dots: single seeds.",
        wide=True,
    )


def _table(model: Scores, seeds: list[Scores], baselines: list[Scores]) -> str:
    def line(scores: Scores, label: str) -> list[Cell]:
        cells = [text_cell(label)]
        for metric in METRICS:
            value = getattr(scores, metric)
            between = interval(scores.pair(metric), 3)
            small = f' <span class="ci">({between})</span>' if between else ""
            cells.append(number_cell(value, fixed(value) + small))
        return cells

    lines = [line(model, "model: all seeds together")]
    lines += [line(scores, f"model, {scores.label}") for scores in seeds]
    if len(seeds) > 1:
        cells = [text_cell("seeds: mean ± sd")]
        for metric in METRICS:
            mean, sd = mean_sd([getattr(scores, metric) for scores in seeds])
            cells.append(number_cell(mean, f"{fixed(mean)} ± {fixed(sd)}"))
        lines.append(cells)
    lines += [line(scores, f"baseline: {scores.label}") for scores in baselines]
    columns = [
        Column("Predictor"),
        Column("AUROC", True, "auroc"),
        Column("AUPRC", True, "auprc"),
        Column("Accuracy", True, "accuracy"),
    ]
    return table(
        "tab-honesty",
        "Every predictor on the same test sequences (95&nbsp;% interval)",
        columns,
        lines,
        sortable=False,
        whole=True,
    )


def _protocol(results: Results, metrics: dict[str, Any], seeds: list[Scores]) -> str:
    chosen = selection(results) or ("test" if metrics.get("optimistic") else "validation")
    facts = [
        ("Protocol", esc(metrics.get("protocol") or "not stated")),
        (
            "Epoch chosen on",
            "test sequences: <strong>optimistic</strong>"
            if chosen == "test"
            else "validation sequences; test untouched",
        ),
        ("Seeds", f"{plural(len(seeds), 'run')}; all are shown, none was picked" if seeds else "not stated"),
        ("Split", "by whole chromosomes, never by single sequences"),
        ("Intervals", esc(metrics.get("interval_method") or "bootstrap over blocks of the genome")),
    ]
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{items}</dl>'
