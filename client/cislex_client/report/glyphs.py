"""Outlines of the letters A, C, G, T and N for sequence logos: shapes drawn here, so no font is needed.

Each outline fills the square 0 ≤ x ≤ 100, 0 ≤ y ≤ 100 (y downwards) from edge to edge, so that a letter stretched to
a width and a height has exactly that width and height. Counters (the hole of the A) use the even-odd rule.
"""

from __future__ import annotations

LETTERS = "ACGTN"

OUTLINES: dict[str, str] = {
    "A": "M0 100L36 0H64L100 100H77.5L70.2 78.5H29.8L22.5 100ZM35.4 61.5H64.6L50 17.5Z",
    "C": "M99.1 28.9A52 50 0 1 0 99.1 71.1L77.6 66.3A30 33 0 1 1 77.6 33.7Z",
    "G": "M99.1 28.9A52 50 0 1 0 100 69.2V47H53V63H78V66.5A30 33 0 1 1 77.6 33.7Z",
    "T": "M0 0H100V18H61.5V100H38.5V18H0Z",
    "N": "M0 100V0H24L77 67V0H100V100H76L23 33V100Z",
}

# Green, blue, orange, red as logos have them, darkened until each has contrast ≥ 3 : 1 on white.
COLOURS = {"A": "#188038", "C": "#1f5fc4", "G": "#c96a00", "T": "#c5221f", "N": "#6b7280"}


def defs(prefix: str = "nt-") -> str:
    """``<path>`` elements with ids ``<prefix>A`` …, to be placed once inside a ``<defs>``."""
    return "".join(f'<path id="{prefix}{letter}" fill-rule="evenodd" d="{path}"/>' for letter, path in OUTLINES.items())


def use(letter: str, x: float, y: float, width: float, height: float, prefix: str = "nt-") -> str:
    """One letter stretched to the box with upper left corner (x, y): a ``<use>`` of the shared outline."""
    matrix = f"matrix({_n(width / 100)} 0 0 {_n(height / 100)} {_n(x)} {_n(y)})"
    return f'<use href="#{prefix}{letter}" class="n{letter}" transform="{matrix}"/>'


def _n(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
