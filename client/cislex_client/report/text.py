"""Numbers and lists as people read them. Everything that comes out is escaped HTML or plain ASCII-safe text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

THIN = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"


def esc(value: Any) -> str:
    """Escaped for HTML text and attributes; None becomes empty."""
    return "" if value is None else escape(str(value), quote=True)


def count(value: float | int | None) -> str:
    """``12,345``; an en dash where unknown."""
    return DASH if value is None or not math.isfinite(value) else f"{round(value):,}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """``1 cluster``, ``2 clusters``."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def fixed(value: float | None, digits: int = 3) -> str:
    """A number with a fixed number of decimals and a true minus sign; an en dash where unknown."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) != 0 else text.lstrip("-")


def percent(share: float | None, digits: int = 0) -> str:
    """A share 0–1 as ``37 %``."""
    return DASH if share is None or not math.isfinite(share) else f"{fixed(100 * share, digits)}{THIN}%"


def pvalue(value: float | None) -> str:
    """``0.032``, ``4.1 × 10⁻⁸`` as HTML; 0 is shown as below the smallest double; an en dash where unknown."""
    if value is None or not math.isfinite(value):
        return DASH
    if value <= 0:
        return "&lt;" + THIN + "10<sup>\u2212300</sup>"
    if value >= 0.001:
        return f"{value:.3f}" if value < 0.9995 else f"{value:.2g}" if value < 1000 else f"{value:.1e}"
    exponent = math.floor(math.log10(value))
    mantissa = value / 10.0**exponent if exponent > -300 else value * 1e300 / 10.0 ** (exponent + 300)
    if round(mantissa, 1) >= 10:
        mantissa, exponent = mantissa / 10, exponent + 1
    return f"{mantissa:.1f}{THIN}×{THIN}10<sup>\u2212{-exponent}</sup>"


def listing(items: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" {last} {items[-1]}"


def shorten(text: str, most: int) -> str:
    """At most that many characters, the middle replaced by an ellipsis."""
    if len(text) <= most:
        return text
    head = (most - 1 + 1) // 2
    return text[:head] + "…" + text[len(text) - (most - 1 - head) :]


def duration(seconds: float | None) -> str:
    """``42 s``, ``3 min 05 s``, ``2 h 10 min``; an en dash where unknown."""
    if seconds is None or not math.isfinite(seconds):
        return DASH
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60:02d} min"


def size(n_bytes: float | None) -> str:
    """``1.4 GB``, powers of 1000."""
    if n_bytes is None:
        return DASH
    value = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def interval(pair: Any, digits: int = 2) -> str:
    """``0.90–0.95`` from [lo, hi]; empty where there is none."""
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or any(v is None for v in pair):
        return ""
    return f"{fixed(float(pair[0]), digits)}{DASH}{fixed(float(pair[1]), digits)}"


def locus(chrom: Any, start: Any, end: Any, strand: Any = None) -> str:
    """``chr6:52,012,330–52,012,930`` as people write it (1-based, closed) from 0-based half-open numbers."""
    if chrom is None or start is None or end is None:
        return ""
    tail = f" ({strand})" if strand in ("+", "-") else ""
    return f"{chrom}:{int(start) + 1:,}{DASH}{int(end):,}{tail.replace('-', MINUS)}"
