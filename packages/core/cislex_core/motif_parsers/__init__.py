"""The four readers behind ``motif_files``: lines in, motifs out, errors that name file, line and value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cislex_core.errors import Reason, UserError
from cislex_core.motif_parsers.headed import block_rows, is_position_major, parse_homer, parse_jaspar
from cislex_core.motif_parsers.meme import parse_meme
from cislex_core.motif_parsers.transfac import HEADER, parse_transfac
from cislex_core.motifs import Motif

PARSERS: dict[str, Callable[[Sequence[str], str], list[Motif]]] = {
    "meme": parse_meme,
    "jaspar": parse_jaspar,
    "homer": parse_homer,
    "transfac": parse_transfac,
}


def detect_format(lines: Sequence[str], source: str) -> str:
    """``meme``, ``transfac``, ``homer`` or ``jaspar`` by content. Raises INVALID_MOTIF_FILE where none fits."""
    if any(line.upper().startswith("MEME VERSION") or "letter-probability matrix" in line.lower() for line in lines):
        return "meme"
    if any(HEADER.match(line.strip()) for line in lines):
        return "transfac"
    for i, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            rows = block_rows(lines, i + 1)
            return "homer" if rows and is_position_major(rows, line) else "jaspar"
    first = next((line.strip() for line in lines if line.strip()), "")
    shown = f"it begins with {first[:60]!r}" if first else "it is empty"
    raise UserError(
        Reason.INVALID_MOTIF_FILE,
        f"{source} is no motif file that cislex knows: {shown}; give MEME, JASPAR, HOMER or TRANSFAC format",
        file=source,
        line=1,
        value=first[:60],
    )
