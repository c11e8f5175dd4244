"""What HOMER wrote, for comparison: knownResults.txt of findMotifs.pl, and the thresholds in its motif files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import Reason, UserError
from cislex_core.text_files import read_lines

_COLUMNS = {
    "name": "Motif Name",
    "consensus": "Consensus",
    "pvalue": "P-value",
    "log_pvalue": "Log P-value",
    "qvalue": "q-value (Benjamini)",
    "n_target": "# of Target Sequences with Motif",
    "pct_target": "% of Target Sequences with Motif",
    "n_background": "# of Background Sequences with Motif",
    "pct_background": "% of Background Sequences with Motif",
}
_TOTAL = re.compile(r"\(of (\d+)\)")


@dataclass(frozen=True)
class HomerKnownMotif:
    """One row of knownResults.txt. Percentages 0–100; ``log_pvalue`` is the natural logarithm, finite where p is 0."""

    name: str
    consensus: str
    pvalue: float
    log_pvalue: float
    qvalue: float
    n_target: float
    pct_target: float
    n_background: float
    pct_background: float
    n_target_total: int
    n_background_total: int


def read_known_results(path: Path) -> list[HomerKnownMotif]:
    """Rows of a knownResults.txt, in order. Raises FILE_NOT_FOUND, INVALID_TABLE (naming line and value).

    Columns are found by their names; the numbers of sequences are those in the header, "(of 385)". Log P-value is the
    natural logarithm.
    """
    lines = [line for _, line in read_lines(path, path.name)]
    header = lines[0].split("\t") if lines else []
    at = {key: _column(header, title, path) for key, title in _COLUMNS.items()}
    totals = [_TOTAL.search(header[at[key]]) for key in ("n_target", "n_background")]
    n_target_total, n_background_total = (int(m[1]) if m else 0 for m in totals)
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) < len(header):
            raise _invalid(path, number, line, f"has {len(cells)} columns, the header {len(header)}")
        values = {key: cells[i].strip() for key, i in at.items()}
        numbers = {
            key: _number(path, number, value) for key, value in values.items() if key not in ("name", "consensus")
        }
        rows.append(
            HomerKnownMotif(
                name=values["name"],
                consensus=values["consensus"],
                n_target_total=n_target_total,
                n_background_total=n_background_total,
                **numbers,
            )
        )
    return rows


def motif_thresholds(path: Path) -> list[float | None]:
    """Log-odds thresholds (natural logarithm) of a HOMER motif file, one per motif in file order; None without one.

    Other formats give an empty list: only HOMER's heading ``>consensus<TAB>name<TAB>threshold`` holds one.
    """
    found: list[float | None] = []
    for _, line in read_lines(path, path.name):
        if line.startswith(">"):
            fields = line.split("\t")
            try:
                value = float(fields[2])
            except (IndexError, ValueError):
                found.append(None)
            else:
                found.append(value if math.isfinite(value) else None)
    return found if any(value is not None for value in found) else []


def _column(header: list[str], title: str, path: Path) -> int:
    for i, cell in enumerate(header):
        # The numbers' headers go on with "(of 385)".
        if cell.strip() == title or cell.strip().startswith(title + "("):
            return i
    raise _invalid(path, 1, "\t".join(header)[:80], f"lacks the column {title!r} of HOMER's knownResults.txt")


def _number(path: Path, line: int, text: str) -> float:
    try:
        return float(text.rstrip("%"))
    except ValueError:
        raise _invalid(path, line, text, f"{text!r} is no number") from None


def _invalid(path: Path, line: int, value: str, problem: str) -> UserError:
    return UserError(Reason.INVALID_TABLE, f"{path}: line {line} {problem}", file=path, line=line, value=value[:80])
