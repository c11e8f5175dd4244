"""What runs, how far it is and how long it will take: on stderr, live on a terminal, one line a change elsewhere."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from cislex_client.output import duration_text, stderr

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cislex_client.operations import OperationView

_MARK = {
    "waiting": "[dim]·[/dim]", "running": "[cyan]▸[/cyan]", "succeeded": "[green]✓[/green]", "failed": "[red]✗[/red]",
    "skipped": "[yellow]–[/yellow]", "cancelled": "[yellow]■[/yellow]",
}  # fmt: skip


@dataclass
class Line:
    """One step on the display."""

    title: str
    status: str = "waiting"
    note: str = ""
    share: float | None = None
    eta_s: float | None = None
    started: float = 0.0
    seconds: float = 0.0
    warned: set[str] = field(default_factory=set)


class Display:
    """Progress of several steps. Use as a context manager; safe to use when stderr is no terminal or is closed."""

    def __init__(self, *, live: bool | None = None, quiet: bool = False) -> None:
        self.lines: dict[str, Line] = {}
        self._live_wanted = sys.stderr.isatty() if live is None else live
        self._quiet = quiet
        self._console = stderr()
        self._live: object | None = None

    def __enter__(self) -> Display:
        if self._live_wanted and not self._quiet:
            from rich.live import Live

            live = Live(get_renderable=self._render, console=self._console, refresh_per_second=4, transient=True)
            live.start()
            self._live = live
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()  # type: ignore[attr-defined]
            self._live = None

    def add(self, key: str, title: str) -> None:
        """Announce a step."""
        self.lines[key] = Line(title)

    def operation(self, key: str, view: OperationView) -> None:
        """Take over what an operation says of itself."""
        line = self.lines[key]
        if line.status == "waiting":
            line.status, line.started = "running", time.monotonic()
            if not view.done:
                self._print(f"▸ {line.title} …")
        line.share = view.done_share
        line.eta_s = view.eta_s
        line.note = view.text
        for reason, message in view.warnings:
            if message not in line.warned:
                line.warned.add(message)
                code = f" ({reason})" if reason else ""
                self._print(f"! {line.title}: {message}{code}", always=True)

    def finish(self, key: str, status: str, note: str = "") -> None:
        """A step came to its end: ``succeeded``, ``failed``, ``cancelled``, or ``skipped`` (then silent)."""
        line = self.lines[key]
        line.seconds = time.monotonic() - line.started if line.started else 0.0
        line.status, line.note, line.share, line.eta_s = status, note, None, None
        mark = {"succeeded": "✓", "failed": "✗", "cancelled": "■"}.get(status, "–")
        took = f"  {duration_text(line.seconds)}" if line.seconds >= 1 else ""
        if status != "skipped":
            self._print(f"{mark} {line.title}{f'  ({note})' if note else ''}{took}", always=True)

    def message(self, text: str) -> None:
        """A line above the steps."""
        self._print(text, always=True)

    def _print(self, text: str, always: bool = False) -> None:
        if not self._quiet and (always or self._live is None):
            self._console.print(text, markup=False)

    def _render(self) -> RenderableType:
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for line in self.lines.values():
            if line.status not in ("running", "waiting"):
                continue
            took = duration_text(time.monotonic() - line.started) if line.started else ""
            left = f"{duration_text(line.eta_s)} left" if line.eta_s else ""
            table.add_row(
                _MARK[line.status], line.title, _bar(line.share), took, left, f"[dim]{_short(line.note)}[/dim]"
            )
        return table


def _bar(share: float | None, width: int = 20) -> str:
    if share is None:
        return ""
    full = round(share * width)
    return f"[cyan]{'━' * full}[/cyan][dim]{'─' * (width - full)}[/dim] {share * 100:3.0f} %"


def _short(text: str, width: int = 60) -> str:
    from rich.markup import escape

    line = text.splitlines()[0] if text else ""
    return escape(line if len(line) <= width else line[: width - 1] + "…")
