"""Motif files: MEME, JASPAR, HOMER and TRANSFAC, read tolerantly and written strictly.

Reading accepts what tools in the field really write: a last motif without newline, motifs without a blank line
between them, gzip, CRLF, lower case, counts or probabilities, MEME's full text output as well as its minimal format.
What it does not accept is a matrix that says nothing certain: a row of other than four numbers, text, negative or
non-finite values, rows that are neither probabilities nor counts, fewer rows than announced. Then INVALID_MOTIF_FILE
names file, line and value.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import refuse_beyond
from cislex_core.motif_parsers import PARSERS, detect_format
from cislex_core.motifs import DEFAULT_NSITES, Motif
from cislex_core.text_files import open_input, truncated

MotifFormat = Literal["meme", "jaspar", "homer", "transfac"]


def read_motifs(path: str | Path, file_format: MotifFormat | Literal["auto"] = "auto") -> list[Motif]:
    """All motifs of a file, in order; ids are unique (a repeated id gets _2, _3, …).

    ``auto`` tells the format by content. Raises UserError: FILE_NOT_FOUND, FILE_TRUNCATED (gzip that ends too early),
    INVALID_MOTIF_FILE (unknown format, no motif, broken matrix; metadata file, line, value).
    """
    path = Path(path)
    return parse_motifs(_read_text(path), source=str(path), file_format=file_format)


def parse_motifs(text: str, source: str = "<text>", file_format: MotifFormat | Literal["auto"] = "auto") -> list[Motif]:
    """As ``read_motifs`` from text; ``source`` is the name that errors give."""
    lines = text.removeprefix("\ufeff").splitlines()
    chosen = detect_format(lines, source) if file_format == "auto" else file_format
    motifs = PARSERS[chosen](lines, source)
    refuse_beyond(len(motifs), "motifs", source, "motifs")
    if not motifs:
        raise UserError(
            Reason.INVALID_MOTIF_FILE,
            f"{source} holds no motif in {chosen} format; give a MEME, JASPAR, HOMER or TRANSFAC motif file",
            file=source,
        )
    return _unique(motifs)


def write_motifs(path: str | Path, motifs: Sequence[Motif], file_format: MotifFormat = "meme") -> None:
    """Write motifs in a format; see ``format_meme`` and the other formatters. ``.gz`` in the name compresses."""
    text = {"meme": format_meme, "jaspar": format_jaspar, "homer": format_homer, "transfac": format_transfac}[
        file_format
    ](motifs)
    path = Path(path)
    if path.suffix == ".gz":
        # mtime 0 and no name: equal motifs give equal bytes, and so equal digests.
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    else:
        path.write_text(text, encoding="utf-8", newline="\n")


def format_meme(motifs: Sequence[Motif], background: npt.ArrayLike | None = None, both_strands: bool = True) -> str:
    """MEME minimal format, version 4: ALPHABET, strands, background, and per motif w, nsites and E.

    ``background``: (4,), default the motifs' own where all agree, else 0.25 each. Unknown nsites are written as 20, the
    default of the MEME Suite. Raises ValueError for a repeated id or an id with white space.
    """
    _check_ids(motifs)
    freqs = _shared_background(motifs) if background is None else np.asarray(background, dtype=np.float64)
    out = ["MEME version 4", "", "ALPHABET= ACGT", "", f"strands: {'+ -' if both_strands else '+'}", ""]
    out += ["Background letter frequencies", " ".join(f"{b} {f:.6f}" for b, f in zip("ACGT", freqs, strict=True)), ""]
    for motif in motifs:
        name = "_".join(motif.name.split())
        out.append(f"MOTIF {motif.id} {name}".rstrip())
        out.append("")
        out.append(
            f"letter-probability matrix: alength= 4 w= {motif.width} "
            f"nsites= {_number(motif.nsites or DEFAULT_NSITES)} E= {format_evalue(motif)}"
        )
        out += [" " + " ".join(f"{v:.6f}" for v in row) for row in _rounded_rows(motif.probabilities)]
        out.append("")
    return "\n".join(out)


def format_jaspar(motifs: Sequence[Motif]) -> str:
    """JASPAR PFM: ``>id name`` and four bracketed rows of counts (integers where they are whole)."""
    _check_ids(motifs)
    out = []
    for motif in motifs:
        out.append(f">{motif.id}\t{motif.name or motif.id}")
        counts = motif.count_matrix()
        out += [f"{base}  [ {' '.join(_number(v) for v in counts[:, i])} ]" for i, base in enumerate("ACGT")]
    return "\n".join(out) + "\n"


def format_homer(motifs: Sequence[Motif]) -> str:
    """HOMER motif file: ``>consensus name threshold ln(p)`` and a row of four probabilities per position.

    The detection threshold is natural log odds against 0.25 at 80 % of the best score (HOMER requires one; ours
    is not optimised). ln(p) is 0: cislex keeps p elsewhere.
    """
    out = []
    for motif in motifs:
        scores = np.log(np.maximum(motif.probabilities, 0.001) / 0.25)
        threshold = 0.8 * float(scores.max(axis=1).sum())
        out.append(f">{motif.consensus()}\t{motif.id}\t{threshold:.6f}\t0")
        out += ["\t".join(f"{v:.6f}" for v in row) for row in _rounded_rows(motif.probabilities)]
    return "\n".join(out) + "\n"


def format_transfac(motifs: Sequence[Motif]) -> str:
    """TRANSFAC matrix blocks: AC, ID, P0 with counts and the consensus letter, closed by ``//``."""
    _check_ids(motifs)
    out = []
    for motif in motifs:
        out += [f"AC  {motif.id}", "XX", f"ID  {motif.name or motif.id}", "XX", "P0      A      C      G      T"]
        for i, (row, letter) in enumerate(zip(motif.count_matrix(), motif.consensus(), strict=True), start=1):
            out.append(f"{i:02d} " + " ".join(f"{_number(v):>6}" for v in row) + f"      {letter}")
        out += ["XX", "//"]
    return "\n".join(out) + "\n"


def format_evalue(motif: Motif) -> str:
    """E as text; numbers below 1e-308 come from ``log10_evalue`` (1.4e-902 is a real MEME answer)."""
    if motif.evalue == 0.0 and motif.log10_evalue is not None and math.isfinite(motif.log10_evalue):
        exponent = math.floor(motif.log10_evalue)
        mantissa = round(10.0 ** (motif.log10_evalue - exponent), 1)
        return f"{1.0 if mantissa >= 10 else mantissa:.1f}e{exponent + (mantissa >= 10):+04d}"
    return "0" if motif.evalue == 0.0 else f"{motif.evalue:.1e}"


def _read_text(path: Path) -> str:
    name = str(path)
    data = bytearray()
    try:
        with open_input(path, name) as handle:
            while part := handle.read(1 << 20):
                data += part
                refuse_beyond(len(data), "motif_bytes", name, "bytes")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise truncated(name, f"after {len(data):,} bytes", error) from None
    if b"\x00" in data[: 1 << 16]:
        raise UserError(
            Reason.INVALID_MOTIF_FILE,
            f"{name} is a binary file or an archive (tar, zip); give one MEME, JASPAR, HOMER or TRANSFAC motif file",
            file=name,
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unique(motifs: Iterable[Motif]) -> list[Motif]:
    """Motifs with ids made unique and free of white space."""
    seen: set[str] = set()
    out = []
    for motif in motifs:
        base = "_".join(motif.id.split()) or "motif"
        candidate, n = base, 1
        while candidate in seen:
            n += 1
            candidate = f"{base}_{n}"
        seen.add(candidate)
        out.append(motif if candidate == motif.id else motif.renamed(candidate))
    return out


def _check_ids(motifs: Sequence[Motif]) -> None:
    seen: set[str] = set()
    for motif in motifs:
        if not motif.id or len(motif.id.split()) != 1 or motif.id.split()[0] != motif.id:
            raise ValueError(f"motif id {motif.id!r} is empty or holds white space")
        if motif.id in seen:
            raise ValueError(f"motif id {motif.id!r} occurs twice")
        seen.add(motif.id)


def _shared_background(motifs: Sequence[Motif]) -> npt.NDArray[np.float64]:
    if motifs and all(np.allclose(m.background, motifs[0].background, atol=1e-6) for m in motifs):
        return motifs[0].background
    return np.full(4, 0.25)


def _rounded_rows(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Six decimals whose rows sum to exactly 1: what rounding lost goes to the largest entry."""
    rows = np.round(probabilities, 6)
    rows[np.arange(len(rows)), rows.argmax(axis=1)] += 1.0 - rows.sum(axis=1)
    return rows


def _number(value: float) -> str:
    return str(round(value)) if abs(value - round(value)) < 1e-9 else f"{value:.6g}"
