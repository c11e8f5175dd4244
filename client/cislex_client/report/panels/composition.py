"""GC content of the sets and near-duplicates across splits: two ways in which a network can look good for no reason."""

from __future__ import annotations

import math
from typing import Any

from cislex_client.report import svg
from cislex_client.report.panels.base import callout, figure, legend
from cislex_client.report.results import Results, number
from cislex_client.report.tables import term
from cislex_client.report.text import count, fixed, percent, plural

SERIES = 8
GC_SHOWN = (0.1, 0.9)


def composition(results: Results) -> str:
    """A histogram of GC content by set, and a word on near-duplicates; "" where the dataset says neither."""
    return _histogram(results.json("gc.json")) + leakage(results)


def leakage(results: Results) -> str:
    """What near-duplicates across splits there are; "" for a dataset that was not searched."""
    table = results.table("leakage.tsv")
    if table is None:
        return ""
    if not len(table):
        return (
            f"<p>No {term('nearduplicates', 'near-duplicates')} across splits were found: no test sequence is a copy, "
            "a reverse complement or nearly a copy of one that was trained on.</p>"
        )
    with_test = sum("test" in (a, b) for a, b in zip(table.get("split_a"), table.get("split_b"), strict=True))
    return callout(
        f"<strong>{plural(len(table), 'pair')} of {term('nearduplicates', 'near-duplicates')} lie in different splits"
        f"</strong>, {count(with_test)} of them with the test set: what is tested there was seen before, so the "
        "figures are a little optimistic. They are listed in <code>leakage.tsv</code>.",
        "warn",
    )


def _histogram(found: dict[str, Any]) -> str:
    sets = _sets(found)
    if not sets:
        return ""
    width = number(found.get("bin_width"))
    shares = {name: [n / (sum(counts) or 1) for n in counts] for name, counts in sets.items()}
    most = max(max(values, default=0.0) for values in shares.values()) or 1.0
    plot = svg.Plot(430, 230, GC_SHOWN, (0, most * 1.05), left=52)
    plot.axes(
        "GC content", "share of the set", [0.2, 0.4, 0.6, 0.8], x_text=lambda v: percent(v), y_text=lambda v: percent(v)
    )
    two = {"WT": "wt", "KO": "ko"}
    keys = []
    for i, (name, values) in enumerate(list(shares.items())[:SERIES]):
        shown = [j for j in range(len(values)) if GC_SHOWN[0] <= j * width < GC_SHOWN[1]]
        xs = [edge for j in shown for edge in (j * width, (j + 1) * width)]
        ys = [values[j] for j in shown for _ in range(2)]
        cls = two.get(name, f"s{i}")
        plot.curve(xs, ys, f"curve {cls}" if name in two else f"curve s{i}")
        keys.append((f"fill-{cls}" if name in two else f"series-{i}", name))
    whole = [entry for entry in found.get("distances") or [] if entry.get("split") == "all"]
    distance = max((number(entry.get("ks")) for entry in whole), default=math.nan)
    said = (
        f" Largest distance of the cumulative curves (Kolmogorov–Smirnov): {fixed(distance, 3)}."
        if distance == distance
        else ""
    )
    return figure(
        "fig-gc",
        plot.svg("fig-gc-svg", "GC content by set", ", ".join(shares)),
        "GC content of the sequences by set: where the curves differ, composition alone tells the sets apart, and the "
        f"baseline “GC content alone” says by how much.{said}",
        legend=legend(keys),
    )


def _sets(found: dict[str, Any]) -> dict[str, list[int]]:
    """Set → counts by bin over all splits."""
    entries = [entry for entry in found.get("sets") or [] if entry.get("split") == "all"]
    return {str(entry.get("set")): [int(n) for n in entry.get("counts") or []] for entry in entries}
