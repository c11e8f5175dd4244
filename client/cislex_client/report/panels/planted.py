"""Panel 11, demo only: what was planted in the simulated sequences and what came back."""

from __future__ import annotations

from typing import Any

from cislex_client.report.panels.base import Section, callout, missing, side_tag
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, listing, percent, plural, pvalue


def panel(results: Results) -> Section | None:
    """The section; None for a run that is no demo."""
    truth = results.json("planted.json")
    title, nav = "Planted truth: did the analysis find what was put in?", "Planted truth"
    if not truth:
        if results.run.get("pipeline") != "demo":
            return None
        return Section(
            "planted", title, nav, missing("tab-planted", "The planted truth", results.why_missing("planted.json"))
        )
    rows = [row for row in truth.get("table") or [] if isinstance(row, dict)]
    false = [row for row in truth.get("false_names") or [] if isinstance(row, dict)]
    level = f"q ≤ {number(truth.get('q_threshold')):g}"
    n, found = number(truth.get("n_planted")), number(truth.get("n_recovered"))
    good = found == n and not false
    share = percent(found / n) if n > 0 else percent(None)
    names = listing([esc(row.get("target_name") or row.get("target")) for row in false[:6]])
    said = f"Named but not planted: {names}." if false else "No name was given that had not been planted."
    text = callout(
        f"<strong>{count(found)} of "
        f"{plural(int(n) if n == n else 0, 'planted motif')} "
        f"recovered and named ({share}) at "
        f"{level}.</strong> {said}",
        "good" if good else "warn",
    )
    text += (
        "<p>The sequences of this run are simulated: known motifs "
        "were planted at known positions, so the right answer is "
        f"known. {term('recovered', 'When a motif counts as recovered')}.</p>"
    )
    columns = [
        Column("Planted motif"),
        Column("Planted in"),
        Column("Times", True),
        Column("Recovered"),
        Column("By matrix"),
        Column("Named"),
        Column("p", True, "pvalue"),
        Column("q", True, "qvalue"),
        Column("Rank of the exact motif", True),
    ]
    return Section(
        "planted", title, nav, text + table("tab-planted", f"Planted motifs at {level}", columns, map(_line, rows))
    )


def _line(row: dict[str, Any]) -> list[Cell]:
    recovered = row.get("recovered") in (True, "true", 1)
    matrix = f'{esc(row.get("query"))} <span class="also"><code>{esc(row.get("query_consensus"))}</code></span>'
    return [
        Cell(
            f'<strong>{esc(row.get("name"))}</strong> <span class="also">{esc(row.get("motif_id"))}</span>',
            row.get("name"),
        ),
        Cell(side_tag(str(row.get("planted_in"))), row.get("planted_in")),
        number_cell(number(row.get("n_planted"))),
        Cell("✓ yes" if recovered else "✗ no", recovered),
        Cell(matrix, row.get("query")) if row.get("query") else text_cell(None),
        text_cell(row.get("target_name") or row.get("target")),
        number_cell(number(row.get("pvalue")), pvalue(number(row.get("pvalue")))),
        number_cell(number(row.get("qvalue")), pvalue(number(row.get("qvalue")))),
        number_cell(number(row.get("exact_rank"))),
    ]
