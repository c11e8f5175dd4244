"""The readers of JASPAR's and HOMER's formats: a line with ``>``, then a matrix. Each is often called the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cislex_core.motif_parsers.matrices import SUM_TOLERANCE, entry, fail, motif_of_any
from cislex_core.motifs import Motif


def parse_jaspar(lines: Sequence[str], source: str) -> list[Motif]:
    """JASPAR PFM with or without letters and brackets; a matrix written position by position is turned."""
    return _parse_fasta_like(lines, source, homer=False)


def parse_homer(lines: Sequence[str], source: str) -> list[Motif]:
    """HOMER ``.motif`` files; the id is the consensus after ``>``, the name the second tab-separated field."""
    return _parse_fasta_like(lines, source, homer=True)


def _parse_fasta_like(lines: Sequence[str], source: str, homer: bool) -> list[Motif]:
    motifs: list[Motif] = []
    i = 0
    while i < len(lines):
        heading = lines[i].strip()
        if not heading.startswith(">"):
            if heading and not heading.startswith("#"):
                fail(source, i + 1, heading, "text stands before the first '>' line")
            i += 1
            continue
        block = block_rows(lines, i + 1)
        if not block:
            fail(source, i + 1, heading, "no matrix follows this heading")
        tabs = [part.strip() for part in heading[1:].split("\t")]
        position_major = homer or is_position_major(block, heading)
        fields = tabs if position_major and len(tabs) > 1 else heading[1:].split(None, 1)
        ident = fields[0] if fields else f"motif_{len(motifs) + 1}"
        name = fields[1].strip() if len(fields) > 1 else ""
        matrix = _position_rows(block, source) if position_major else _letter_rows(block, source)
        motifs.append(motif_of_any(ident, name, matrix, source, [n for n, _ in block]))
        i = block[-1][0]
    return motifs


def block_rows(lines: Sequence[str], start: int) -> list[tuple[int, str]]:
    """(line number from 1, text) of the non-empty lines up to the next heading."""
    rows = []
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if line.startswith(">"):
            break
        if line and not line.startswith("#"):
            rows.append((number + 1, line))
    return rows


def is_position_major(rows: list[tuple[int, str]], heading: str) -> bool:
    """True for one row per position (HOMER), False for one row per base (JASPAR)."""
    first = rows[0][1]
    if first[:1].isalpha() or "[" in first:
        return False
    if len(rows) == 4 and len(first.split()) == 4:
        # Four by four without letters: HOMER's rows are probabilities, JASPAR's rows hold one base each.
        try:
            sums = [sum(float(cell) for cell in text.split()) for _, text in rows]
        except ValueError:
            return "\t" in heading
        return all(abs(s - 1.0) <= SUM_TOLERANCE for s in sums)
    return not (len(rows) == 4 and len(first.split()) != 4)


def _letter_rows(block: list[tuple[int, str]], source: str) -> npt.NDArray[np.float64]:
    """(w, 4) from four rows, one per base, in any order where letters lead them."""
    if len(block) != 4:
        fail(source, block[0][0], block[0][1], f"a JASPAR matrix has four rows (A, C, G, T); this one has {len(block)}")
    by_base: dict[str, list[float]] = {}
    for base, (number, text) in zip("ACGT", block, strict=True):
        cells = text.replace("[", " ").replace("]", " ").replace("|", " ").replace(":", " ").split()
        if cells and cells[0].isalpha() and len(cells[0]) == 1:
            base = cells.pop(0).upper().replace("U", "T")
        if base not in "ACGT" or base in by_base:
            fail(source, number, text, f"the row of base {base!r} is unknown or given twice")
        by_base[base] = [entry(cell, source, number) for cell in cells]
        if len(by_base[base]) != len(next(iter(by_base.values()))) or not cells:
            fail(source, number, text, f"this row has {len(cells)} numbers, the first has "
                  f"{len(next(iter(by_base.values())))}")  # fmt: skip
    return np.array([by_base[base] for base in "ACGT"]).T


def _position_rows(block: list[tuple[int, str]], source: str) -> npt.NDArray[np.float64]:
    rows = []
    for number, text in block:
        cells = text.split()
        if len(cells) != 4:
            fail(source, number, text, f"a row needs four numbers, this one has {len(cells)}")
        rows.append([entry(cell, source, number) for cell in cells])
    return np.array(rows)
