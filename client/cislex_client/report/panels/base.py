"""What every panel is made of: a section, its figures, notes on what is missing, and legends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cislex_client.report.text import esc


@dataclass(frozen=True)
class Section:
    """One panel: its anchor, its heading, a shorter name for the navigation, and its HTML."""

    id: str
    title: str
    nav: str
    html: str


def figure(id: str, drawing: str, caption: str, *, wide: bool = False, legend: str = "") -> str:
    """A figure with a caption (HTML). ``wide`` drawings scroll sideways on narrow screens instead of shrinking."""
    frame = (
        f'<div class="scroll" tabindex="0" role="group" aria-labelledby="{id}-c">{drawing}</div>' if wide else drawing
    )
    cls = "fig wide" if wide else "fig"
    return f'<figure id="{id}" class="{cls}">{legend}{frame}<figcaption id="{id}-c">{caption}</figcaption></figure>'


def grid(figures: Iterable[str]) -> str:
    """Figures side by side where there is room."""
    return f'<div class="figgrid">{"".join(figures)}</div>'


def legend(entries: Sequence[tuple[str, str]]) -> str:
    """A legend: (swatch class, label as plain text)."""
    items = "".join(
        f'<li><span class="swatch {cls}" aria-hidden="true"></span>{esc(label)}</li>' for cls, label in entries
    )
    return f'<ul class="legend">{items}</ul>'


def missing(id: str, what: str, why: str) -> str:
    """In place of a figure: what is not shown and why. Keeps the figure's id so that links stay whole."""
    return f'<div id="{esc(id)}" class="missing" role="note"><strong>{esc(what)} not shown.</strong> {esc(why)}</div>'


def callout(html: str, kind: str = "info") -> str:
    """A paragraph that must not be overlooked: kind info, warn or good."""
    return f'<div class="callout {kind}">{html}</div>'


def side_tag(side: str) -> str:
    """A small mark with the class's colour and its name."""
    if side in ("WT", "KO"):
        return f'<span class="tag {side.lower()}">{side}</span>'
    return '<span class="tag both">both</span>' if side == "both" else '<span class="none">–</span>'


def details(summary: str, html: str, open_: bool = False) -> str:
    """A part that can be folded; printing unfolds it."""
    return f"<details{' open' if open_ else ''}><summary>{summary}</summary>{html}</details>"
