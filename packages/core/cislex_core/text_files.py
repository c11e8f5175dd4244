"""Read text files as users have them: plain, gzip or bgzip, CRLF, a byte-order mark; with true line numbers.

Also ``Problems``, which gathers everything wrong with all inputs, so that a user reads one message, not ten in turn.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cislex_core import input_limits
from cislex_core.errors import Reason, UserError, Violation

SHOWN_PER_FILE = 5


def is_gzip(path: Path) -> bool:
    """True when the file begins with gzip's magic bytes, whatever its name. Raises FILE_NOT_FOUND."""
    open_input(path, path.name).close()
    return input_limits.is_gzip(path)


def open_input(path: Path, name: str) -> BinaryIO:
    """Open a plain or (b)gzip file, bounded (``input_limits``). Raises FILE_NOT_FOUND."""
    try:
        return input_limits.open_plain(path, name)
    except FileNotFoundError:
        raise UserError(Reason.FILE_NOT_FOUND, f"{path} does not exist; check the path", file=path) from None
    except IsADirectoryError:
        raise UserError(Reason.FILE_NOT_FOUND, f"{path} is a folder; a file is needed", file=path) from None
    except PermissionError:
        raise UserError(Reason.FILE_NOT_FOUND, f"{path} cannot be read: permission denied", file=path) from None


def read_lines(path: Path, shown: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield (1-based line number, line without its end) of a plain or (b)gzip text file.

    ``shown`` is the name used in messages (default: the file's own). Raises FILE_NOT_FOUND, FILE_TRUNCATED for a
    compressed file that ends early or is damaged, INVALID_TABLE for a binary file, LIMIT_EXCEEDED.
    """
    name = shown or path.name
    number = 0
    try:
        with open_input(path, name) as handle:
            for number, raw in enumerate(bounded_lines(handle, name), start=1):
                if number == 1:
                    raw = raw.removeprefix(b"\xef\xbb\xbf")
                    if b"\x00" in raw[:4096]:
                        raise UserError(
                            Reason.INVALID_TABLE,
                            f"{name} is a binary file, text is needed; was it exported, or is it an archive (tar, zip) "
                            "that must be unpacked first?",
                            file=name,
                        )
                yield number, raw.rstrip(b"\r\n").decode("utf-8", errors="replace")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise truncated(name, f"after line {number}", error) from None


def bounded_lines(handle: BinaryIO, name: str) -> Iterator[bytes]:
    """The lines with their ends. Raises LIMIT_EXCEEDED for one that is too long, and for too many."""
    limits = input_limits.input_limits()
    for number, raw in enumerate(iter(lambda: handle.readline(limits.line_bytes + 1), b""), start=1):
        if len(raw) > limits.line_bytes:
            input_limits.refuse_beyond(len(raw), "line_bytes", f"{name} line {number}", "bytes")
        if number > limits.lines:
            input_limits.refuse_beyond(number, "lines", name, "lines")
        yield raw


def truncated(name: str, where: str, error: BaseException) -> UserError:
    """The error for a compressed file that ends early or is damaged."""
    return UserError(
        Reason.FILE_TRUNCATED,
        f"{name} ends too early or is damaged {where} ({error}); fetch it again and compare its size or checksum",
        file=name,
        where=where,
    )


@dataclass
class Problems:
    """Everything found wrong while reading inputs; the first few of each file in full, all counted."""

    reasons: list[Reason] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    _shown: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def add(self, reason: Reason, field_path: str, message: str, *, always: bool = False, **metadata: object) -> None:
        """Note one problem of the input ``field_path`` (a proto path, such as ``wt``)."""
        self.reasons.append(reason) if not self.reasons or self.reasons[-1] is not reason else None
        if not always and self._shown.get(field_path, 0) >= SHOWN_PER_FILE:
            self.hidden[field_path] = self.hidden.get(field_path, 0) + 1
            return
        if not always:
            self._shown[field_path] = self._shown.get(field_path, 0) + 1
        for key, value in metadata.items():
            self.metadata.setdefault(key, str(value))
        self.violations.append(Violation(field_path, message))

    def add_error(self, field_path: str, error: UserError) -> None:
        """Note a reader's error under the input it belongs to."""
        self.add(error.reason, field_path, error.message, always=True, **error.metadata)

    def __bool__(self) -> bool:
        return bool(self.violations)

    def raise_if_any(self) -> None:
        """Raise one ``UserError`` that holds every problem; its reason is that of the first."""
        if not self.violations:
            return
        violations = list(self.violations)
        for path, count in self.hidden.items():
            violations.append(Violation(path, f"and {count:,} more problems of this kind in the same file"))
        if len(violations) == 1:
            text = violations[0].description
        else:
            lines = "\n".join(f"  {v.field}: {v.description}" for v in violations)
            total = len(self.violations) + sum(self.hidden.values())
            text = f"{total:,} problems with the inputs:\n{lines}"
        raise UserError(self.reasons[0], text, violations=violations, **self.metadata)
