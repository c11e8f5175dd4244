"""A genome FASTA: contigs, identity, and the codes of any stretch, read through an index that is made once.

Plain, gzip and bgzip files are taken. A compressed file is unpacked once into the genome cache, named by the sha256
of its content; the index (``.fai``, made by pyfaidx) stands beside a plain file, or in the cache where that folder is
read-only. The GA4GH digest is computed once per file content and kept in the cache.
"""

from __future__ import annotations

import gzip
import json
import mmap
import os
import shutil
import stat
import uuid
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cislex_core.canonical import digest_file
from cislex_core.errors import Reason, UserError
from cislex_core.seqcol import SeqCol, sequence_digest
from cislex_core.sequences import ENCODE_TABLE
from cislex_core.text_files import is_gzip, open_input, read_lines, truncated

_SPACE = b"\r\n \t"


def genome_cache_dir() -> Path:
    """``$CISLEX_HOME/genomes`` (default ``~/.cislex/genomes``), made where missing."""
    home = Path(os.environ.get("CISLEX_HOME") or Path.home() / ".cislex")
    folder = home / "genomes"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class _Record:
    """One line of a .fai: bases, byte offset, bases per line, bytes per line."""

    length: int
    offset: int
    line_bases: int
    line_bytes: int

    @property
    def end(self) -> int:
        """Byte offset after the last base."""
        if self.length == 0:
            return self.offset
        full, rest = divmod(self.length, self.line_bases)
        return self.offset + full * self.line_bytes + rest


class Genome:
    """An opened genome. Coordinates are 0-based half-open; codes are uint8 A0 C1 G2 T3 N4."""

    def __init__(self, path: Path, plain: Path, records: dict[str, _Record], seqcol: SeqCol, sha256: str) -> None:
        self.path = path
        self.plain = plain
        self.seqcol = seqcol
        self.sha256 = sha256
        self.contigs: dict[str, int] = {name: record.length for name, record in records.items()}
        self._records = records
        self._codes = lru_cache(maxsize=1)(self._read_codes)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        sha256: str = "",
        cache_dir: Path | None = None,
        shown: str | None = None,
        index_beside: bool = True,
    ) -> Genome:
        """Open a FASTA file. ``sha256``: of the file's content, when known; ``shown``: its name in messages.

        ``index_beside=False`` keeps the index in the cache even where the file's folder could be written: for files
        that lie in a store.

        Raises FILE_NOT_FOUND, FILE_TRUNCATED, INVALID_FASTA (no ``>`` first, uneven lines, a name twice, letters that
        are no nucleotides, no sequence).
        """
        path = Path(path)
        name = shown or path.name
        _require_fasta(path, name)
        cache = cache_dir or genome_cache_dir()
        sha256 = sha256 or digest_file(path)
        plain = _unpacked(path, cache / f"{sha256}.fa", name) if is_gzip(path) else path
        beside = index_beside and plain is path
        records = _index(plain, cache / f"{sha256}.fai", name, beside)
        if not records:
            raise UserError(Reason.INVALID_FASTA, f"{name} holds no sequence", file=name)
        return cls(path, plain, records, _seqcol(plain, records, cache / f"{sha256}.seqcol.json", name), sha256)

    @property
    def digest(self) -> str:
        """The GA4GH sequence-collection digest: the genome's identity."""
        return self.seqcol.digest

    def codes(self, chrom: str) -> np.ndarray:
        """Codes (length,) of a whole contig, read-only; the last contig asked for is kept in memory."""
        return self._codes(chrom)

    def fetch(self, chrom: str, start: int, end: int) -> np.ndarray:
        """Codes (end − start,) of one stretch, read without the rest of the contig. Raises CONTIG_UNKNOWN."""
        record = self._record(chrom)
        if not 0 <= start <= end <= record.length:
            raise UserError(
                Reason.INVALID_INTERVALS,
                f"{chrom}:{start}-{end} lies outside the contig of {record.length:,} bp",
                contig=chrom,
            )
        if start == end:
            return np.empty(0, dtype=np.uint8)
        first = record.offset + start // record.line_bases * record.line_bytes + start % record.line_bases
        last = record.offset + (end - 1) // record.line_bases * record.line_bytes + (end - 1) % record.line_bases
        return self._translate(chrom, first, last + 1)

    def windows(self, chrom: str, starts: np.ndarray, width: int) -> np.ndarray:
        """Codes (n, width) of windows [start, start + width), which MUST lie within the contig."""
        codes = self.codes(chrom)
        view = np.lib.stride_tricks.sliding_window_view(codes, width)
        return view[np.asarray(starts, dtype=np.int64)]

    def n_runs(self, chrom: str) -> tuple[np.ndarray, np.ndarray]:
        """Starts and ends (int64, sorted) of the runs of N of a contig."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], self.codes(chrom) == 4, [False])).view(np.int8)))
        return edges[::2], edges[1::2]

    def _read_codes(self, chrom: str) -> np.ndarray:
        record = self._record(chrom)
        return self._translate(chrom, record.offset, record.end)

    def _translate(self, chrom: str, first: int, last: int) -> np.ndarray:
        with open(self.plain, "rb") as handle:
            handle.seek(first)
            raw = handle.read(last - first)
        return np.frombuffer(raw.translate(ENCODE_TABLE, _SPACE), dtype=np.uint8)

    def _record(self, chrom: str) -> _Record:
        try:
            return self._records[chrom]
        except KeyError:
            shown = ", ".join(list(self.contigs)[:5])
            raise UserError(
                Reason.CONTIG_UNKNOWN, f"the genome has no contig {chrom!r}; it has {shown}, …", contig=chrom
            ) from None


def _require_fasta(path: Path, name: str) -> None:
    for number, line in read_lines(path, name):
        if not line.strip() or line.startswith(";"):
            continue
        if line.startswith(">"):
            return
        raise UserError(
            Reason.INVALID_FASTA,
            f"{name} line {number} begins with {line[:30]!r}; a FASTA file begins with '>' and a name. "
            "Give the genome as .fa, .fa.gz or .fa.bgz",
            file=name,
            line=number,
        )
    raise UserError(Reason.INVALID_FASTA, f"{name} is empty; a FASTA file is needed", file=name)


def _unpacked(path: Path, target: Path, name: str) -> Path:
    if target.is_file():
        return target
    staged = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
    try:
        with open_input(path, name) as source, open(staged, "wb") as out:
            shutil.copyfileobj(source, out, 1 << 22)
        os.replace(staged, target)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise truncated(name, "while it was unpacked", error) from None
    except OSError as error:
        raise disk_error(error, target.parent, name) from error
    finally:
        staged.unlink(missing_ok=True)
    return target


def disk_error(error: OSError, folder: Path, name: str) -> Exception:
    """DISK_FULL when that is what happened, else the error itself."""
    import errno

    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return error
    return UserError(
        Reason.DISK_FULL, f"the disk that holds {folder} is full; {name} needs more room there", folder=folder
    )


def _index(plain: Path, cached: Path, name: str, write_beside: bool) -> dict[str, _Record]:
    beside = plain.with_name(plain.name + ".fai")
    for candidate in (beside, cached):
        if candidate.is_file() and (candidate is cached or candidate.stat().st_mtime >= plain.stat().st_mtime):
            try:
                return _read_fai(candidate, plain.stat().st_size)
            except ValueError:
                continue  # an index of another file, or none at all: it is made anew
    staged = cached.with_name(f"{cached.name}.{uuid.uuid4().hex}")
    try:
        records = _build_fai(plain, staged, name)
        if write_beside and _is_writable(plain.parent):
            try:
                shutil.copyfile(staged, beside.with_name(f"{beside.name}.{os.getpid()}"))
                os.replace(beside.with_name(f"{beside.name}.{os.getpid()}"), beside)
                return records
            except OSError:  # the folder only looked writable
                pass
        os.replace(staged, cached)
    finally:
        staged.unlink(missing_ok=True)
    return records


def _is_writable(folder: Path) -> bool:
    """By permission and by the mode bits: root passes every access check, and a folder marked read-only is meant so."""
    return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))


def _build_fai(plain: Path, target: Path, name: str) -> dict[str, _Record]:
    import pyfaidx

    try:
        pyfaidx.Faidx(str(plain), indexname=str(target), rebuild=False).close()
        return _read_fai(target, plain.stat().st_size)
    except (pyfaidx.FastaIndexingError, RuntimeError, _MisplacedError) as error:
        text = str(error).split("Please report")[0].replace(str(plain), name)
        raise UserError(
            Reason.INVALID_FASTA,
            f"{name} cannot be indexed: {text} Re-wrap it to equal line lengths (for example with `seqkit seq -w 60`)",
            file=name,
        ) from None
    except (ValueError, KeyError) as error:
        raise UserError(
            Reason.INVALID_FASTA,
            f"{name} cannot be indexed: {error}; every sequence needs a name of its own",
            file=name,
        ) from None


class _MisplacedError(ValueError):
    """An index that leads beyond its file."""


def _read_fai(path: Path, file_bytes: int) -> dict[str, _Record]:
    """The index; ValueError for one that cannot be of a file of that size."""
    records: dict[str, _Record] = {}
    for line in path.read_text().splitlines():
        name, *numbers = line.split("\t")[:5]
        length, offset, bases, width = map(int, numbers)
        record = _Record(length, offset, max(bases, 1), max(width, 1))
        last_line, rest = divmod(max(length - 1, 0), record.line_bases)
        last_byte = offset + last_line * record.line_bytes + rest  # its line may lack an end
        if min(length, offset) < 0 or record.line_bytes < record.line_bases or last_byte > file_bytes:
            raise _MisplacedError(f"the lines of {name!r} are of different lengths.")
        records[name] = record
    return records


def _seqcol(plain: Path, records: dict[str, _Record], cached: Path, name: str) -> SeqCol:
    if cached.is_file():
        return SeqCol.from_level2(json.loads(cached.read_text()))
    digests = []
    with open(plain, "rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as view:
        for contig, record in records.items():
            raw = bytes(view[record.offset : record.end])
            bases = raw.translate(None, _SPACE)
            codes = np.frombuffer(bases.translate(ENCODE_TABLE), dtype=np.uint8)
            if codes.size and codes.max() == 255:
                at = int(np.argmax(codes == 255))
                raise UserError(
                    Reason.INVALID_FASTA,
                    f"{name}: sequence {contig!r} has the letter {chr(bases[at])!r} at position {at + 1:,}, which is "
                    "no nucleotide (A, C, G, T, N and the IUPAC codes are); is it a genome?",
                    file=name,
                    contig=contig,
                )
            ends = raw[record.line_bytes - 1 :: record.line_bytes]
            if codes.size != record.length or ends.count(b"\n") != len(ends):
                raise UserError(
                    Reason.INVALID_FASTA,
                    f"{name}: the index {plain.name}.fai does not describe {contig!r} as it stands in the file; remove "
                    "the index, or wrap the lines evenly",
                    file=name,
                    contig=contig,
                )
            digests.append(sequence_digest(bases))
    seqcol = SeqCol(tuple(records), tuple(r.length for r in records.values()), tuple(digests))
    staged = cached.with_name(f"{cached.name}.{uuid.uuid4().hex}")
    staged.write_text(json.dumps(seqcol.level2))
    os.replace(staged, cached)
    return seqcol
