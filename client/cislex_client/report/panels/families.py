"""Motifs that recur between seeds: one consensus each, its members aligned below it, and the tree of the families."""

from __future__ import annotations

from typing import Any

import numpy as np

from cislex_client.report import newick, svg
from cislex_client.report.findings import matches_by_query
from cislex_client.report.logo import information_heights, stacks
from cislex_client.report.panels.base import Section, figure, grid, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, fixed, percent, plural, shorten
from cislex_client.report.units import units

CARDS = 6
MEMBERS = 5
TREE_LEAVES = 30


def panel(results: Results) -> Section | None:
    """The section; None for a run whose motifs were not grouped."""
    title, nav = "Families: motifs that recur", "Families"
    if "families" not in results.steps:
        return None
    found = results.table("families.tsv")
    if found is None or not len(found):
        why = results.why_missing("families.tsv")
        return Section("families", title, nav, missing("fig-families", "Families of motifs", why))
    rows = list(found.rows())
    members = _members(results)
    names = _names(results)
    runs = max(int(number(row.get("n_replicates"))) for row in rows)
    recurring = [row for row in rows if number(row.get("n_replicates")) > 1]
    words = (
        f"<p>All {count(sum(len(group) for group in members.values()))} motifs were grouped by the similarity of their "
        f"matrices, shifted and on either strand. {plural(len(recurring), 'family', 'families')} of {count(len(rows))} "
        f"occur in more than one seed (the most widespread in {count(runs)}): what recurs is learnt from the data "
        f"rather than from the random start. {term('reproducibility', 'Reproducibility')} is the share of seeds with a "
        "member.</p>"
    )
    cards = [_aligned(f"fig-family-{i}", row, members.get(str(row["family"]), []), names)
             for i, row in enumerate((recurring or rows)[:CARDS], start=1)]  # fmt: skip
    body = words + f'<div id="fig-families">{grid(cards)}</div>' + _tree(results, rows, names) + _table(rows)
    return Section("families", title, nav, body)


def _names(results: Results) -> dict[str, str]:
    """Motif id → ``X-like`` of its significant best match: units' or, in a WTKO-CNN run, filters'."""
    named = {unit.id: unit.name for unit in units(results)}
    for id, matches in matches_by_query(results, "filter_matches.tsv").items():
        if matches[0].get("significant") is True:
            named.setdefault(id, f"{matches[0].get('target_name') or matches[0].get('target')}-like")
    return named


def _members(results: Results) -> dict[str, list[dict[str, Any]]]:
    found = results.table("family_members.tsv")
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in found.rows() if found else ():
        grouped.setdefault(str(row.get("family")), []).append(row)
    return grouped


def _aligned(id: str, row: dict[str, Any], members: list[dict[str, Any]], names: dict[str, str]) -> str:
    """Logos of the first members under one another, column under column."""
    shown = [(member, _matrix(member)) for member in members[:MEMBERS]]
    placed = [(member, matrix, int(number(member.get("offset")))) for member, matrix in shown if matrix is not None]
    if not placed:
        return ""
    first = min(offset for _, _, offset in placed)
    columns = max(offset + len(matrix) for _, matrix, offset in placed) - first
    column, height, left = min(15.0, 300.0 / columns), 34.0, 76.0
    body = []
    for i, (member, matrix, offset) in enumerate(placed):
        base = (i + 1) * (height + 8)
        x = left + (offset - first) * column
        body.append(svg.line(x, base, x + len(matrix) * column, base, "axis"))
        body.append(stacks(information_heights(matrix), x, base, column, height / 2))
        turned = " ⟲" if member.get("strand") == "-" else ""
        text = shorten(str(member.get("motif_id")), 10) + turned
        body.append(svg.text(left - 8, base - 6, text, "end", "tick", title=str(member.get("leaf") or text)))
    drawing = svg.document(
        f"{id}-svg", left + columns * column + 6, len(placed) * (height + 8) + 6, "".join(body),
        f"{len(placed)} members of {row.get('family')}, aligned",
    )  # fmt: skip
    more = f", {len(members) - len(placed)} more in the table" if len(members) > len(placed) else ""
    name = _name(row, members, names)
    return figure(
        id,
        drawing,
        f"<strong>{esc(name or row.get('family'))}</strong>: {plural(len(members), 'motif')} of "
        f"{plural(int(number(row.get('n_replicates'))), 'seed')}, mean similarity "
        f"{fixed(number(row.get('mean_similarity')), 2)}{more}. ⟲ reverse complement.",
    )


def _matrix(member: dict[str, Any]) -> np.ndarray | None:
    values = [float(part) for part in str(member.get("matrix") or "").split(",") if part]
    return np.array(values).reshape(-1, 4) if values and len(values) % 4 == 0 else None


def _name(row: dict[str, Any], members: list[dict[str, Any]], names: dict[str, str]) -> str:
    """The most frequent name of the members, with the consensus where none is named."""
    known = [names[id] for member in members if names.get(id := str(member.get("motif_id")))]
    return max(set(known), key=lambda name: (known.count(name), name)) if known else ""


def _tree(results: Results, rows: list[dict[str, Any]], names: dict[str, str]) -> str:
    path = results.folder / "families.nwk"
    chosen = {str(row.get("representative")): row for row in rows[:TREE_LEAVES]}
    if not path.is_file() or len(chosen) < 2:
        return ""
    try:
        root = newick.prune(newick.parse(path.read_text(encoding="utf-8")), set(chosen))
    except (ValueError, IndexError, RecursionError) as error:
        return missing("fig-tree", "The tree", f"families.nwk cannot be read: {error}")
    if root is None or len(root.leaves()) < 2:
        return ""
    lines, ys, x = newick.draw(root, 240.0, 18.0)
    labels = []
    for leaf, y in ys.items():
        row = chosen[leaf]
        name = names.get(leaf.rsplit(":", 1)[-1], "")
        label = f"{row.get('family')} {name or row.get('consensus')}"
        labels.append(svg.text(x, y + 4, shorten(label, 44), cls="tick", title=label))
    drawing = svg.document("fig-tree-svg", 600, 18.0 * len(ys) + 6, lines + "".join(labels), "Tree of the families")
    few = f" The first {TREE_LEAVES} of {count(len(rows))}." if len(rows) > TREE_LEAVES else ""
    return figure("fig-tree", drawing, f"Families by similarity (average linkage): near branches are alike.{few}")


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        [
            text_cell(row.get("family")),
            text_cell(row.get("consensus")),
            number_cell(number(row.get("n_members"))),
            number_cell(number(row.get("n_replicates"))),
            number_cell(number(row.get("reproducibility")), percent(number(row.get("reproducibility")))),
            number_cell(number(row.get("mean_similarity")), fixed(number(row.get("mean_similarity")), 2)),
            number_cell(number(row.get("nsites"))),
            number_cell(number(row.get("information_bits")), fixed(number(row.get("information_bits")), 1)),
        ]
        for row in rows[:100]
    ]
    columns = [
        Column("Family"),
        Column("Consensus"),
        Column("Motifs", True),
        Column("Seeds", True),
        Column("Reproducibility", True, "reproducibility"),
        Column("Similarity", True),
        Column("Sites", True),
        Column("Bits", True),
    ]
    note = "All: <code>families.tsv</code>, <code>family_members.tsv</code>, <code>families.meme</code>."
    return table("tab-families", "Families of motifs", columns, lines, note=note, filter_label="Filter families")
