"""Sequence logos as SVG: information-content logos of a matrix, and letters scaled by attribution.

A logo's letter heights are p · IC, with IC = 2 − H bits per position (Schneider & Stephens 1990); no small-sample
correction is subtracted, so that a matrix whose number of sites is unknown is drawn by the same rule.
"""

from __future__ import annotations

from html import escape

import numpy as np
import numpy.typing as npt

from cislex_client.report.glyphs import COLOURS, defs, use

LETTER = 0.94  # share of a column that its letter takes; the rest is the gap to the next
SMALLEST = 0.35  # px: letters lower than this are not drawn, they cannot be seen


def information_heights(matrix: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """(w, 4) heights in bits: p · (2 − H). ``matrix``: (w, 4) probabilities or counts, A C G T; rows need not sum to 1.

    A row of zeros is taken as flat (0 bits). Raises ValueError for another shape or negative or non-finite values.
    """
    values = np.array(matrix, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != 4 or len(values) == 0:
        raise ValueError(f"a logo needs a matrix of shape (width, 4), got {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("a logo's matrix must be finite and not negative")
    totals = values.sum(axis=1, keepdims=True)
    p = np.where(totals > 0, values / np.where(totals > 0, totals, 1.0), 0.25)
    bits = 2.0 + np.where(p > 0, p * np.log2(np.where(p > 0, p, 1.0)), 0.0).sum(axis=1, keepdims=True)
    return p * np.clip(bits, 0.0, 2.0)


def stacks(
    heights: npt.ArrayLike,
    x0: float,
    y0: float,
    column: float,
    unit: float,
    prefix: str = "nt-",
) -> str:
    """Letters of a (w, 4) array of heights: positive ones stacked upwards from y0, negative ones downwards.

    ``column``: px per position; ``unit``: px per unit of height; the largest letter of a stack is outermost.
    """
    out = []
    for i, row in enumerate(np.asarray(heights, dtype=np.float64)):
        up = down = y0
        for j in np.argsort(np.abs(row), kind="stable"):
            size = abs(row[j]) * unit
            if size < SMALLEST:
                continue
            x = x0 + column * (i + (1 - LETTER) / 2)
            if row[j] > 0:
                up -= size
                out.append(use("ACGT"[j], x, up, column * LETTER, size, prefix))
            else:
                out.append(use("ACGT"[j], x, down, column * LETTER, size, prefix))
                down += size
    return "".join(out)


def logo_svg(
    matrix: npt.ArrayLike,
    *,
    title: str = "",
    column_px: float = 22.0,
    height_px: float = 100.0,
    axes: bool = True,
) -> str:
    """A sequence logo as one standalone SVG document (valid XML, no fonts needed for the letters, white ground).

    ``matrix``: (w, 4) probabilities or counts in the order A C G T, for instance ``Motif.probabilities``. The vertical
    axis is information content, always 0–2 bits, so that logos can be compared by eye. ``title`` becomes the accessible
    name. Raises ValueError as ``information_heights``.
    """
    heights = information_heights(matrix)
    width = len(heights)
    left, top, bottom, right = (34.0, 8.0, 20.0, 8.0) if axes else (2.0, 2.0, 2.0, 2.0)
    total_w, total_h = left + width * column_px + right, top + height_px + bottom
    base = top + height_px
    name = escape(title or "sequence logo")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total_w:g} {total_h:g}" width="{total_w:g}" '
        f'height="{total_h:g}" role="img" aria-label="{name}"><title>{name}</title>',
        "<style>" + "".join(f".n{base_}{{fill:{colour}}}" for base_, colour in COLOURS.items()),
        "text{font:10px Arial,Helvetica,sans-serif;fill:#3c4043}line{stroke:#5f6368}</style>",
        f'<defs>{defs()}</defs><rect width="{total_w:g}" height="{total_h:g}" fill="#fff"/>',
    ]
    if axes:
        parts.append(f'<line x1="{left:g}" y1="{top:g}" x2="{left:g}" y2="{base:g}"/>')
        for bits in (0, 1, 2):
            y = base - bits * height_px / 2
            parts.append(f'<line x1="{left - 4:g}" y1="{y:g}" x2="{left:g}" y2="{y:g}"/>')
            parts.append(f'<text x="{left - 7:g}" y="{y + 3.5:g}" text-anchor="end">{bits}</text>')
        middle = top + height_px / 2
        parts.append(f'<text transform="translate(9 {middle:g}) rotate(-90)" text-anchor="middle">bits</text>')
        for i in range(width):
            x = left + column_px * (i + 0.5)
            parts.append(f'<text x="{x:g}" y="{base + 14:g}" text-anchor="middle">{i + 1}</text>')
    parts.append(stacks(heights, left, base, column_px, height_px / 2))
    parts.append("</svg>\n")
    return "".join(parts)
