"""Panel 3: training curves per seed, with the epoch that was kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, callout, figure, legend, missing
from cislex_client.report.results import Results, Table, number
from cislex_client.report.tables import Column, number_cell, table
from cislex_client.report.text import count, duration, esc, fixed, percent, plural, size
from cislex_client.report.verdict import selection

MOST_SEEDS = 12  # curves drawn; the table lists every seed


def panel(results: Results) -> Section:
    """The section."""
    history = results.table("history.tsv")
    title = "Training"
    if history is None or len(history) == 0:
        why = results.why_missing("history.tsv") or "history.tsv has no rows."
        return Section("training", title, "Training", missing("fig-loss", "Training curves", why))
    seeds = _by_seed(history)
    chosen_on = selection(results) or "validation"
    parts = [_words(results, seeds, chosen_on)]
    watched = "test" if _has(history, "test_accuracy") and chosen_on == "test" else "validation"
    parts.append(_figure("fig-loss", seeds, "train_loss", "validation_loss", "loss", "validation", False))
    score = str(results.json("training.json").get("score") or "score").replace("_", " ")
    if _has(history, f"{watched}_accuracy"):
        parts.append(_figure("fig-accuracy", seeds, "train_accuracy", f"{watched}_accuracy", "accuracy", watched, True))
    elif _has(history, f"{watched}_score"):
        parts.append(_figure("fig-accuracy", seeds, "train_score", f"{watched}_score", score, watched, False))
    else:
        parts.append(missing("fig-accuracy", "Accuracy curves", f"history.tsv has no {watched}_accuracy."))
    parts.append(_table(seeds, watched))
    return Section("training", title, "Training", "".join(parts))


def _has(history: Table, name: str) -> bool:
    return history.has(name) and bool(np.isfinite(history.floats(name)).any())


def _by_seed(history: Table) -> dict[int, dict[str, np.ndarray]]:
    seeds = history.floats("seed")
    chosen = np.array([value is True for value in history.get("chosen")])
    names = (
        "epoch",
        "train_loss",
        "validation_loss",
        "train_accuracy",
        "validation_accuracy",
        "test_accuracy",
        "train_score",
        "validation_score",
        "seconds",
    )
    out = {}
    for seed in sorted({int(s) for s in seeds if math.isfinite(s)}):
        mask = seeds == seed
        out[seed] = {name: history.floats(name)[mask] for name in names} | {"chosen": chosen[mask]}
    return out


def _words(results: Results, seeds: dict[int, dict[str, np.ndarray]], chosen_on: str) -> str:
    training = results.json("training.json")
    epochs = [int(np.nanmax(curves["epoch"])) for curves in seeds.values()]
    spread = count(min(epochs)) if min(epochs) == max(epochs) else f"{count(min(epochs))}–{count(max(epochs))}"
    text = (
        f"The same network was trained {plural(len(seeds), 'time')} from different random starts (seeds), "
        f"{spread} epochs each. From each run the epoch that did best on the "
        f"<strong>{esc(chosen_on)}</strong> sequences was kept (ringed)."
    )
    facts = []
    if training.get("device"):
        facts.append(esc(_flat(training["device"])))
    if training.get("dtype"):
        facts.append(f"number format {esc(_flat(training['dtype']))}")
    if number(training.get("seconds")) >= 0:
        facts.append(f"{duration(number(training['seconds']))} in all")
    if number(training.get("peak_memory_bytes")) > 0:
        facts.append(f"peak memory {size(number(training['peak_memory_bytes']))}")
    text += f" Computed on {'; '.join(facts)}." if facts else ""
    out = f"<p>{text}</p>"
    if chosen_on == "test":
        out += callout(
            "The epoch was chosen on the <strong>test</strong> sequences, as the paper does. "
            "The test figures below are therefore optimistic.",
            "warn",
        )
    return out


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("device") or value.get("name") or value.get("used") or ", ".join(map(str, value.values())))
    return str(value)


def _figure(
    id: str, seeds: dict[int, dict[str, np.ndarray]], thin: str, thick: str, what: str, watched: str, share: bool
) -> str:
    shown = dict(list(seeds.items())[:MOST_SEEDS])
    everything = np.concatenate([np.concatenate([c[thin], c[thick]]) for c in shown.values()])
    everything = everything[np.isfinite(everything)]
    if everything.size == 0:
        return missing(id, f"Curves of the {what}", f"history.tsv holds no {what}.")
    lo, hi = float(everything.min()), float(np.quantile(everything, 0.995) if not share else everything.max())
    pad = 0.06 * (hi - lo or 1.0)
    # losses and correlations may be negative; what is never negative is drawn from nought at the lowest
    y = (lo - pad if lo < 0 else max(0.0, lo - pad), min(1.0, hi + pad) if share else hi + pad)
    small = []
    for seed, curves in shown.items():
        epochs = curves["epoch"]
        span = (1.0, max(2.0, float(np.nanmax(epochs))))
        plot = svg.Plot(188, 146, span, y, left=36, right=8, top=22, bottom=34)
        plot.axes("epoch", "", x_ticks=_epoch_ticks(span[1]), y_ticks=svg.nice_ticks(*y, about=3))
        plot.curve(epochs, np.minimum(curves[thin], y[1]), "curve train")
        plot.curve(epochs, np.minimum(curves[thick], y[1]), "curve watched")
        for epoch, value in zip(epochs[curves["chosen"]], curves[thick][curves["chosen"]], strict=True):
            plot.dot(
                float(epoch), min(float(value), y[1]), "chosen", 4.5, f"kept: epoch {int(epoch)}, {fixed(float(value))}"
            )
        kept = epochs[curves["chosen"]]
        label = f"seed {seed}" + (f", epoch {int(kept[0])} kept" if len(kept) else "")
        plot.body.append(svg.text(36, 13, label, cls="name"))
        small.append(plot.svg(f"{id}-s{seed}", f"{what.capitalize()} by epoch, {label}"))
    left_out = len(seeds) - len(shown)
    caption = f"{what.capitalize()} by epoch, one small plot per seed; the ring marks the epoch that was kept."
    if left_out:
        caption += f" {left_out} more seeds are in history.tsv."
    keys = legend([("line-train", "training"), ("line-watched", watched), ("ring", "epoch kept")])
    return figure(id, f'<div class="multiples">{"".join(small)}</div>', caption, legend=keys)


def _epoch_ticks(last: float) -> list[float]:
    ticks = [t for t in svg.nice_ticks(1, last, about=3) if t == int(t) and t > 1]
    return [1.0, *ticks]


def _table(seeds: dict[int, dict[str, np.ndarray]], watched: str) -> str:
    lines = []
    classes = any(np.isfinite(curves[f"{watched}_accuracy"]).any() for curves in seeds.values())
    score = "accuracy" if classes else "score"

    def shown(value: float) -> str:
        return percent(value, 1) if classes else fixed(value)

    for seed, curves in seeds.items():
        kept = np.flatnonzero(curves["chosen"])
        at = int(kept[0]) if len(kept) else -1

        def value(name: str, curves: dict[str, np.ndarray] = curves, at: int = at) -> float:
            return float(curves[name][at]) if at >= 0 else math.nan

        lines.append(
            [
                number_cell(seed),
                number_cell(float(np.nanmax(curves["epoch"]))),
                number_cell(value("epoch")),
                number_cell(value("train_loss"), fixed(value("train_loss"))),
                number_cell(value("validation_loss"), fixed(value("validation_loss"))),
                number_cell(value(f"train_{score}"), shown(value(f"train_{score}"))),
                number_cell(value(f"{watched}_{score}"), shown(value(f"{watched}_{score}"))),
                number_cell(float(np.nansum(curves["seconds"])), duration(float(np.nansum(curves["seconds"])))),
            ]
        )
    columns = [
        Column("Seed", True),
        Column("Epochs run", True),
        Column("Epoch kept", True),
        Column("Training loss", True, "loss"),
        Column("Validation loss", True, "loss"),
        Column(f"Training {score}", True, "accuracy" if score == "accuracy" else ""),
        Column(f"{watched.capitalize()} {score}", True, "accuracy" if score == "accuracy" else ""),
        Column("Time", True),
    ]
    return table("tab-seeds", "Each seed at the epoch that was kept", columns, lines)
