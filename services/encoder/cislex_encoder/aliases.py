"""Contig names under other names: chr1, 1, chrI, NC_001133.9. Proposed, never applied unless asked.

Names are compared by a key: RefSeq accessions of common assemblies, the prefix ``chr``, leading zeros and the names of
the mitochondrion are seen through. Arabic and Roman numbers are taken for each other only when one side is plainly
Roman (it names II, III and IV), because X is also a sex chromosome. A proposal must be one-to-one and every interval
must fit into the contig it is mapped to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import Reason, UserError
from cislex_core.text_files import read_lines

_ROMAN_TEXT = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx"
_ROMAN = {roman: str(number) for number, roman in enumerate(_ROMAN_TEXT.split(), start=1)}
_MITOCHONDRION = {"m", "mt", "mito", "mitochondrion", "mtdna", "mitochondria"}
_PREFIX = re.compile(r"(?:chromosome|chrom|chr)[_\-. ]?", re.IGNORECASE)


def _refseq() -> dict[str, str]:
    table = {f"NC_{number:06d}": str(number) for number in range(1, 23)}  # human
    table |= {"NC_000023": "x", "NC_000024": "y", "NC_012920": "m"}
    table |= {f"NC_{66 + number:06d}": str(number) for number in range(1, 20)}  # mouse
    table |= {"NC_000086": "x", "NC_000087": "y", "NC_005089": "m"}
    table |= {f"NC_{1132 + number:06d}": str(number) for number in range(1, 17)}  # S. cerevisiae
    table |= {"NC_001224": "m"}
    table |= {"NC_004354": "x", "NT_033779": "2l", "NT_033778": "2r", "NT_037436": "3l", "NT_033777": "3r"}  # fly
    table |= {"NC_004353": "4", "NC_024512": "y", "NC_024511": "m"}
    table |= {f"NC_{3278 + number:06d}": str(number) for number in range(1, 6)}  # C. elegans
    table |= {"NC_003284": "x", "NC_001328": "m"}
    return table


_REFSEQ = _refseq()


def key(name: str) -> str:
    """The key by which two names of one chromosome meet: ``chr01``, ``1`` and ``NC_000001.11`` → ``1``."""
    accession = name.split(".")[0].upper()
    if accession in _REFSEQ:
        return _REFSEQ[accession]
    short = _PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name
    short = short.lower()
    if short in _MITOCHONDRION:
        return "m"
    return short.lstrip("0") if short.isdigit() and short.strip("0") else short


def _is_roman(keys: Iterable[str]) -> bool:
    return {"ii", "iii", "iv"} <= set(keys)


def _unroman(keys: Mapping[str, str]) -> dict[str, str]:
    return {name: _ROMAN.get(value, value) for name, value in keys.items()}


@dataclass(frozen=True)
class Proposal:
    """``mapping``: unknown name → contig of the genome. ``unresolved``: names for which none is found."""

    mapping: dict[str, str]
    unresolved: list[str]


def propose(furthest: Mapping[str, int], contigs: Mapping[str, int]) -> Proposal:
    """Find other names for contigs that the genome lacks.

    ``furthest``: contig name in the files → largest end seen there; ``contigs``: the genome's names → lengths.
    """
    unknown = [name for name in furthest if name not in contigs]
    theirs = {name: key(name) for name in furthest}
    ours = {name: key(name) for name in contigs}
    if _is_roman(ours.values()) != _is_roman(theirs.values()):
        ours, theirs = _unroman(ours), _unroman(theirs)
    by_key: dict[str, list[str]] = {}
    for name, value in ours.items():
        by_key.setdefault(value, []).append(name)
    mapping: dict[str, str] = {}
    taken = {name for name in furthest if name in contigs}
    for name in unknown:
        candidates = by_key.get(theirs[name], [])
        fits = len(candidates) == 1 and furthest[name] <= contigs[candidates[0]]
        if fits and candidates[0] not in taken:
            mapping[name] = candidates[0]
    return Proposal(mapping, [name for name in unknown if name not in mapping])


def read_table(path: Path, contigs: Mapping[str, int], shown: str | None = None) -> dict[str, str]:
    """Read an alias table: each row holds names of one contig (two or more columns, as UCSC's chromAlias has them).

    Answers every other name of the row → the genome's. Rows of which the genome has no name are passed over. Raises
    INVALID_TABLE for a row with fewer than two names or with two of the genome's names.
    """
    name = shown or path.name
    mapping: dict[str, str] = {}
    for number, line in read_lines(path, name):
        if not line.strip() or line.startswith("#"):
            continue
        cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else line.replace(",", " ").split())]
        cells = [cell for cell in cells if cell]
        known = sorted({cell for cell in cells if cell in contigs})
        if len(cells) < 2 or len(known) > 1:
            why = "one name only" if len(cells) < 2 else f"two contigs of the genome ({', '.join(known)})"
            raise UserError(
                Reason.INVALID_TABLE,
                f"{name} line {number}: {why} in {line[:60]!r}; each row gives the names of one contig, tab-separated",
                file=name,
                line=number,
            )
        if known:
            mapping |= {cell: known[0] for cell in cells if cell != known[0]}
    if not mapping:
        shown_contigs = ", ".join(list(contigs)[:5])
        raise UserError(
            Reason.INVALID_TABLE,
            f"{name} names no contig of the genome ({shown_contigs}, …); one column must hold the genome's own names",
            file=name,
        )
    return mapping


def resolve(name: str, contigs: Iterable[str]) -> str | None:
    """The contig that a user means by ``name`` when naming chromosomes of a split: itself, or one of the same key."""
    known = list(contigs)
    if name in known:
        return name
    keys = {contig: key(contig) for contig in known}
    wanted = key(name)
    if _is_roman(keys.values()) and wanted.isdigit():
        keys = _unroman(keys)
    found = [contig for contig, value in keys.items() if value == wanted]
    return found[0] if len(found) == 1 else None
