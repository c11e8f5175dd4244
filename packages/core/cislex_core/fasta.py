"""Ready sequences from FASTA (plain, gzip, bgzip). A header may say where a sequence comes from.

Understood anywhere in the header's first word, or in a later word: ``chrom:start-end``, with a strand
``chrom:start-end(+)``, with a name before it ``name::chrom:start-end`` (bedtools getfasta writes all of these).
Coordinates are 0-based half-open when end − start equals the length, and 1-based closed when it is one less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import refuse_beyond
from cislex_core.sequences import ENCODE_TABLE
from cislex_core.text_files import Problems, read_lines

_PLACE = re.compile(
    r"(?:(?P<name>\S*?)::)?(?P<chrom>[^\s:]+):(?P<start>[0-9]{1,12})-(?P<end>[0-9]{1,12})(?:\((?P<strand>[-+.])\))?\Z"
)


@dataclass(frozen=True)
class Place:
    """Where a header says its sequence comes from; ``end − start`` as written."""

    chrom: str
    start: int
    end: int
    strand: str
    name: str | None


def parse_header(header: str) -> Place | None:
    """The place a header names (without its ``>``), or None. ``peak1::chr2:10-20(-)`` → chr2, 10, 20, -, peak1."""
    for word in header.split():
        if match := _PLACE.match(word):
            start, end = int(match["start"]), int(match["end"])
            if end > start or (end == start and start > 0):
                return Place(match["chrom"], start, end, match["strand"] or ".", match["name"] or None)
    return None


@dataclass(frozen=True)
class SequenceSet:
    """Ready sequences as one run of codes: sequence i is ``codes[offsets[i]:offsets[i + 1]]``.

    ``chrom``: contig name or None; ``start``, ``end``: int64, −1 where the header named none; ``line``: 1-based line
    of the header. ``facts``: counts for people.
    """

    source: str
    codes: np.ndarray
    offsets: np.ndarray
    names: list[str]
    chrom: list[str | None]
    start: np.ndarray
    end: np.ndarray
    strand: list[str]
    line: np.ndarray
    facts: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def lengths(self) -> np.ndarray:
        """(n,) int64 lengths."""
        return np.diff(self.offsets)


def read_records(path: Path, shown: str | None = None) -> Iterator[tuple[int, str, bytes]]:
    """Yield (line of the header, header without ``>``, sequence as written, joined) of a FASTA file.

    Raises INVALID_FASTA when sequence comes before the first header, FILE_TRUNCATED, FILE_NOT_FOUND.
    """
    name = shown or path.name
    header: str | None = None
    at = 0
    parts: list[str] = []
    length = 0
    for number, line in read_lines(path, name):
        if line.startswith(">"):
            if header is not None:
                yield at, header, "".join(parts).encode("utf-8")
            at, header, parts, length = number, line[1:].strip(), [], 0
        elif line.strip() and not line.startswith(";"):
            if header is None:
                raise UserError(
                    Reason.INVALID_FASTA,
                    f"{name} line {number} begins with {line[:30]!r}; a FASTA file begins with '>' and a name",
                    file=name,
                    line=number,
                )
            parts.append(line.strip())
            length += len(parts[-1])
            refuse_beyond(length, "sequence_bp", f"{name} line {number}", "bases in one sequence")
    if header is not None:
        yield at, header, "".join(parts).encode("utf-8")


def read_sequences(path: Path, problems: Problems, field_path: str = "", *, shown: str | None = None) -> SequenceSet:
    """Read ready sequences; bad records (letters that are no nucleotides, no letters) go into ``problems``.

    Lower case is taken, IUPAC letters become N. Raises what ``read_records`` raises.
    """
    name = shown or path.name
    codes, offsets = bytearray(), [0]
    names, chrom, strand = [], [], []
    start, end, lines = [], [], []
    one_based = mismatched = 0
    for number, header, text in read_records(path, name):
        coded = text.translate(ENCODE_TABLE)
        if not coded or b"\xff" in coded:
            problems.add(Reason.INVALID_FASTA, field_path, _bad_record(name, number, header, text, coded), file=name)
            continue
        place = parse_header(header)
        if place is not None:
            shift = int(place.end - place.start + 1 == len(coded))
            one_based += shift
            mismatched += not shift and place.end - place.start != len(coded)
            place = Place(place.chrom, place.start - shift, place.end, place.strand, place.name)
        codes += coded
        refuse_beyond(len(codes), "sequence_bp", name, "bases")
        offsets.append(len(codes))
        names.append((place.name if place and place.name else None) or (header.split() or [""])[0])
        chrom.append(place.chrom if place else None)
        start.append(place.start if place else -1)
        end.append(place.end if place else -1)
        strand.append(place.strand if place else ".")
        lines.append(number)
    lengths = np.diff(offsets)
    facts: dict[str, object] = {
        "format": "FASTA",
        "n_rows": len(names),
        "n_with_coordinates": len(names) - chrom.count(None),
        "n_one_based": one_based,
        "n_length_differs": mismatched,
        "min_length": int(lengths.min(initial=0)) if lengths.size == 0 else int(lengths.min()),
        "max_length": int(lengths.max(initial=0)),
    }
    return SequenceSet(
        source=name,
        codes=np.frombuffer(bytes(codes), dtype=np.uint8),
        offsets=np.array(offsets, dtype=np.int64),
        names=names,
        chrom=chrom,
        start=np.array(start, dtype=np.int64),
        end=np.array(end, dtype=np.int64),
        strand=strand,
        line=np.array(lines, dtype=np.int64),
        facts=facts,
    )


def _bad_record(name: str, number: int, header: str, text: bytes, coded: bytes) -> str:
    if not coded:
        return f"{name} line {number}: the sequence {header[:40]!r} has no letters"
    at = coded.index(b"\xff")
    letter = text[at : at + 1].decode("latin-1")
    return (
        f"{name} line {number}: the sequence {header[:40]!r} has {letter!r} at position {at + 1}, which is no "
        "nucleotide letter; A, C, G, T, U, N and the IUPAC codes are, in either case"
    )


def write_fasta(path: Path, records: Iterator[tuple[str, str]], width: int = 60) -> None:
    """Write (name, sequence) records, wrapped at ``width`` letters."""
    with open(path, "w", encoding="ascii", newline="\n") as handle:
        for name, sequence in records:
            handle.write(f">{name}\n")
            handle.writelines(f"{sequence[i : i + width]}\n" for i in range(0, len(sequence), width))
