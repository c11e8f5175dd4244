"""Turn read inputs into candidates: one row per peak or ready sequence, with its window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from cislex_core.fasta import SequenceSet
from cislex_core.intervals import PeakSet

from cislex_encoder.drops import CLASS_NAMES, KO, WT, Candidates
from cislex_encoder.preflight import Preflight


def from_peaks(inputs: Preflight, width: int) -> Candidates:
    """Rows of the WT file, then of the KO file; windows [summit − w/2, summit + w/2)."""
    roles = ((WT, "WT"), (KO, "KO"))
    sets = [(label, inputs.peaks[role]) for label, role in roles]
    return of_peaks(inputs, sets, [inputs.as_written[role] for _, role in roles], width, CLASS_NAMES)


def of_peaks(
    inputs: Preflight,
    sets: Sequence[tuple[int, PeakSet]],
    originals: Sequence[PeakSet],
    width: int,
    classes: tuple[str, ...],
) -> Candidates:
    """Rows of each (label, peaks) in turn; ``originals`` are the same peaks with their files' own contig names.

    Windows are [c − w // 2, c − w // 2 + w) about the summit c, which is the midpoint where a peak has none.
    """
    assert inputs.genome is not None
    contigs = list(inputs.genome.contigs)
    position = {name: i for i, name in enumerate(contigs)}
    written: list[str] = []
    as_written: list[np.ndarray] = []
    chrom: list[np.ndarray] = []
    for (_, peaks), original in zip(sets, originals, strict=True):
        lookup = np.array([position.get(name, -1) for name in peaks.contigs] or [-1], dtype=np.int32)
        chrom.append(lookup[peaks.chrom])
        as_written.append(original.chrom + len(written))
        written += original.contigs
    summit = _join([peaks.summit for _, peaks in sets])
    return Candidates(
        contigs=contigs,
        lengths=np.array(list(inputs.genome.contigs.values()), dtype=np.int64),
        width=width,
        label=_labels(sets),
        chrom=_join(chrom),
        start=_join([peaks.start for _, peaks in sets]),
        end=_join([peaks.end for _, peaks in sets]),
        summit=summit,
        left=summit - width // 2,
        strand=_join([peaks.strand for _, peaks in sets]),
        source=_numbers(sets),
        sources=[peaks.source for _, peaks in sets],
        line=_join([peaks.line for _, peaks in sets]),
        name=pa.concat_arrays([peaks.name for _, peaks in sets]),
        chrom_as_written=_join(as_written),
        written=written,
        classes=classes,
    )


def from_sequences(inputs: Preflight, width: int, pad: str) -> Candidates:
    """Records of the WT file, then of the KO file; a record with a place gets the window that ``fit`` gives it."""
    sets = [(WT, inputs.sequences["WT"]), (KO, inputs.sequences["KO"])]
    return of_sequences(sets, width, pad, CLASS_NAMES)


def of_sequences(sets: Sequence[tuple[int, SequenceSet]], width: int, pad: str, classes: tuple[str, ...]) -> Candidates:
    """Records of each (label, sequences) in turn, placed where their headers say, if they do."""
    names = [name for _, sequences in sets for name in sequences.chrom]
    contigs = sorted({name for name in names if name is not None}, key=_natural)
    position: dict[str | None, int] = {name: i for i, name in enumerate(contigs)}
    chrom = np.array([position.get(name, -1) for name in names], dtype=np.int32)
    start = _join([sequences.start for _, sequences in sets])
    end = _join([sequences.end for _, sequences in sets])
    surplus = _join([sequences.lengths for _, sequences in sets]) - width
    shift = np.sign(surplus) * (np.abs(surplus) // 2) if pad == "center" else np.zeros_like(surplus)
    return Candidates(
        contigs=contigs,
        lengths=np.full(len(contigs), np.iinfo(np.int64).max),
        width=width,
        label=_labels(sets),
        chrom=chrom,
        start=start,
        end=end,
        summit=np.where(start >= 0, (start + end) // 2, -1),
        left=np.where(start >= 0, start + shift, -1),
        strand=np.array([ord(s) for _, sequences in sets for s in sequences.strand], dtype=np.uint8),
        source=_numbers(sets),
        sources=[sequences.source for _, sequences in sets],
        line=_join([sequences.line for _, sequences in sets]),
        name=pa.array([name for _, sequences in sets for name in sequences.names], pa.string()),
        chrom_as_written=chrom,
        written=contigs,
        classes=classes,
    )


def _numbers(sets: Sequence[tuple[int, PeakSet | SequenceSet]]) -> np.ndarray:
    return np.repeat(np.arange(len(sets), dtype=np.uint16), [len(members) for _, members in sets])


def _labels(sets: Sequence[tuple[int, PeakSet | SequenceSet]]) -> np.ndarray:
    return np.concatenate([np.full(len(members), value, dtype=np.uint16) for value, members in sets])


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts)


def _natural(name: str) -> tuple[int, int, str]:
    short = name.removeprefix("chr")
    return (0, int(short), name) if short.isdigit() else (1, 0, name)
