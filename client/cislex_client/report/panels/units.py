"""The units panel: the motifs that matter most, with names, what they speak for, and every unit in a table."""

from __future__ import annotations

from cislex_client.report.findings import first_family
from cislex_client.report.inline_logos import inline_logo
from cislex_client.report.panels.base import Section, callout, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, fixed, plural, pvalue
from cislex_client.report.units import Unit, units

CARDS = 12
ROWS = 300
LEAST_SITES = 10
"""A matrix of fewer sites is noise: such a unit stands in the table, not among the leading ones."""


def panel(results: Results) -> Section | None:
    """The section; None for a run that has no units."""
    title, nav = "Units: the motifs that the network adds up", "Units"
    if "units" not in results.steps:
        return None
    found = units(results)
    if not found:
        return Section("units", title, nav, missing("fig-units", "Units", results.why_missing("units.tsv")))
    body = [_words(results, found), _cards(found), _refined(results), _disagreement(found), _table(found)]
    return Section("units", title, nav, "".join(body))


def leading(found: list[Unit], most: int = CARDS) -> list[Unit]:
    """The units of highest rank over all seeds with ten sites or more, one for each motif name and class."""
    seen: set[tuple[str, str]] = set()
    kept = []
    for unit in found:
        key = (unit.name or unit.id, unit.output)
        if unit.motif is not None and unit.nsites >= LEAST_SITES and key not in seen:
            seen.add(key)
            kept.append(unit)
    return kept[:most]


def _words(results: Results, found: list[Unit]) -> str:
    seeds = len({unit.seed for unit in found})
    named = [unit for unit in found if unit.name]
    names = sorted({unit.name for unit in named})
    split = results.request("units").get("split") or "all"
    return (
        f"<p>The network is a sum: each {term('unit', 'unit')} reads the sequence with one motif of its own, and a "
        f"class's score is the sum of the units' outputs times their weights. Of {plural(len(found), 'unit')} in "
        f"{plural(seeds, 'seed')}, <strong>{count(len(named))}</strong> resemble a known motif at q ≤ 0.05 "
        f"({plural(len(names), 'different name')}); the others may be parts of motifs, base composition, or unused. "
        f"{term('unitimportance', 'Importance')} is the median of output × weight over the correctly predicted "
        f"sequences ({esc(split)}) that switch the unit on. A name says what a matrix looks like, not which "
        "protein bound.</p>"
    )


def _cards(found: list[Unit]) -> str:
    cards = []
    for i, unit in enumerate(leading(found), start=1):
        assert unit.motif is not None
        id = f"fig-unit-{i}"
        q = f' <span class="also">q {pvalue(number(unit.match.get("qvalue")))}</span>' if unit.match else ""
        name = f"<strong>{esc(unit.name)}</strong>" if unit.name else "no known motif is alike"
        cards.append(
            f'<figure class="card" id="{id}"><header>speaks for <strong>{esc(unit.output)}</strong> '
            f'<span class="origin">rank {count(unit.rank)} of seed {unit.seed}</span></header>'
            f'<div class="scroll">{inline_logo(f"{id}-svg", unit.motif)}</div>'
            f'<figcaption><p class="verdict">{name}{q}</p><p class="stats">importance {fixed(unit.importance, 3)} · '
            f"{plural(unit.nsites, 'site')} · <code>{esc(unit.consensus)}</code></p></figcaption></figure>"
        )
    return f'<div class="cards small" id="fig-units">{"".join(cards)}</div>'


def _refined(results: Results) -> str:
    """For filters that began as known motifs: how many training turned into something else, and into what."""
    table_ = results.table("refinement.tsv")
    if table_ is None or not len(table_):
        return ""
    rows = list(table_.rows())
    changed = [row for row in rows if row.get("changed") is True]
    shown = ", ".join(
        f"{esc(row.get('initial_name') or row.get('initial_motif'))} → {esc(row.get('best_name') or 'nothing known')} "
        f"({esc(row.get('query'))})"
        for row in sorted(changed, key=lambda row: number(row.get("best_qvalue")))[:6]
    )
    instance = f" For instance {shown}." if shown else ""
    return callout(
        f"<strong>{count(len(changed))} of {count(len(rows))} filters that began as known motifs have left them"
        f"</strong> (q of the filter's matrix with its own beginning above 0.05).{instance} "
        "All: <code>refinement.tsv</code>."
    )


def _disagreement(found: list[Unit]) -> str:
    """The paper's case of a large weight that the network does not use."""
    unused = [unit for unit in found for row in unit.rows if str(row.get("agreement")) == "weight_only"]
    opposite = [unit for unit in found for row in unit.rows if str(row.get("agreement")) == "opposite"]
    silenced = {unit.id for unit in found for row in unit.rows if str(row.get("agreement")) == "switched_off"}
    if not unused and not opposite and not silenced:
        return ""
    ids = list(dict.fromkeys(unit.label for unit in unused))
    shown = ", ".join(esc(label) for label in ids[:6]) + (f" and {len(ids) - 6} more" if len(ids) > 6 else "")
    parts = []
    if unused:
        parts.append(
            f"{plural(len(ids), 'unit')} with a large weight for a class hardly answer to its sequences, so the "
            f"network does not use them for it: {shown}. Their weight alone would mislead."
        )
    if opposite:
        parts.append(f"{plural(len(opposite), 'weight')} and its median importance differ in sign.")
    if silenced:
        parts.append(
            f"{plural(len(silenced), 'unit')} speak by falling silent: they are on without their motif, which switches "
            "them off, so their importance looks small (<code>effect_rank</code> in <code>units.tsv</code> finds them)."
        )
    return callout("<strong>Weights that importance does not bear out.</strong> " + " ".join(parts), "warn")


def _table(found: list[Unit]) -> str:
    lines = []
    for unit in found[:ROWS]:
        match = unit.match or {}
        lines.append(
            [
                text_cell(unit.id),
                number_cell(unit.rank),
                text_cell(unit.output),
                number_cell(unit.importance, fixed(unit.importance, 3)),
                Cell(f"<code>{esc(unit.consensus)}</code>", unit.consensus),
                number_cell(unit.information_bits, fixed(unit.information_bits, 1)),
                number_cell(unit.nsites),
                text_cell(unit.name),
                text_cell(first_family(match.get("tf_family"))),
                number_cell(number(match.get("qvalue")), pvalue(number(match.get("qvalue")))),
            ]
        )
    columns = [
        Column("Unit"),
        Column("Rank", True),
        Column("Speaks for"),
        Column("Importance", True, "unitimportance"),
        Column("Consensus"),
        Column("Bits", True),
        Column("Sites", True),
        Column("Resembles"),
        Column("Family", term="family"),
        Column("q", True, "qvalue"),
    ]
    note = "All units: <code>units.tsv</code>, <code>units.meme</code>; by class or task: <code>importance.tsv</code>."
    if len(found) > ROWS:
        note = f"The first {count(ROWS)} of {count(len(found))} are shown. " + note
    return table("tab-units", "Units by rank", columns, lines, note=note, filter_label="Filter units")
