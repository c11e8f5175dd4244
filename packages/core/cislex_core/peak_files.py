"""Read peaks as users have them: BED3–BED6+, narrowPeak, and CSV/TSV tables with named columns.

Coordinates are 0-based half-open as BED has them; a table may say ``coordinate_base=1`` (1-based, closed). Track,
browser and comment lines are skipped, CRLF and gzip are taken, and every bad row is reported with its line.
The summit is narrowPeak's column 10 (an offset from chromStart; −1 means none), a table's ``summit`` or
``summit_offset`` column, or the midpoint (start + end) // 2.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from cislex_core.errors import Reason
from cislex_core.input_limits import refuse_beyond
from cislex_core.intervals import PeakSet
from cislex_core.text_files import Problems, read_lines

_COLUMNS = {
    "chrom": ("chrom", "chr", "#chrom", "#chr", "chromosome", "seqnames", "seqname", "seqid", "contig"),
    "start": ("start", "chromstart", "chrom_start", "peak_start", "txstart"),
    "end": ("end", "stop", "chromend", "chrom_end", "peak_end", "txend"),
    "name": ("name", "peak_id", "peakid", "id", "peak_name", "region"),
    "strand": ("strand",),
    "summit": ("summit", "abs_summit", "summit_pos", "thick_start"),
    "summit_offset": ("summit_offset", "peak", "point_source"),
}
_ONE_BASED_HINTS = ("seqnames", "abs_summit")
_INT = re.compile(r"[+-]?\d+\Z")
#: No chromosome is a ten-thousandth as long; sums of such positions fit 64 bits.
LARGEST_POSITION = 1 << 40


@dataclass
class _Rows:
    """Growing columns: machine integers, not Python objects, so that a million rows stay small."""

    chrom: array[int] = field(default_factory=lambda: array("i"))
    start: array[int] = field(default_factory=lambda: array("q"))
    end: array[int] = field(default_factory=lambda: array("q"))
    summit: array[int] = field(default_factory=lambda: array("q"))
    strand: array[int] = field(default_factory=lambda: array("B"))
    line: array[int] = field(default_factory=lambda: array("q"))
    name: list[str | None] = field(default_factory=list)


class BadRowError(ValueError):
    """One row that cannot be read; the text says which value and why."""


def read_peaks(
    path: Path,
    problems: Problems,
    field_path: str = "",
    *,
    shown: str | None = None,
    coordinate_base: int = 0,
) -> PeakSet:
    """Read one file of peaks; bad rows go into ``problems`` under ``field_path`` (with line, value and remedy).

    ``shown``: the file's name in messages and in ``PeakSet.source``. Facts noted: format, rows, comment lines,
    whether it is sorted, summits found and missing. Raises only what ``read_lines`` raises.
    """
    name = shown or path.name
    rows = _Rows()
    contigs: dict[str, int] = {}
    facts: dict[str, object] = {"format": ""}
    n_summits = n_skipped = 0
    parse: Callable[[list[str]], tuple[str, int, int, int | None, str | None, str]] | None = None
    split: Callable[[str], list[str]] = str.split
    for number, line in read_lines(path, name):
        if not line.strip():
            continue
        if parse is None:
            split = _splitter(line, name)
            header = _header(split(line.lstrip("#")))
            if header is not None:
                facts["format"] = "table"
                if not _header_is_complete(header, problems, field_path, name, number):
                    break
                if coordinate_base == 0 and any(hint in line.lower() for hint in _ONE_BASED_HINTS):
                    facts["warning"] = (
                        f"{name} looks like a table of R or MACS, whose starts count from 1; it was read as 0-based. "
                        "Give coordinate_base 1 if that is wrong"
                    )
                parse = _table_parser(header, coordinate_base)
                continue
        if line.startswith(("#", "track", "browser")) and not _looks_like_row(split(line)):
            n_skipped += 1
            continue
        cells = split(line)
        if parse is None:
            facts["format"] = _bed_format(cells, name)
            parse = _narrow_peak_row if facts["format"] == "narrowPeak" else _bed_row
        try:
            chrom, start, end, summit, label, strand = parse(cells)
        except BadRowError as error:
            problems.add(Reason.INVALID_INTERVALS, field_path, f"{name} line {number}: {error}", file=name, line=number)
            continue
        rows.chrom.append(contigs.setdefault(chrom, len(contigs)))
        rows.start.append(start)
        rows.end.append(end)
        rows.summit.append((start + end) // 2 if summit is None else summit)
        rows.strand.append(ord(strand))
        rows.line.append(number)
        rows.name.append(label)
        n_summits += summit is not None
        if len(rows.line) & 0xFFFF == 0:
            refuse_beyond(len(rows.line), "intervals", name, "intervals")
    refuse_beyond(len(rows.line), "intervals", name, "intervals")
    facts |= {"n_skipped_lines": n_skipped, "n_summits": n_summits, "n_midpoints": len(rows.line) - n_summits}
    return _peak_set(name, rows, list(contigs), facts)


def _peak_set(name: str, rows: _Rows, contigs: list[str], facts: dict[str, object]) -> PeakSet:
    chrom = np.frombuffer(rows.chrom, dtype=np.int32) if rows.chrom else np.empty(0, np.int32)
    start = np.frombuffer(rows.start, dtype=np.int64) if rows.start else np.empty(0, np.int64)
    blocks = np.flatnonzero(np.diff(chrom)) + 1 if chrom.size else chrom
    one_block_each = np.unique(chrom).size == blocks.size + 1 if chrom.size else True
    ascending = bool(np.all((np.diff(start) >= 0) | (np.diff(chrom) != 0)))
    facts |= {"n_rows": len(rows.line), "is_sorted": bool(one_block_each and ascending), "n_contigs": len(contigs)}
    return PeakSet(
        source=name,
        contigs=contigs,
        chrom=chrom,
        start=start,
        end=np.array(rows.end, dtype=np.int64),
        summit=np.array(rows.summit, dtype=np.int64),
        name=pa.array(rows.name, pa.string()),
        strand=np.array(rows.strand, dtype=np.uint8),
        line=np.array(rows.line, dtype=np.int64),
        facts=facts,
    )


def _splitter(line: str, name: str) -> Callable[[str], list[str]]:
    if "\t" in line:
        return lambda text: text.split("\t")
    if "," in line and (".csv" in name.lower() or len(line.split()) < 3):
        return lambda text: [cell.strip().strip('"') for cell in text.split(",")]
    return str.split


def _header(cells: list[str]) -> dict[str, int] | None:
    """Column name → index where the line is a header: it names a chromosome column, or start and end."""
    lowered = [cell.strip().strip('"').lower() for cell in cells]
    found = {
        key: next(i for i, cell in enumerate(lowered) if cell in names)
        for key, names in _COLUMNS.items()
        if any(cell in names for cell in lowered)
    }
    numbers = sum(bool(_INT.match(cell)) for cell in lowered)
    if numbers or len(set(found) & {"chrom", "start", "end"}) < 2:
        return None
    return found


def _header_is_complete(header: dict[str, int], problems: Problems, field_path: str, name: str, number: int) -> bool:
    missing = [key for key in ("chrom", "start", "end") if key not in header]
    if missing:
        wanted = "; ".join(f"{key}: one of {', '.join(_COLUMNS[key][:5])}" for key in missing)
        problems.add(
            Reason.INVALID_TABLE,
            field_path,
            f"{name} line {number}: the table has no column for {', '.join(missing)} ({wanted}); rename the column",
            file=name,
            line=number,
        )
    return not missing


def _looks_like_row(cells: list[str]) -> bool:
    return len(cells) >= 3 and bool(_INT.match(cells[1].strip())) and bool(_INT.match(cells[2].strip()))


def _bed_format(cells: list[str], name: str) -> str:
    if ".narrowpeak" in name.lower() or (len(cells) == 10 and _is_number(cells[6]) and _INT.match(cells[9])):
        return "narrowPeak"
    return f"BED{len(cells)}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bed_row(cells: list[str]) -> tuple[str, int, int, int | None, str | None, str]:
    if cells[0].startswith(">"):
        raise BadRowError(
            f"{cells[0][:30]!r} begins a FASTA record, peaks are needed here; ready sequences are --wt-fasta"
        )
    if len(cells) < 3:
        raise BadRowError(
            f"{len(cells)} column(s) where BED has at least 3 (chrom, start, end, separated by tabs): "
            f"{' '.join(cells)[:60]!r}"
        )
    start, end = whole(cells[1], "start"), whole(cells[2], "end")
    check_bounds(start, end)
    strand = _strand(cells[5]) if len(cells) > 5 else "."
    return cells[0].strip(), start, end, None, cells[3] if len(cells) > 3 else None, strand


def _narrow_peak_row(cells: list[str]) -> tuple[str, int, int, int | None, str | None, str]:
    chrom, start, end, _, name, strand = _bed_row(cells)
    if len(cells) < 10 or cells[9].strip() in ("", "-1", "."):
        return chrom, start, end, None, name, strand
    offset = whole(cells[9], "summit offset (column 10)")
    if not 0 <= offset < end - start:
        raise BadRowError(
            f"summit offset {offset} (column 10) lies outside the peak of {end - start} bp; it counts from the start, "
            "-1 means none"
        )
    return chrom, start, end, start + offset, name, strand


def _table_parser(
    header: dict[str, int], base: int
) -> Callable[[list[str]], tuple[str, int, int, int | None, str | None, str]]:
    get = header.get
    needed = max(header.values())

    def parse(cells: list[str]) -> tuple[str, int, int, int | None, str | None, str]:
        if len(cells) <= needed:
            raise BadRowError(f"{len(cells)} cells where the header names {needed + 1} or more")
        start = whole(cells[header["start"]], "start") - base
        end = whole(cells[header["end"]], "end")
        check_bounds(start, end)
        summit = None
        if (at := get("summit")) is not None and cells[at].strip() not in ("", "NA", ".", "-1"):
            summit = whole(cells[at], "summit") - base
        elif (at := get("summit_offset")) is not None and cells[at].strip() not in ("", "NA", ".", "-1"):
            summit = start + whole(cells[at], "summit_offset")
        if summit is not None and not start <= summit < end:
            raise BadRowError(f"summit {summit} lies outside the peak {start}-{end}")
        strand = _strand(cells[header["strand"]]) if "strand" in header else "."
        name = cells[header["name"]].strip('"') if "name" in header else None
        return cells[header["chrom"]].strip().strip('"'), start, end, summit, name, strand

    return parse


def _strand(text: str) -> str:
    strand = text.strip().strip('"')
    return strand if strand in ("+", "-") else "."


def whole(text: str, column: str) -> int:
    """A whole number from a cell; R's 1e+05 counts. Raises BadRowError naming the column and the value."""
    value: float
    try:
        value = int(text)
    except ValueError:
        try:
            value = float(text.strip().strip('"'))
        except ValueError:
            value = math.nan
    if -LARGEST_POSITION <= value <= LARGEST_POSITION and value == int(value):
        return int(value)
    if abs(value) > LARGEST_POSITION:
        raise BadRowError(f"{column} is {text.strip()[:30]!r}, which is beyond any chromosome; correct the cell")
    raise BadRowError(
        f"{column} is {text.strip()[:30]!r}, which is no whole number. Correct the cell, or name the columns in "
        "a header line (chrom, start, end)"
    )


def check_bounds(start: int, end: int) -> None:
    """Raise BadRowError for a negative start or an empty or reversed interval."""
    if start < 0:
        raise BadRowError(f"start is {start}; positions count from 0 and are never negative. Correct or remove the row")
    if end <= start:
        raise BadRowError(
            f"end {end} is not greater than start {start}; BED intervals are 0-based and half-open. "
            "Swap the two, or remove the row"
        )
