"""Sortable, filterable HTML tables: plain tables that the report's script makes livelier, whole without it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cislex_client.report.text import count, esc

LONG_WORD = 24  # letters
LONG = 12  # rows from which a table gets a filter box and a scrolling frame


@dataclass(frozen=True)
class Column:
    """A column: its heading (HTML), whether numbers stand in it, and the glossary term that its heading leads to."""

    title: str
    numeric: bool = False
    term: str = ""
    cls: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell: HTML to show and the value to sort by (text or number; None sorts last)."""

    html: str
    value: Any = None


def text_cell(value: Any) -> Cell:
    """Plain text; sorts as text."""
    if value in (None, ""):
        return Cell('<span class="none">–</span>')
    html = esc(value)
    # Only words that no column can hold may be broken anywhere; others would be torn for want of width.
    long = max(map(len, str(value).split()), default=0) > LONG_WORD
    return Cell(f'<span class="brk">{html}</span>' if long else html, value)


def number_cell(value: float | None, shown: str | None = None) -> Cell:
    """A number; sorts by value. ``shown`` is HTML."""
    known = value is not None and math.isfinite(value)
    return Cell(
        shown if shown is not None else (count(value) if known else '<span class="none">–</span>'),
        value if known else None,
    )


def term(name: str, label: str) -> str:
    """A word that leads to its entry in the glossary."""
    return f'<a class="term" href="#g-{esc(name)}">{label}</a>'


def table(
    id: str,
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    sortable: bool = True,
    note: str = "",
    filter_label: str = "",
    whole: bool = False,
) -> str:
    """A table with a caption (HTML). Rows in the given order; long ones scroll in a frame and can be filtered.

    ``whole`` shows all rows without frame and filter.
    ``note`` (HTML) stands below, for instance how many rows are only in the file.
    """
    lines = list(rows)
    long = len(lines) > LONG and not whole
    head = "".join(_head(column, sortable and len(lines) > 1) for column in columns)
    body = "".join("<tr>" + "".join(map(_cell, row, columns)) + "</tr>" for row in lines)
    if not lines:
        body = f'<tr><td colspan="{len(columns)}" class="none">no rows</td></tr>'
    search = (
        f'<label class="filter"><span>{esc(filter_label or "Filter rows")}</span>'
        f'<input type="search" data-filter="{id}" autocomplete="off" spellcheck="false">'
        f'<output data-count="{id}" aria-live="polite">{count(len(lines))} rows</output></label>'
        if long
        else ""
    )
    frame = "frame long" if long else "frame"
    foot = f'<p class="note">{note}</p>' if note else ""
    return (
        f'<div class="tablebox" id="{id}-box">{search}<div class="{frame}" tabindex="0" role="region" '
        f'aria-labelledby="{id}-c"><table id="{id}"><caption id="{id}-c">{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{foot}</div>"
    )


def _head(column: Column, sortable: bool) -> str:
    cls = " ".join(filter(None, ("num" if column.numeric else "", column.cls)))
    label = f'<button type="button">{column.title}<span class="arrow" aria-hidden="true"></span></button>'
    if not sortable:
        label = f"<span>{column.title}</span>"
    what = f'<a class="what" href="#g-{column.term}" aria-label="what this is">?</a>' if column.term else ""
    sort = ' aria-sort="none"' if sortable else ""
    return f'<th scope="col" class="{cls}"{sort}><span class="head">{label}{what}</span></th>'


def _cell(cell: Cell, column: Column) -> str:
    cls = " ".join(filter(None, ("num" if column.numeric else "", column.cls)))
    style = f' class="{cls}"' if cls else ""
    value = "" if cell.value is None else f' data-v="{esc(cell.value)}"'
    return f"<td{style}{value}>{cell.html}</td>"
