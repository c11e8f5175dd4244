"""Run the benchmarks and print one table; ``--write`` puts it into docs/benchmarks.md with machine and date.

Each module ``bench_<room>.py`` lists functions in ``BENCHMARKS``; a function answers rows
``{name, ours, theirs, unit, ratio, bar}``: ``ours`` and ``theirs`` in ``unit``, ``ratio`` as the bar means it
(``bar`` is text such as ">= 5x" or "< 1.5 GB"; ``met`` is computed by the function that knows what it means).
Usage: ``python -m benchmarks [--only NAME ...] [--write]``.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import os
import pkgutil
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
Row = dict[str, Any]


def discover() -> dict[str, Callable[[], list[Row]]]:
    """Every function named in a module's ``BENCHMARKS``, as ``room.function``."""
    found: dict[str, Callable[[], list[Row]]] = {}
    for info in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if info.name.startswith("bench_"):
            module = importlib.import_module(f"benchmarks.{info.name}")
            for function in module.BENCHMARKS:
                found[f"{info.name.removeprefix('bench_')}.{function.__name__}"] = function
    return found


def machine() -> str:
    """The machine in one line: processor, cores, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def table(rows: list[Row]) -> str:
    """Markdown table of the rows."""
    lines = ["| what | cislex | other | unit | ratio | bar | met |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        figures = [_figure(row.get(key)) for key in ("ours", "theirs")]
        ratio = f"{row['ratio']:.2f}×" if isinstance(row.get("ratio"), (int, float)) else "–"
        met = {True: "yes", False: "**no**", None: "–"}[row.get("met")]
        cells = [row["name"], *figures, row["unit"], ratio, row.get("bar") or "–", met]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _figure(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", nargs="*", default=[], help="names or their beginnings, e.g. encoder")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    rows: list[Row] = []
    failed = 0
    for name, function in sorted(discover().items()):
        if arguments.only and not any(name.startswith(prefix) for prefix in arguments.only):
            continue
        started = time.perf_counter()
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            rows += function()
        except FileNotFoundError as error:
            print(f"  skipped: {error}", file=sys.stderr)
        except Exception as error:  # one benchmark that breaks must not hide the others; the exit code says so
            failed += 1
            print(f"  FAILED: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"  {time.perf_counter() - started:.0f} s", file=sys.stderr)
    text = table(rows)
    print(text)
    if arguments.write and failed:
        print("docs/benchmarks.md stays as it was: not every benchmark ran", file=sys.stderr)
    elif arguments.write:
        head = DOCS.read_text().split("<!-- table -->")[0]
        stamp = f"{datetime.date.today().isoformat()}, {machine()}."
        DOCS.write_text(f"{head}<!-- table -->\n\nMeasured {stamp}\n\n{text}\n")
    return 1 if failed or any(row.get("met") is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
