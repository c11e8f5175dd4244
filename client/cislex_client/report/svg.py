"""Small pieces of SVG for hand-made plots: scales, ticks, axes and marks. Colours come from CSS classes only."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cislex_client.report.text import esc


def num(value: float) -> str:
    """A coordinate with at most two decimals."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def nice_ticks(lo: float, hi: float, about: int = 5) -> list[float]:
    """Round numbers within [lo, hi], about that many. One number where lo = hi."""
    if not (math.isfinite(lo) and math.isfinite(hi)) or hi <= lo:
        return [lo] if math.isfinite(lo) else []
    raw = (hi - lo) / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(lo / step - 1e-9)
    last = math.floor(hi / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def tick_text(value: float) -> str:
    """A tick's label without needless zeros, with a true minus sign."""
    return f"{value:g}".replace("-", "\u2212") if abs(value) < 1e6 else f"{value:,.0f}"


def text(
    x: float, y: float, content: str, anchor: str = "start", cls: str = "", rotate: float = 0.0, title: str = ""
) -> str:
    """A text element; ``content`` is escaped. ``title`` is the full text of a shortened label."""
    turn = f' transform="rotate({num(rotate)} {num(x)} {num(y)})"' if rotate else ""
    style = f' class="{cls}"' if cls else ""
    tip = f"<title>{esc(title)}</title>" if title and title != content else ""
    return f'<text x="{num(x)}" y="{num(y)}" text-anchor="{anchor}"{style}{turn}>{tip}{esc(content)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, cls: str = "grid") -> str:
    """A straight line."""
    return f'<line x1="{num(x1)}" y1="{num(y1)}" x2="{num(x2)}" y2="{num(y2)}" class="{cls}"/>'


def rect(x: float, y: float, w: float, h: float, cls: str = "", radius: float = 0.0, title: str = "") -> str:
    """A rectangle; negative sizes are drawn as nothing."""
    tip = f"<title>{esc(title)}</title>" if title else ""
    round_ = f' rx="{num(radius)}"' if radius else ""
    return (
        f'<rect x="{num(x)}" y="{num(y)}" width="{num(max(0.0, w))}" height="{num(max(0.0, h))}"{round_} '
        f'class="{cls}">{tip}</rect>'
    )


def polyline(xs: Iterable[float], ys: Iterable[float], cls: str) -> str:
    """A line through points; points that are not finite break it."""
    out, pen_down = [], False
    for x, y in zip(xs, ys, strict=True):
        if not (math.isfinite(x) and math.isfinite(y)):
            pen_down = False
            continue
        out.append(f"{'L' if pen_down else 'M'}{num(x)} {num(y)}")
        pen_down = True
    return f'<path d="{"".join(out)}" class="{cls}"/>' if out else ""


def document(
    id: str, width: float, height: float, body: str, title: str, description: str = "", cls: str = "plot"
) -> str:
    """The ``<svg>`` with role img, a title and a description that a screen reader reads."""
    labelled = f"{id}-t" + (f" {id}-d" if description else "")
    desc = f'<desc id="{id}-d">{esc(description)}</desc>' if description else ""
    return (
        f'<svg class="{cls}" viewBox="0 0 {num(width)} {num(height)}" width="{num(width)}" height="{num(height)}" '
        f'role="img" aria-labelledby="{labelled}"><title id="{id}-t">{esc(title)}</title>{desc}{body}</svg>'
    )


@dataclass
class Plot:
    """A rectangle with linear axes; ``x`` and ``y`` are the data ranges. Marks are collected in ``body``."""

    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    left: float = 46.0
    right: float = 12.0
    top: float = 12.0
    bottom: float = 40.0
    body: list[str] = field(default_factory=list)

    def px(self, value: float) -> float:
        """Data x → px."""
        lo, hi = self.x
        return self.left + (value - lo) / ((hi - lo) or 1.0) * (self.width - self.left - self.right)

    def py(self, value: float) -> float:
        """Data y → px."""
        lo, hi = self.y
        return self.height - self.bottom - (value - lo) / ((hi - lo) or 1.0) * (self.height - self.top - self.bottom)

    def axes(
        self,
        x_label: str = "",
        y_label: str = "",
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
        x_text: Callable[[float], str] = tick_text,
        y_text: Callable[[float], str] = tick_text,
    ) -> Plot:
        """Grid lines, tick labels and axis titles."""
        bottom, right = self.height - self.bottom, self.width - self.right
        for value in nice_ticks(*self.y) if y_ticks is None else y_ticks:
            y = self.py(value)
            self.body += [line(self.left, y, right, y), text(self.left - 7, y + 3.6, y_text(value), "end", "tick")]
        for value in nice_ticks(*self.x) if x_ticks is None else x_ticks:
            x = self.px(value)
            self.body += [line(x, bottom, x, bottom + 4, "axis"), text(x, bottom + 16, x_text(value), "middle", "tick")]
        self.body.append(line(self.left, bottom, right, bottom, "axis"))
        if x_label:
            self.body.append(text((self.left + right) / 2, self.height - 5, x_label, "middle", "label"))
        if y_label:
            middle = (self.top + bottom) / 2
            self.body.append(text(12, middle, y_label, "middle", "label", rotate=-90))
        return self

    def curve(self, xs: Sequence[float] | np.ndarray, ys: Sequence[float] | np.ndarray, cls: str) -> Plot:
        """A line through data points."""
        self.body.append(polyline((self.px(float(v)) for v in xs), (self.py(float(v)) for v in ys), cls))
        return self

    def dot(self, x: float, y: float, cls: str, radius: float = 3.5, title: str = "") -> Plot:
        """A dot at a data point."""
        if math.isfinite(x) and math.isfinite(y):
            tip = f"<title>{esc(title)}</title>" if title else ""
            self.body.append(
                f'<circle cx="{num(self.px(x))}" cy="{num(self.py(y))}" r="{num(radius)}" class="{cls}">{tip}</circle>'
            )
        return self

    def svg(self, id: str, title: str, description: str = "", cls: str = "plot") -> str:
        """The finished drawing."""
        return document(id, self.width, self.height, "".join(self.body), title, description, cls)


def thin(xs: Sequence[float], ys: Sequence[float], most: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """At most that many points of a monotone step curve, ends kept: what a plot of that size can show."""
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    n = min(len(x), len(y))
    x, y = x[:n], y[:n]
    if n <= most:
        return x, y
    keep = np.unique(np.round(np.linspace(0, n - 1, most)).astype(int))
    return x[keep], y[keep]
