"""Panel 8: filters of the first layer that recur over seeds."""

from __future__ import annotations

from typing import Any

from cislex_client.recurrence import n_seeds, recurs
from cislex_client.report.findings import first_family, matches_by_query
from cislex_client.report.inline_logos import inline_logo
from cislex_client.report.panels.base import Section, missing, side_tag
from cislex_client.report.results import Results, number, number_or
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, fixed, percent, plural, pvalue

CARDS = 12
ROWS = 120
LEAST_SHARE = 0.05  # of the largest effect: from there a filter is said to speak for a class


def panel(results: Results) -> Section:
    """The section."""
    title, nav = "Filters that recur over seeds", "Filters"
    groups = results.table("filter_groups.tsv")
    if groups is None or len(groups) == 0:
        why = results.why_missing("filter_groups.tsv") or "No group of filters was found."
        return Section("filters", title, nav, missing("fig-filters", "Recurring filters", why))
    entries = _entries(results, list(groups.rows()))
    widest = max((int(number(e["row"].get("n_seeds"))) for e in entries), default=1)
    largest = max((abs(number_or(e["row"].get("mean_effect_on_logit"), 0.0)) for e in entries), default=0.0)
    recurring = [e for e in entries if number(e["row"].get("n_seeds")) >= 2]
    words = (
        f"<p>Each filter of the first layer is a small motif detector. {count(len(recurring))} of "
        f"{plural(len(entries), 'group')} of alike filters occur in two or more seeds (the most widespread in "
        f"{count(widest)}): what recurs is learned from the data rather than from the random start. "
        "A name is given to what recurs in at least half of the seeds: among so many filters some resemble a known "
        "motif by chance. The "
        f"{term('effect', 'effect')} is the change of the WT − KO "
        f"logit when the filter is silenced: negative means that "
        "the filter speaks for WT, positive for KO.</p>"
    )
    if widest < 2:
        words += "<p><strong>Only one seed was trained, so nothing can recur.</strong></p>"
    cards = "".join(_card(f"fig-filter-{i}", e, largest) for i, e in enumerate((recurring or entries)[:CARDS], start=1))
    body = words + f'<div class="cards small" id="fig-filters">{cards}</div>' + _table(entries, largest)
    return Section("filters", title, nav, body)


def _entries(results: Results, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    filters = results.table("filters.tsv")
    by_id = {str(row.get("filter_id")): row for row in filters.rows()} if filters else {}
    matrices = results.motifs("filters.meme") or results.motifs("filter_queries.meme")
    matched = matches_by_query(results, "filter_matches.tsv")
    compared = results.table("filter_matches.tsv") is not None
    seeds = n_seeds(by_id.values())
    out: list[dict[str, Any]] = []
    for row in rows:
        id = str(row.get("representative"))
        best = next(iter(matched.get(id, [])), None)
        out.append(
            {
                "row": row,
                "id": id,
                "filter": by_id.get(id, {}),
                "motif": matrices.get(id),
                "best": best if best and best.get("significant") is True and recurs(row, seeds) else None,
                "named": ""
                if recurs(row, seeds)
                else f"in {int(number_or(row.get('n_seeds'), 0.0))} of {seeds} seeds: not named",
                "compared": compared,
            }
        )
    out.sort(
        key=lambda e: (
            -number_or(e["row"].get("n_seeds"), 0.0),
            -abs(number_or(e["row"].get("mean_effect_on_logit"), 0.0)),
        )
    )
    return out


def _side(effect: float, largest: float) -> str:
    """The class that a filter speaks for; "" where its effect is too small beside the largest to say."""
    if not abs(effect) >= LEAST_SHARE * largest or effect == 0:
        return ""
    return "WT" if effect < 0 else "KO"


def _name(entry: dict[str, Any]) -> str:
    if entry["best"] is not None:
        return f"<strong>{esc(entry['best'].get('target_name') or entry['best'].get('target'))}</strong>"
    return entry["named"] or ("no significant match" if entry["compared"] else "not compared")


def _card(id: str, entry: dict[str, Any], largest: float) -> str:
    effect = number(entry["row"].get("mean_effect_on_logit"))
    logo = (
        inline_logo(f"{id}-svg", entry["motif"])
        if entry["motif"] is not None
        else '<p class="none">never active: no matrix</p>'
    )
    q = f' <span class="also">q {pvalue(number(entry["best"].get("qvalue")))}</span>' if entry["best"] else ""
    return (
        f'<figure class="card" id="{id}"><header>{side_tag(_side(effect, largest))} <span class="origin">in '
        f"{plural(int(number_or(entry['row'].get('n_seeds'), 0.0)), 'seed')}</span></header>"
        f'<div class="scroll">{logo}</div>'
        f'<figcaption><p class="verdict">{_name(entry)}{q}</p><p class="stats">effect {fixed(effect, 3)} · '
        f"<code>{esc(entry['row'].get('consensus'))}</code></p></figcaption></figure>"
    )


def _table(entries: list[dict[str, Any]], largest: float) -> str:
    lines = []
    for entry in entries[:ROWS]:
        row, filter_, best = entry["row"], entry["filter"], entry["best"] or {}
        effect = number(row.get("mean_effect_on_logit"))
        wt, ko = number(filter_.get("activation_frequency_wt")), number(filter_.get("activation_frequency_ko"))
        lines.append(
            [
                text_cell(entry["id"]),
                number_cell(number(row.get("n_seeds"))),
                number_cell(number(row.get("n_filters"))),
                Cell(f"<code>{esc(row.get('consensus'))}</code>", row.get("consensus")),
                number_cell(effect, f"{side_tag(_side(effect, largest))} {fixed(effect, 3)}"),
                number_cell(wt, percent(wt, 1)),
                number_cell(ko, percent(ko, 1)),
                Cell(_name(entry), best.get("target_name")),
                text_cell(first_family(best.get("tf_family"))),
                number_cell(number(best.get("qvalue")), pvalue(number(best.get("qvalue")))),
            ]
        )
    columns = [
        Column("Representative"),
        Column("Seeds", True, "recurrence"),
        Column("Filters", True),
        Column("Consensus"),
        Column("Effect on logit", True, "effect"),
        Column("Active in WT", True, "activation"),
        Column("Active in KO", True, "activation"),
        Column("Resembles"),
        Column("Family", term="family"),
        Column("q", True, "qvalue"),
    ]
    note = (
        "All filters: <code>filters.tsv</code>, <code>filters.meme</code>; all groups: <code>filter_groups.tsv</code>."
    )
    if len(entries) > ROWS:
        note = f"The first {count(ROWS)} of {count(len(entries))} groups are shown. " + note
    return table("tab-filters", "Groups of alike filters", columns, lines, note=note, filter_label="Filter groups")
