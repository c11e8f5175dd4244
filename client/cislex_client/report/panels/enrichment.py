"""Panel 9: in how many WT and KO sequences known motifs occur (the paper's Figures 8 and 9, Tables 11 and 12)."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import Any

from cislex_client.report import svg
from cislex_client.report.findings import factors
from cislex_client.report.panels.base import Section, callout, figure, legend, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, percent, pvalue, shorten

BARS = 16
NAMED_BARS = 6
ROWS = 150
SIGNIFICANT = 0.05
BETWEEN = ("both", "ko", "wt")


def panel(results: Results) -> Section:
    """The section."""
    title, nav = "Known motifs in WT and KO sequences", "Enrichment"
    table_ = results.table("enrichment.tsv")
    if table_ is None or len(table_) == 0:
        why = results.why_missing("enrichment.tsv") or "enrichment.tsv has no rows: no motif was tested."
        return Section("enrichment", title, nav, missing("fig-enrichment", "Enrichment of known motifs", why))
    rows = list(table_.rows())
    shown, between = choose(rows)
    named = {factor.target for factor in factors(results)} | {factor.name.upper() for factor in factors(results)}
    parts = [_words(shown, between), _bars(shown, named, between), _table(rows, shown)]
    return Section("enrichment", title, nav, "".join(parts))


def choose(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """One row per motif: WT against KO with a fixed threshold where there is one, by the smaller q, best first.

    Second answer: whether these rows compare the classes with each other (else with shuffled sequences).
    """
    between = [row for row in rows if str(row.get("background")) in BETWEEN]
    pool = between or rows
    modes = {str(row.get("mode")) for row in pool}
    pool = [row for row in pool if str(row.get("mode")) == "fixed"] if "fixed" in modes else pool
    best: dict[str, dict[str, Any]] = {}
    for row in sorted(pool, key=smallest_q):
        best.setdefault(str(row.get("motif")), row)
    return sorted(
        best.values(), key=lambda r: (smallest_q(r), -abs(number(r.get("pct_wt")) - number(r.get("pct_ko"))))
    ), bool(between)


def for_bars(shown: list[dict[str, Any]], named: set[str]) -> list[dict[str, Any]]:
    """At most 16 motifs: up to six that were named, then the best of WT and of KO in turn; WT's first, then KO's.

    The smallest q alone would often show one family sixteen times.
    """
    picked = [row for row in shown if is_named(row, named)][:NAMED_BARS]
    sides = [[row for row in shown if more_in_wt(row) is side] for side in (True, False)]
    for pair in zip_longest(*sides):
        for row in pair:
            if row is not None and len(picked) < BARS and not any(row is other for other in picked):
                picked.append(row)
    return sorted(picked, key=lambda row: (not more_in_wt(row), smallest_q(row)))


def more_in_wt(row: dict[str, Any]) -> bool:
    """True when a larger share of WT than of KO sequences holds the motif."""
    return number(row.get("pct_wt")) > number(row.get("pct_ko"))


def is_named(row: dict[str, Any], named: set[str]) -> bool:
    """True when a motif of this run names this row's factor."""
    return str(row.get("motif")) in named or str(row.get("name") or row.get("motif")).upper() in named


def smallest_q(row: dict[str, Any]) -> float:
    """The smaller of the two q-values; infinite where neither is known."""
    values = [number(row.get("qvalue_wt")), number(row.get("qvalue_ko"))]
    return min((v for v in values if v == v), default=math.inf)


def _words(shown: list[dict[str, Any]], between: bool) -> str:
    significant = sum(smallest_q(row) <= SIGNIFICANT for row in shown)
    against = "each class against the other" if between else "each class against shuffled sequences"
    text = (
        f"<p>Independent of the network: the share of test sequences with at least one site of a known motif, "
        f"{against} ({term('enrichment', 'how this is counted')}). "
        f"{count(significant)} of {count(len(shown))} motifs differ "
        f"at q ≤ {SIGNIFICANT:g}.</p>"
    )
    if significant == 0:
        text += callout(
            "<strong>No known motif differs significantly</strong> "
            "between the classes. The bars show the least unlikely ones.",
            "warn",
        )
    return text


def _bars(shown: list[dict[str, Any]], named: set[str], between: bool) -> str:
    rows = for_bars(shown, named)
    top = max(
        [number(r.get(f"pct_{s}")) for r in rows for s in ("wt", "ko") if number(r.get(f"pct_{s}")) >= 0], default=100.0
    )
    high = min(100.0, max(5.0, top * 1.05))
    plot = svg.Plot(760, 50.0 + 34 * len(rows), (0, high), (0, 1), left=170, right=150, top=6, bottom=40)
    plot.axes("% of sequences with the motif", "", y_ticks=[])
    for i, row in enumerate(rows):
        y = 10.0 + 34 * i
        name = str(row.get("name") or row.get("motif"))
        star = is_named(row, named)
        plot.body.append(
            svg.text(
                160,
                y + 16,
                shorten(name, 22) + (" ●" if star else ""),
                "end",
                "name",
                title=f"{name} ({row.get('motif')})",
            )
        )
        for j, side in enumerate(("wt", "ko")):
            value = number(row.get(f"pct_{side}"))
            if value == value:
                plot.body.append(
                    svg.rect(
                        plot.px(0),
                        y + 12 * j,
                        plot.px(value) - plot.px(0),
                        10,
                        f"fill-{side}",
                        1.5,
                        f"{side.upper()} {value:.1f} %",
                    )
                )
                plot.body.append(svg.text(plot.px(value) + 5, y + 12 * j + 8.5, f"{value:.1f}", cls="value small"))
        q = smallest_q(row)
        plot.body.append(
            svg.text(
                756, y + 16, "q " + _plain(q) if q < math.inf else "", "end", "tick" if q > SIGNIFICANT else "value"
            )
        )
    describe = "; ".join(
        f"{r.get('name') or r.get('motif')}: WT {number(r.get('pct_wt')):.1f} %, KO {number(r.get('pct_ko')):.1f} %"
        for r in rows
    )
    dots = " ● marks factors that the motifs above name." if named else ""
    return figure(
        "fig-enrichment",
        plot.svg("fig-enrichment-svg", "Known motifs in WT and KO sequences", describe),
        f"The motifs with the smallest q of either class, {'WT against KO' if between else 'against shuffled ones'}; "
        f"first those more frequent in WT.{dots}",
        wide=True,
        legend=legend([("fill-wt", "WT"), ("fill-ko", "KO")]),
    )


def _plain(q: float) -> str:
    if q >= 0.001:
        return f"{q:.3f}" if q < 0.9995 else "1"
    if q <= 0:
        return "< 1e\u2212300"
    mantissa, exponent = f"{q:.0e}".split("e")
    return f"{mantissa}e\u2212{abs(int(exponent))}"


def _table(rows: list[dict[str, Any]], shown: list[dict[str, Any]]) -> str:
    lines = []
    for row in shown[:ROWS]:
        wt, ko = number(row.get("pct_wt")), number(row.get("pct_ko"))
        lines.append(
            [
                Cell(
                    f'{esc(row.get("name") or row.get("motif"))} <span class="also">{esc(row.get("motif"))}</span>',
                    row.get("name") or row.get("motif"),
                ),
                Cell(f"<code>{esc(row.get('consensus'))}</code>", row.get("consensus")),
                number_cell(wt, percent(wt / 100, 2)),
                number_cell(ko, percent(ko / 100, 2)),
                *(
                    number_cell(number(row.get(k)), pvalue(number(row.get(k))))
                    for k in ("pvalue_wt", "pvalue_ko", "qvalue_wt", "qvalue_ko")
                ),
                text_cell(row.get("background")),
            ]
        )
    columns = [
        Column("Motif"),
        Column("Consensus"),
        Column("% of WT", True, "enrichment"),
        Column("% of KO", True, "enrichment"),
        Column("p (WT)", True, "pvalue"),
        Column("p (KO)", True, "pvalue"),
        Column("q (WT)", True, "qvalue"),
        Column("q (KO)", True, "qvalue"),
        Column("Background"),
    ]
    tests = sorted({str(row.get("test")) for row in shown if row.get("test")})
    note = f"Test: {esc(', '.join(tests))}. " if tests else ""
    if len(shown) > ROWS:
        note += f"The {ROWS} motifs with the smallest q of {count(len(shown))} are shown. "
    if len(rows) > len(shown):
        note += f"Other backgrounds and thresholds: {count(len(rows))} rows in <code>enrichment.tsv</code>."
    return table("tab-enrichment", "Known-motif enrichment", columns, lines, note=note, filter_label="Filter by motif")
