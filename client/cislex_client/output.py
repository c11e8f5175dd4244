"""Results go to stdout as ``-o table|json|name``; everything else a person reads goes to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from cislex_client.exit_codes import CommandError


class Format(StrEnum):
    """How results are written: for people, for programs, or only the names (for ``$( )``)."""

    table = "table"
    json = "json"
    name = "name"


def stderr() -> Console:
    """A rich console on stderr; plain when stderr is no terminal. Made anew: tests swap sys.stderr."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str) -> None:
    """A line for people, on stderr, as it is (no markup)."""
    stderr().print(text, markup=False)


def emit_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Format, name_key: str = "name") -> None:
    """Write rows to stdout. ``columns`` chooses and orders what a table shows; JSON writes all keys."""
    if form is Format.json:
        sys.stdout.write(json.dumps([dict(row) for row in rows], indent=2, ensure_ascii=False) + "\n")
    elif form is Format.name:
        sys.stdout.writelines(f"{row[name_key]}\n" for row in rows)
    else:
        sys.stdout.write(plain_table(rows, columns))


def emit_object(value: Mapping[str, Any], form: Format, name_key: str = "name") -> None:
    """Write one object: indented JSON, its name, or ``key  value`` lines with nested values as compact JSON."""
    if form is Format.json:
        sys.stdout.write(json.dumps(dict(value), indent=2, ensure_ascii=False) + "\n")
    elif form is Format.name:
        sys.stdout.write(f"{value.get(name_key, '')}\n")
    else:
        sys.stdout.write(plain_object(value))


def plain_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Aligned columns under upper-case headers, two blanks apart, so that ``awk`` and eyes both read it."""
    cells = [[column.upper() for column in columns]]
    cells += [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join(lines) + "\n"


def plain_object(value: Mapping[str, Any]) -> str:
    """``key  value`` lines; a list of flat objects becomes an indented table."""
    width = max((len(key) for key in value), default=0)
    lines = []
    for key, item in value.items():
        if isinstance(item, list) and item and all(isinstance(entry, dict) for entry in item):
            lines.append(f"{key}:")
            columns = list(dict.fromkeys(column for entry in item for column in entry))
            lines += ["  " + line for line in plain_table(item, columns).splitlines()]
        else:
            lines.append(f"{key.ljust(width)}  {_cell(item)}".rstrip())
    return "\n".join(lines) + "\n"


def emit_error(error: CommandError, form: Format = Format.table) -> None:
    """Write an error to stderr: what, where, every field violation, remedy. With ``-o json`` as one JSON object."""
    if form is Format.json:
        value = {
            "error": error.message,
            "reason": error.reason,
            "where": error.where,
            "remedy": error.remedy,
            "violations": [{"field": name, "description": text} for name, text in error.violations],
            "metadata": error.metadata,
            "exit_code": error.code,
        }
        sys.stderr.write(json.dumps(value, ensure_ascii=False) + "\n")
        return
    from rich.markup import escape

    console = stderr()
    tag = f" [dim]({escape(error.reason)})[/dim]" if error.reason else ""
    console.print(f"[bold red]error:[/bold red] {escape(error.message)}{tag}")
    if error.where:
        console.print(f"  [dim]where:[/dim]  {escape(error.where)}")
    shown = [(name, text) for name, text in error.violations if text not in error.message]
    if shown:
        width = max(len(name) for name, _ in shown)
        for name, text in shown:
            console.print(f"  {escape(name.ljust(width))}  {escape(text)}")
    elif error.violations and not error.where:
        console.print(f"  [dim]field:[/dim]  {escape(error.violations[0][0])}")
    if error.remedy:
        console.print(f"  [dim]remedy:[/dim] {escape(error.remedy)}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def bytes_text(size: float) -> str:
    """``1.4 GB`` (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(size) < 1000 or unit == "TB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError


def duration_text(seconds: float) -> str:
    """``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60:02d} min"
