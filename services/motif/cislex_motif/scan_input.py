"""What is scanned, as a stream of segments: pieces of sequences in one line with an N between them.

A segment has at most about ``SEGMENT_BP`` positions, however long the sequences are, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import parse_header, read_records
from cislex_core.sequences import encode
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs

from cislex_motif.scan_specs import ScanMotifsSpec

SEGMENT_BP = 1 << 16
UNKNOWN = 4


@dataclass(frozen=True)
class Place:
    """A sequence's genomic place: chrom and 0-based half-open bounds; reverse where it is read on the minus strand."""

    chrom: str
    start: int
    end: int
    reverse: bool = False


@dataclass(frozen=True)
class Segment:
    """codes: (n,) uint8. sequence, offset: (pieces,) the sequence of each piece and where in it the piece begins.

    starts: (pieces,) where the piece begins in ``codes``. closed: (n,) True where no window may begin, because the
    next piece of the same sequence repeats that position.
    """

    codes: npt.NDArray[np.uint8]
    sequence: npt.NDArray[np.int64]
    offset: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    closed: npt.NDArray[np.bool_]


@dataclass
class ScanInput:
    """Sequences that can be read more than once. After a reading, ``names`` and ``places`` are complete."""

    label: str
    names: list[str] = field(default_factory=list)
    places: list[Place | None] = field(default_factory=list)
    n_bp: int = 0
    genome_digest: str | None = None
    total: int | None = None

    def sequences(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Each sequence's codes, in order; fills ``names`` and ``places``."""
        raise NotImplementedError

    def read_through(self) -> None:
        """One reading, after which ``names``, ``places``, ``n_bp`` and ``total`` are known."""
        self.n_bp = sum(len(codes) for codes in self.sequences())

    def segments(self, widest: int) -> Iterator[Segment]:
        """All sequences for windows of up to ``widest`` positions."""
        pieces: list[tuple[int, int, npt.NDArray[np.uint8], int]] = []
        size = 0
        self.n_bp = 0
        for number, codes in enumerate(self.sequences()):
            self.n_bp += len(codes)
            for at in range(0, max(len(codes), 1), SEGMENT_BP):
                piece = codes[at : at + SEGMENT_BP + widest - 1]
                repeated = 0 if at + SEGMENT_BP >= len(codes) else len(piece) - SEGMENT_BP
                pieces.append((number, at, piece, repeated))
                size += len(piece) + 1
                if size >= SEGMENT_BP:
                    yield _joined(pieces, size)
                    pieces, size = [], 0
        if pieces:
            yield _joined(pieces, size)


@dataclass
class DatasetInput(ScanInput):
    """Rows of a dataset."""

    dataset: Dataset | None = None
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def sequences(self) -> Iterator[npt.NDArray[np.uint8]]:
        assert self.dataset is not None
        for start in range(0, len(self.rows), 4096):
            yield from np.asarray(self.dataset.codes[self.rows[start : start + 4096]])


@dataclass
class FastaInput(ScanInput):
    """Records of a FASTA file; a sequence's name is its header's first word."""

    path: Path = Path()

    def sequences(self) -> Iterator[npt.NDArray[np.uint8]]:
        first = not self.names
        for line, header, text in read_records(self.path, self.label):
            try:
                codes = encode(text)
            except UserError as error:
                raise UserError(
                    Reason.INVALID_FASTA,
                    f"{self.label} line {line}, sequence {header[:40]!r}: {error.message}",
                    field="fasta",
                    file=self.label,
                    line=line,
                ) from None
            if first:
                words = header.split()
                self.names.append(words[0] if words else f"sequence{len(self.names) + 1}")
                self.places.append(_place(header, len(codes)))
            yield codes
        self.total = len(self.names)
        if not self.names:
            raise UserError(
                Reason.INVALID_FASTA,
                f"{self.label} holds no sequence; give a FASTA file",
                field="fasta",
                file=self.label,
            )


def scan_input(spec: ScanMotifsSpec, inputs: Inputs) -> ScanInput:
    """What the request scans: rows of a dataset or a FASTA file."""
    if spec.dataset is not None:
        return dataset_input(Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES), spec.split)
    assert spec.fasta is not None
    path = inputs.file(spec.fasta)
    return FastaInput(label=(spec.fasta.path or str(path)).rsplit("/", 1)[-1], path=path)


def dataset_input(dataset: Dataset, split: str) -> DatasetInput:
    """The rows of a split. Raises EMPTY_SPLIT."""
    rows = dataset.split(split)
    if len(rows) == 0:
        raise UserError(
            Reason.EMPTY_SPLIT, f"split {split!r} holds no sequence to scan; choose another or 'all'", field="split"
        )
    table = dataset.rows.take(rows)
    places: list[Place | None] = [
        Place(chrom, start, end) if chrom is not None and start is not None and end is not None else None
        for chrom, start, end in zip(*(table[c].to_pylist() for c in ("chrom", "start", "end")), strict=True)
    ]
    names = [
        name or (f"{p.chrom}:{p.start}-{p.end}" if p else f"row{row}")
        for name, p, row in zip(table["name"].to_pylist(), places, rows.tolist(), strict=True)
    ]
    return DatasetInput(
        label=f"dataset:{dataset.digest[:16]}", names=names, places=places, genome_digest=dataset.genome_digest,
        total=len(rows), dataset=dataset, rows=rows,
    )  # fmt: skip


def _place(header: str, length: int) -> Place | None:
    found = parse_header(header)
    if found is None or found.end - found.start not in (length, length - 1):
        return None
    # Bounds that are one short count from 1 and include the last base (cislex_core.fasta).
    start = found.start - (found.end - found.start == length - 1)
    return Place(found.chrom, start, found.end, found.strand == "-")


def _joined(pieces: list[tuple[int, int, npt.NDArray[np.uint8], int]], size: int) -> Segment:
    codes = np.full(size, UNKNOWN, np.uint8)
    closed = np.zeros(size, np.bool_)
    starts = np.zeros(len(pieces), np.int64)
    at = 0
    for i, (_, _, piece, repeated) in enumerate(pieces):
        starts[i] = at
        codes[at : at + len(piece)] = piece
        closed[at + len(piece) - repeated : at + len(piece)] = True
        at += len(piece) + 1
    numbers = np.array([p[0] for p in pieces], np.int64)
    return Segment(codes, numbers, np.array([p[1] for p in pieces], np.int64), starts, closed)
