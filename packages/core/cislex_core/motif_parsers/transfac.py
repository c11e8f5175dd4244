"""The reader of TRANSFAC's format."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from cislex_core.motif_parsers.matrices import entry, fail, motif_of_any, permutation
from cislex_core.motifs import Motif

HEADER = re.compile(r"P[0O]\s+([ACGTU])\s+([ACGTU])\s+([ACGTU])\s+([ACGTU])\b", re.IGNORECASE)


def parse_transfac(lines: Sequence[str], source: str) -> list[Motif]:
    """TRANSFAC blocks (also JASPAR's); AC is the id, NA or ID the name; a missing last ``//`` is forgiven."""
    motifs: list[Motif] = []
    tags: dict[str, str] = {}
    rows: list[list[float]] = []
    numbers: list[int] = []
    order, first_line = "", 0

    def close() -> None:
        if order and not rows:
            fail(source, first_line, "", "the block has a P0 line and no row of counts")
        if rows:
            matrix = np.array(rows)[:, permutation(order)]
            ident = tags.get("AC") or tags.get("ID") or f"motif_{len(motifs) + 1}"
            motifs.append(motif_of_any(ident, tags.get("NA") or tags.get("ID") or "", matrix, source, numbers))

    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        header = HEADER.match(line)
        if line.startswith("//"):
            close()
            tags, rows, numbers, order = {}, [], [], ""
        elif header:
            order, first_line = "".join(header.groups()).upper().replace("U", "T"), number
            if sorted(order) != list("ACGT"):
                fail(source, number, line, "the columns must be A, C, G and T, each once")
        elif order and line[:1].isdigit():
            cells = line.split()
            if len(cells) < 5:
                fail(source, number, line, "a row needs its position and four numbers")
            rows.append([entry(cell, source, number) for cell in cells[1:5]])
            numbers.append(number)
        elif len(line) > 2 and line[:2].isalpha() and line[2:3].isspace():
            tags.setdefault(line[:2].upper(), line[2:].strip().split()[0] if line[2:].strip() else "")
    close()
    return motifs
