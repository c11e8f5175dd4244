"""The reader of MEME's format, minimal or full text output."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from cislex_core.motif_parsers.matrices import entry, fail, permutation, probabilities_of
from cislex_core.motifs import Motif

_KEY_VALUE = re.compile(r"([A-Za-z]+)=\s*(\S+)")
_LETTER_FREQUENCY = re.compile(r"([ACGTUacgtu])\s+([-+.\deE]+)")
_MEME_MOTIF = re.compile(r"MOTIF\s+(\S+)(?:\s+(.*))?$", re.IGNORECASE)


def parse_meme(lines: Sequence[str], source: str) -> list[Motif]:
    """MEME minimal format and the text output of meme, streme and dreme."""
    order, background = "ACGT", np.full(4, 0.25)
    motifs: list[Motif] = []
    name, alt, heading_line, has_matrix = "", "", 0, True
    i = 0
    while i < len(lines):
        line = lines[i].rstrip()
        lower = line.lower()
        motif_line = _MEME_MOTIF.match(line)
        if lower.startswith("alphabet"):
            order = _meme_alphabet(line, order, source, i + 1)
        elif lower.startswith("background letter frequencies"):
            background = _meme_background(lines, i + 1, background)
        elif motif_line and "letter-probability" not in lower:
            if not has_matrix:
                _no_matrix(source, heading_line, name)
            rest = (motif_line.group(2) or "").split("width =")[0].split()
            name, alt = motif_line.group(1), rest[0] if rest else ""
            heading_line, has_matrix = i + 1, False
        elif "letter-probability matrix" in lower:
            values = {k.lower(): v for k, v in _KEY_VALUE.findall(line)}
            if entry(values.get("alength", "4"), source, i + 1) != 4:
                fail(source, i + 1, line.strip(), "the matrix is not over DNA (alength must be 4)")
            width = int(entry(values["w"], source, i + 1)) if "w" in values else None
            rows, i = _meme_rows(lines, i + 1, width, source)
            nsites = entry(values["nsites"], source, i) if "nsites" in values else 0.0
            evalue, log10_evalue = _evalue(values.get("e", "0"))
            ident = name or f"motif_{len(motifs) + 1}"
            motifs.append(
                Motif(ident, rows[:, permutation(order)], alt, nsites, evalue, background, None, log10_evalue)
            )
            has_matrix = True
            continue
        i += 1
    if not has_matrix:
        _no_matrix(source, heading_line, name)
    return motifs


def _meme_alphabet(line: str, order: str, source: str, number: int) -> str:
    if "=" not in line:
        if '"DNA"' in line or '"RNA"' in line:
            return order
        if line.strip().upper() == "ALPHABET" or '"' in line:
            fail(source, number, line.strip(), "a custom alphabet is not DNA")
        return order
    letters = line.split("=", 1)[1].split()
    text = "".join(letters).upper().replace("U", "T")
    if sorted(text) != list("ACGT"):
        fail(source, number, text, "the alphabet is not DNA")
    return text


def _meme_background(lines: Sequence[str], start: int, default: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    found: dict[str, float] = {}
    for line in lines[start : start + 8]:
        if len(found) == 4 or (found and not line.strip()):
            break
        for letter, value in _LETTER_FREQUENCY.findall(line):
            try:
                found[letter.upper().replace("U", "T")] = float(value)
            except ValueError:
                return default
    if len(found) != 4 or min(found.values()) <= 0:
        return default
    freqs = np.array([found[base] for base in "ACGT"])
    return freqs / freqs.sum()


def _meme_rows(lines: Sequence[str], start: int, width: int | None, source: str) -> tuple[npt.NDArray[np.float64], int]:
    """Rows of one matrix and the index of the first line after it."""
    rows: list[list[float]] = []
    numbers: list[int] = []
    i = start
    while i < len(lines) and (width is None or len(rows) < width):
        line = lines[i].strip()
        if not line:
            if rows and width is None:
                break
            i += 1
            continue
        cells = line.split()
        if not _looks_numeric(cells[0]) and (
            width is None or _MEME_MOTIF.match(line) or line.startswith(("-", "URL", "*"))
        ):
            break
        if len(cells) != 4:
            fail(source, i + 1, line, f"a row needs four numbers, this one has {len(cells)}")
        row = [entry(cell, source, i + 1) for cell in cells]
        if sum(row) <= 0:
            fail(source, i + 1, line, "the row sums to 0")
        rows.append(row)
        numbers.append(i + 1)
        i += 1
    if not rows or (width is not None and len(rows) < width):
        fail(source, min(i + 1, len(lines)), "", f"the matrix has {len(rows)} rows where w= says {width}")
    return probabilities_of(np.array(rows), source, numbers)[0], i


def _evalue(text: str) -> tuple[float, float | None]:
    """E and its log10; the log survives below 1e-308. An unreadable E counts as none."""
    match = re.fullmatch(r"([\d.]+)(?:[eE]([-+]?[0-9]{1,7}))?", text)
    try:
        mantissa = float(match.group(1)) if match else 0.0
    except ValueError:
        mantissa = 0.0
    if not match or mantissa <= 0:
        return 0.0, None
    exponent = int(match.group(2) or 0)
    log10 = math.log10(mantissa) + exponent
    return (float(text) if log10 < 308 else math.inf), log10


def _looks_numeric(text: str) -> bool:
    return text[:1].isdigit() or (text[:1] in "+-." and text[1:2].isdigit()) or text.lower() in ("nan", "inf")


def _no_matrix(source: str, line: int, name: str) -> NoReturn:
    fail(source, line, name, "this motif has no letter-probability matrix")
