"""Logos inside the page: one matrix, or a query above the target it was aligned with."""

from __future__ import annotations

from typing import Any

from cislex_core.motifs import Motif

from cislex_client.report import svg
from cislex_client.report.logo import information_heights, stacks
from cislex_client.report.results import number
from cislex_client.report.text import shorten


def inline_logo(id: str, motif: Motif, height: float = 54.0, column: float = 15.0) -> str:
    """A logo without axes, 0–2 bits high."""
    width = column * motif.width
    body = svg.line(0, height, width, height, "axis") + stacks(
        information_heights(motif.probabilities), 0, height, column, height / 2
    )
    return svg.document(
        id, width, height + 1, body, f"Logo of {motif.label}, consensus {motif.consensus()}", cls="logo"
    )


def target_start(row: dict[str, Any], query: Motif, target: Motif) -> int:
    """Column of the query at which the (oriented) target begins.

    A match's offset is the query's first column in the oriented target, as Tomtom gives it, so the target begins at
    −offset. Where only the opposite sign gives the stated overlap (other tools), that is taken.
    """
    offset = number(row.get("offset"))
    start = 0 if offset != offset else -int(offset)
    stated = number(row.get("overlap"))
    if stated == stated and _overlap(query, target, start) != stated and _overlap(query, target, -start) == stated:
        return -start
    return start


def _overlap(query: Motif, target: Motif, start: int) -> int:
    return max(0, min(query.width, start + target.width) - max(0, start))


def aligned_pair(id: str, query: Motif, target: Motif, row: dict[str, Any]) -> str:
    """The compared matrix above its match, column under column; the overlap is shaded."""
    reverse = str(row.get("orientation")) == "-"
    shown = target.reverse_complement() if reverse else target
    start = target_start(row, query, target)
    first, last = min(0, start), max(query.width, start + target.width)
    columns = last - first
    column = min(17.0, 440.0 / columns)
    height, left, top = 58.0, 58.0, 6.0
    second = top + height + 26
    lo, hi = max(0, start), min(query.width, start + target.width)
    body = []
    if hi > lo:
        x = left + (lo - first) * column
        body.append(svg.rect(x, top - 4, (hi - lo) * column, second + height - top + 8, "overlap", 3))
    for y, motif, at, label in ((top, query, 0, "found"), (second, shown, start, "known")):
        x = left + (at - first) * column
        body.append(svg.line(x, y + height, x + motif.width * column, y + height, "axis"))
        body.append(stacks(information_heights(motif.probabilities), x, y + height, column, height / 2))
        body.append(svg.text(left - 8, y + height / 2 + 4, label, "end", "tick"))
    name = str(row.get("target_name") or target.label)
    note = shorten(name, 24) + (" (reverse complement)" if reverse else "")
    body.append(svg.text(left + (start - first) * column, second + height + 15, note, cls="name", title=name))
    width = left + columns * column + 4
    # Room for a name longer than its logo.
    width = max(width, left + (start - first) * column + 7.2 * len(note))
    return svg.document(
        id,
        width,
        second + height + 22,
        "".join(body),
        f"{query.id} aligned with {name}",
        f"query {query.consensus()}, target {shown.consensus()}, overlap {hi - lo} columns",
        cls="plot pair",
    )
