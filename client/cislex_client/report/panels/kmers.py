"""Panel 10: k-mers ranked by the saliency that they gather."""

from __future__ import annotations

import numpy as np

from cislex_client.report.panels.base import Section, missing, side_tag
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Cell, Column, number_cell, table, term
from cislex_client.report.text import count, esc, fixed, percent

ROWS = 60


def panel(results: Results) -> Section:
    """The section."""
    title, nav = "k-mers by summed saliency", "k-mers"
    ranking = results.table("kmer_ranking.tsv")
    if ranking is None:
        return Section(
            "kmers", title, nav, missing("fig-kmers", "The ranking of k-mers", results.why_missing("kmer_ranking.tsv"))
        )
    rows = sorted(ranking.rows(), key=lambda row: -np.nan_to_num(number(row.get("score_sum")), nan=-np.inf))
    lines = []
    for place, row in enumerate(rows[:ROWS], start=1):
        wt, ko, n = (number(row.get(key)) for key in ("n_wt", "n_ko", "n"))
        share = wt / (wt + ko) if wt + ko > 0 else float("nan")
        total = number(row.get("score_sum"))
        lines.append(
            [
                number_cell(place),
                Cell(f"<code>{esc(row.get('kmer'))}</code>", row.get("kmer")),
                number_cell(total, fixed(total, 2)),
                number_cell(n),
                number_cell(wt),
                number_cell(ko),
                number_cell(share, _share(share)),
            ]
        )
    columns = [
        Column("Rank", True),
        Column("k-mer"),
        Column("Summed saliency", True, "ranking"),
        Column("Occurrences", True),
        Column("in WT", True),
        Column("in KO", True),
        Column("Share in WT", True),
    ]
    note = (
        f"The first {ROWS} of {count(len(rows))} k-mers; all: <code>kmer_ranking.tsv</code>."
        if len(rows) > ROWS
        else ""
    )
    words = (
        f"<p>A window slides over every test sequence; each k-mer "
        f"gathers the {term('importance', 'importance')} under it. "
        "A high rank may come from one strong site or from many weak ones: the occurrences tell which.</p>"
    )
    body = table(
        "tab-kmers", "k-mers that gather most saliency", columns, lines, note=note, filter_label="Filter k-mers"
    )
    return Section("kmers", title, nav, words + f'<div id="fig-kmers">{body}</div>')


def _share(share: float) -> str:
    if share != share:
        return percent(share)
    side = side_tag("WT" if share > 0.6 else "KO" if share < 0.4 else "")
    bar = f'<span class="sharebar" aria-hidden="true"><span style="width:{100 * share:.0f}%"></span></span>'
    return f"{percent(share)} {bar}" if "none" in side else f"{percent(share)} {bar} {side}"
