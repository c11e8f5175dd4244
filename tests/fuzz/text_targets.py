"""Readers of intervals and sequences, and of the compressed streams around them."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
from cislex_core.errors import CislexError
from cislex_core.fasta import SequenceSet, read_sequences, write_fasta
from cislex_core.fastq import read_fastq
from cislex_core.genome import Genome
from cislex_core.intervals import PeakSet
from cislex_core.motif_files import read_motifs
from cislex_core.peak_files import read_peaks
from cislex_core.sequences import decode_batch
from cislex_core.text_files import Problems, read_lines
from cislex_encoder import delimited
from cislex_encoder.preflight import Source

_COORDINATE_BASES = (0, 1)


def written(data: bytes, folder: Path, name: str) -> Path:
    """The bytes as a file of that name."""
    path = folder / name
    path.write_bytes(data)
    return path


def bed(data: bytes, folder: Path) -> None:
    """BED3 to BED6 and more."""
    _peaks(written(data, folder, "a.bed"))


def narrow_peak(data: bytes, folder: Path) -> None:
    """ENCODE narrowPeak; the summit is an offset."""
    _peaks(written(data, folder, "a.narrowPeak"))


def peak_table(data: bytes, folder: Path) -> None:
    """CSV with a header that names its columns."""
    _peaks(written(data, folder, "a.csv"))


def _peaks(path: Path) -> None:
    for base in _COORDINATE_BASES:
        check_peaks(read_peaks(path, Problems(), coordinate_base=base))


def check_peaks(peaks: PeakSet) -> None:
    """0 ≤ start ≤ summit < end for every row; a contig for each."""
    assert (peaks.start >= 0).all()
    assert (peaks.start < peaks.end).all()
    assert ((peaks.start <= peaks.summit) & (peaks.summit < peaks.end)).all()
    assert ((peaks.chrom >= 0) & (peaks.chrom < max(1, len(peaks.contigs)))).all()
    assert len(peaks.name) == len(peaks.line) == len(peaks)


def fasta(data: bytes, folder: Path) -> None:
    """Ready sequences; what was read is read again from what we write of it."""
    read = read_sequences(written(data, folder, "a.fa"), Problems())
    check_sequences(read)
    texts = [decode_batch(read.codes[a:b][None])[0] for a, b in zip(read.offsets, read.offsets[1:], strict=False)]
    path = folder / "again.fa"
    write_fasta(path, ((f"s{i}", text) for i, text in enumerate(texts)))
    again = read_sequences(path, problems := Problems())
    assert not problems
    assert np.array_equal(again.codes, read.codes)
    assert np.array_equal(again.offsets, read.offsets)


def fastq(data: bytes, folder: Path) -> None:
    """Reads, whole and clipped."""
    path = written(data, folder, "a.fastq")
    check_sequences(read_fastq(path, Problems()))
    check_sequences(read_fastq(path, Problems(), clip_left_bp=3, clip_right_bp=2))


def check_sequences(read: SequenceSet) -> None:
    """Codes 0 to 4, offsets that rise, one of everything for each sequence."""
    assert read.codes.max(initial=0) <= 4
    assert read.offsets[0] == 0
    assert read.offsets[-1] == read.codes.size
    assert (read.lengths >= 0).all()
    n = len(read)
    assert n == len(read.chrom) == len(read.strand) == read.start.size == read.end.size == read.line.size
    placed = read.start >= 0
    assert (read.end[placed] >= read.start[placed]).all()


def genome(data: bytes, folder: Path) -> None:
    """A genome: unpacked, indexed, digested, fetched from."""
    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    for old in cache.iterdir():
        old.unlink()
    path = written(data, folder, "genome.fa")
    opened = Genome.open(path, cache_dir=cache)
    for chrom, length in opened.contigs.items():
        codes = opened.codes(chrom)
        assert codes.size == length
        assert codes.max(initial=0) <= 4
        assert np.array_equal(opened.fetch(chrom, 0, length), codes)


def gzip_stream(data: bytes, folder: Path) -> None:
    """A gzip file (or its content, to be packed), read by everything that unpacks one."""
    content = data if data.startswith(b"\x1f\x8b") else gzip.compress(data, 1, mtime=0)
    path = written(content, folder, "a.gz")
    readers: list[Callable[[], object]] = [
        lambda: _check_size(path, len(content)),
        lambda: check_sequences(read_fastq(path, Problems())),
        lambda: read_motifs(path),
        lambda: delimited.read(Source(path, "a.gz", "matrix")),
    ]
    for read in readers:
        with contextlib.suppress(CislexError):
            read()


def _check_size(path: Path, packed_bytes: int) -> None:
    assert sum(len(line) for _, line in read_lines(path)) <= 1032 * packed_bytes + 64
