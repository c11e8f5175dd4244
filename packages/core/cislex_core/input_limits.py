"""How large an input may be: what a stranger sends must not fill memory or disk.

Every limit has a default far above honest data (the human genome, all of ENCODE's peaks) and is set by
``CISLEX_MAX_<NAME>`` in the environment of the servers and workers that read.
"""

from __future__ import annotations

import gzip
import io
import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

from cislex_core.errors import Reason, UserError

GZIP_MAGIC = b"\x1f\x8b"
#: Runs of one letter pack well: the ratio counts only once so much was unpacked.
RATIO_FROM_BYTES = 64 << 20


@dataclass(frozen=True)
class InputLimits:
    """Limits of one input file."""

    decompressed_bytes: int = 256 << 30
    """Of a compressed file, unpacked."""
    ratio: int = 400
    """Unpacked to packed bytes; text of genomes has 3 to 10, and gzip cannot do more than 1,030."""
    line_bytes: int = 1 << 30
    """Of one line; a chromosome may stand on one."""
    lines: int = 2_000_000_000
    """Of one text file."""
    intervals: int = 50_000_000
    """Rows of one file of intervals."""
    sequence_bp: int = 4_000_000_000
    """Letters of one sequence, and of all ready sequences of one file together."""
    motifs: int = 200_000
    """Matrices of one motif file."""
    motif_bytes: int = 1 << 30
    """Of one motif file, unpacked; it is read as a whole."""
    names_bytes: int = 1 << 30
    """Of one file of pickled names; it is read as a whole."""
    table_bytes: int = 64 << 30
    """Of one table or array in memory, as its header says: cells times their size."""
    model_bytes: int = 2 << 30
    """Of one file of weights or one ONNX graph."""
    program_bytes: int = 64 << 30
    """Memory of one program of others, such as meme."""
    program_output_bytes: int = 2 << 30
    """Of one file that such a program writes."""


@cache
def input_limits() -> InputLimits:
    """The limits of this process, from ``CISLEX_MAX_*``."""
    given = {field.name: os.environ.get(f"CISLEX_MAX_{field.name.upper()}", "") for field in fields(InputLimits)}
    return InputLimits(**{name: int(text) for name, text in given.items() if text})


def refuse_beyond(value: int, limit: str, name: str, what: str) -> None:
    """Raise LIMIT_EXCEEDED when ``value`` is above the limit of that name."""
    most = getattr(input_limits(), limit)
    if value > most:
        raise UserError(
            Reason.LIMIT_EXCEEDED,
            f"{name} has more than {most:,} {what}, which is more than this server takes; split the file, or ask who "
            f"runs the server to raise CISLEX_MAX_{limit.upper()}",
            file=name,
            limit=most,
        )


def is_gzip(path: Path) -> bool:
    """True when the file begins with gzip's magic bytes, whatever its name."""
    with open(path, "rb") as handle:
        return handle.read(2) == GZIP_MAGIC


class _Unpacking(io.RawIOBase):
    """A gzip stream that stops when it unpacks to more than is allowed, or than is honest for its size."""

    def __init__(self, path: Path, name: str) -> None:
        self._file = gzip.GzipFile(path, "rb")
        self._packed_bytes = max(1, path.stat().st_size)
        self._unpacked_bytes = 0
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self._file.read(len(view))
        view[: len(data)] = data
        self._unpacked_bytes += len(data)
        refuse_beyond(self._unpacked_bytes, "decompressed_bytes", self._name, "unpacked bytes")
        if self._unpacked_bytes > RATIO_FROM_BYTES:
            ratio = self._unpacked_bytes // self._packed_bytes
            refuse_beyond(ratio, "ratio", self._name, "bytes for each packed one")
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def open_plain(path: Path, name: str) -> BinaryIO:
    """Open a plain, gzip or bgzip file to read what it holds, bounded. Raises LIMIT_EXCEEDED while reading."""
    if is_gzip(path):
        return cast(BinaryIO, io.BufferedReader(_Unpacking(path, name), 1 << 20))
    return open(path, "rb")
