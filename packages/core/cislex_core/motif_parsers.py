"""The four readers behind ``motif_files``: lines in, motifs out, errors that name file, line and value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from cislex_core.errors import Reason, UserError
from cislex_core.motifs import Motif

_KEY_VALUE = re.compile(r"([A-Za-z]+)=\s*(\S+)")
_LETTER_FREQUENCY = re.compile(r"([ACGTUacgtu])\s+([-+.\deE]+)")
_MEME_MOTIF = re.compile(r"MOTIF\s+(\S+)(?:\s+(.*))?$", re.IGNORECASE)
_TRANSFAC_HEADER = re.compile(r"P[0O]\s+([ACGTU])\s+([ACGTU])\s+([ACGTU])\s+([ACGTU])\b", re.IGNORECASE)
# Rounded tables sum to 0.99 or 1.02; anything beyond is a broken row or counts.
_SUM_TOLERANCE = 0.05


def detect_format(lines: Sequence[str], source: str) -> str:
    """``meme``, ``transfac``, ``homer`` or ``jaspar`` by content. Raises INVALID_MOTIF_FILE where none fits."""
    if any(line.upper().startswith("MEME VERSION") or "letter-probability matrix" in line.lower() for line in lines):
        return "meme"
    if any(_TRANSFAC_HEADER.match(line.strip()) for line in lines):
        return "transfac"
    for i, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            rows = _block_rows(lines, i + 1)
            return "homer" if rows and _is_position_major(rows, line) else "jaspar"
    first = next((line.strip() for line in lines if line.strip()), "")
    shown = f"it begins with {first[:60]!r}" if first else "it is empty"
    raise UserError(
        Reason.INVALID_MOTIF_FILE,
        f"{source} is no motif file that cislex knows: {shown}; give MEME, JASPAR, HOMER or TRANSFAC format",
        file=source,
        line=1,
        value=first[:60],
    )


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
            if int(_float(values.get("alength", "4"), source, i + 1)) != 4:
                _fail(source, i + 1, line.strip(), "the matrix is not over DNA (alength must be 4)")
            width = int(_float(values["w"], source, i + 1)) if "w" in values else None
            rows, i = _meme_rows(lines, i + 1, width, source)
            nsites = _float(values["nsites"], source, i) if "nsites" in values else 0.0
            evalue, log10_evalue = _evalue(values.get("e", "0"))
            ident = name or f"motif_{len(motifs) + 1}"
            motifs.append(
                Motif(ident, rows[:, _permutation(order)], alt, nsites, evalue, background, None, log10_evalue)
            )
            has_matrix = True
            continue
        i += 1
    if not has_matrix:
        _no_matrix(source, heading_line, name)
    return motifs


def parse_jaspar(lines: Sequence[str], source: str) -> list[Motif]:
    """JASPAR PFM with or without letters and brackets; a matrix written position by position is turned."""
    return _parse_fasta_like(lines, source, homer=False)


def parse_homer(lines: Sequence[str], source: str) -> list[Motif]:
    """HOMER ``.motif`` files; the id is the consensus after ``>``, the name the second tab-separated field."""
    return _parse_fasta_like(lines, source, homer=True)


def parse_transfac(lines: Sequence[str], source: str) -> list[Motif]:
    """TRANSFAC blocks (also JASPAR's); AC is the id, NA or ID the name; a missing last ``//`` is forgiven."""
    motifs: list[Motif] = []
    tags: dict[str, str] = {}
    rows: list[list[float]] = []
    numbers: list[int] = []
    order, first_line = "", 0

    def close() -> None:
        if order and not rows:
            _fail(source, first_line, "", "the block has a P0 line and no row of counts")
        if rows:
            matrix = np.array(rows)[:, _permutation(order)]
            ident = tags.get("AC") or tags.get("ID") or f"motif_{len(motifs) + 1}"
            motifs.append(_motif_of_any(ident, tags.get("NA") or tags.get("ID") or "", matrix, source, numbers))

    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        header = _TRANSFAC_HEADER.match(line)
        if line.startswith("//"):
            close()
            tags, rows, numbers, order = {}, [], [], ""
        elif header:
            order, first_line = "".join(header.groups()).upper().replace("U", "T"), number
        elif order and line[:1].isdigit():
            cells = line.split()
            if len(cells) < 5:
                _fail(source, number, line, "a row needs its position and four numbers")
            rows.append([_entry(cell, source, number) for cell in cells[1:5]])
            numbers.append(number)
        elif len(line) > 2 and line[:2].isalpha() and line[2:3].isspace():
            tags.setdefault(line[:2].upper(), line[2:].strip().split()[0] if line[2:].strip() else "")
    close()
    return motifs


PARSERS: dict[str, Callable[[Sequence[str], str], list[Motif]]] = {
    "meme": parse_meme,
    "jaspar": parse_jaspar,
    "homer": parse_homer,
    "transfac": parse_transfac,
}


def _parse_fasta_like(lines: Sequence[str], source: str, homer: bool) -> list[Motif]:
    motifs: list[Motif] = []
    i = 0
    while i < len(lines):
        heading = lines[i].strip()
        if not heading.startswith(">"):
            if heading and not heading.startswith("#"):
                _fail(source, i + 1, heading, "text stands before the first '>' line")
            i += 1
            continue
        block = _block_rows(lines, i + 1)
        if not block:
            _fail(source, i + 1, heading, "no matrix follows this heading")
        tabs = [part.strip() for part in heading[1:].split("\t")]
        position_major = homer or _is_position_major(block, heading)
        fields = tabs if position_major and len(tabs) > 1 else heading[1:].split(None, 1)
        ident = fields[0] if fields else f"motif_{len(motifs) + 1}"
        name = fields[1].strip() if len(fields) > 1 else ""
        matrix = _position_rows(block, source) if position_major else _letter_rows(block, source)
        motifs.append(_motif_of_any(ident, name, matrix, source, [n for n, _ in block]))
        i = block[-1][0]
    return motifs


def _block_rows(lines: Sequence[str], start: int) -> list[tuple[int, str]]:
    """(line number from 1, text) of the non-empty lines up to the next heading."""
    rows = []
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if line.startswith(">"):
            break
        if line and not line.startswith("#"):
            rows.append((number + 1, line))
    return rows


def _is_position_major(rows: list[tuple[int, str]], heading: str) -> bool:
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
        return all(abs(s - 1.0) <= _SUM_TOLERANCE for s in sums)
    return not (len(rows) == 4 and len(first.split()) != 4)


def _letter_rows(block: list[tuple[int, str]], source: str) -> npt.NDArray[np.float64]:
    """(w, 4) from four rows, one per base, in any order where letters lead them."""
    if len(block) != 4:
        _fail(
            source, block[0][0], block[0][1], f"a JASPAR matrix has four rows (A, C, G, T); this one has {len(block)}"
        )
    by_base: dict[str, list[float]] = {}
    for base, (number, text) in zip("ACGT", block, strict=True):
        cells = text.replace("[", " ").replace("]", " ").replace("|", " ").replace(":", " ").split()
        if cells and cells[0].isalpha() and len(cells[0]) == 1:
            base = cells.pop(0).upper().replace("U", "T")
        if base not in "ACGT" or base in by_base:
            _fail(source, number, text, f"the row of base {base!r} is unknown or given twice")
        by_base[base] = [_entry(cell, source, number) for cell in cells]
        if len(by_base[base]) != len(next(iter(by_base.values()))) or not cells:
            _fail(source, number, text, f"this row has {len(cells)} numbers, the first has "
                  f"{len(next(iter(by_base.values())))}")  # fmt: skip
    return np.array([by_base[base] for base in "ACGT"]).T


def _position_rows(block: list[tuple[int, str]], source: str) -> npt.NDArray[np.float64]:
    rows = []
    for number, text in block:
        cells = text.split()
        if len(cells) != 4:
            _fail(source, number, text, f"a row needs four numbers, this one has {len(cells)}")
        rows.append([_entry(cell, source, number) for cell in cells])
    return np.array(rows)


def _meme_alphabet(line: str, order: str, source: str, number: int) -> str:
    if "=" not in line:
        if '"DNA"' in line or '"RNA"' in line:
            return order
        if line.strip().upper() == "ALPHABET" or '"' in line:
            _fail(source, number, line.strip(), "a custom alphabet is not DNA")
        return order
    letters = line.split("=", 1)[1].split()
    text = "".join(letters).upper().replace("U", "T")
    if sorted(text) != list("ACGT"):
        _fail(source, number, text, "the alphabet is not DNA")
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
            _fail(source, i + 1, line, f"a row needs four numbers, this one has {len(cells)}")
        row = [_entry(cell, source, i + 1) for cell in cells]
        if sum(row) <= 0:
            _fail(source, i + 1, line, "the row sums to 0")
        rows.append(row)
        numbers.append(i + 1)
        i += 1
    if not rows or (width is not None and len(rows) < width):
        _fail(source, min(i + 1, len(lines)), "", f"the matrix has {len(rows)} rows where w= says {width}")
    return _probabilities(np.array(rows), source, numbers)[0], i


def _probabilities(
    matrix: npt.NDArray[np.float64], source: str, lines: Sequence[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64] | None]:
    """(probabilities, counts or None): rows near 1 are probabilities, rows all above 1.5 counts, a mixture is broken.

    ``lines``: the line number of each position, or of the matrix alone.
    """
    sums = matrix.sum(axis=1)
    if (np.abs(sums - 1.0) <= _SUM_TOLERANCE).all():
        return matrix / sums[:, None], None
    if not (sums > 1.5).all():
        wrong = np.abs(sums - 1.0) > _SUM_TOLERANCE if np.median(sums) <= 1.5 else sums <= 1.5
        bad = int(np.argmax(wrong))
        line = lines[bad] if len(lines) == len(matrix) else lines[0]
        problem = f"position {bad + 1} sums to {sums[bad]:g}: neither probabilities (1) nor counts"
        _fail(source, line, " ".join(f"{v:g}" for v in matrix[bad]), problem)
    return matrix / sums[:, None], matrix


def _motif_of_any(ident: str, name: str, matrix: npt.NDArray[np.float64], source: str, lines: Sequence[int]) -> Motif:
    probabilities, counts = _probabilities(matrix, source, lines)
    if counts is None:
        return Motif(id=ident, name=name, probabilities=probabilities)
    # Written with six digits, 158 sites come back as 158.0003.
    nsites = float(counts.sum(axis=1).max())
    nsites = float(round(nsites)) if abs(nsites - round(nsites)) < 0.01 else nsites
    return Motif.from_counts(ident, counts, name=name, nsites=nsites)


def _evalue(text: str) -> tuple[float, float | None]:
    """E and its log10; the log survives below 1e-308. An unreadable E counts as none."""
    match = re.fullmatch(r"([\d.]+)(?:[eE]([-+]?\d+))?", text)
    try:
        mantissa = float(match.group(1)) if match else 0.0
    except ValueError:
        mantissa = 0.0
    if not match or mantissa <= 0:
        return 0.0, None
    exponent = int(match.group(2) or 0)
    log10 = math.log10(mantissa) + exponent
    return (float(text) if log10 < 308 else math.inf), log10


def _permutation(order: str) -> list[int]:
    return [order.index(base) for base in "ACGT"]


def _looks_numeric(text: str) -> bool:
    return text[:1].isdigit() or (text[:1] in "+-." and text[1:2].isdigit()) or text.lower() in ("nan", "inf")


def _entry(text: str, source: str, line: int) -> float:
    value = _float(text, source, line)
    if not math.isfinite(value) or value < 0:
        _fail(source, line, text, "a matrix entry must be finite and not negative")
    return value


def _float(text: str, source: str, line: int) -> float:
    try:
        return float(text)
    except ValueError:
        _fail(source, line, text, "this is not a number")


def _no_matrix(source: str, line: int, name: str) -> NoReturn:
    _fail(source, line, name, "this motif has no letter-probability matrix")


def _fail(source: str, line: int, value: str, problem: str) -> NoReturn:
    shown = f" ({value[:80]!r})" if value else ""
    raise UserError(
        Reason.INVALID_MOTIF_FILE,
        f"{source}, line {line}{shown}: {problem}; correct the matrix or export the motif again in MEME format",
        file=source,
        line=line,
        value=value[:80],
    )
