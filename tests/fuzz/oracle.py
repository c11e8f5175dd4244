"""What a reader may do with any bytes at all: refuse them in words of the catalogue, or answer something that holds.

A target is a function of bytes that calls a reader and checks what it read. ``outcome`` runs one and says what is
wrong: an exception that is no ``CislexError``, more than 5 s of processor time, or more than 1 GiB of new memory.
"""

from __future__ import annotations

import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cislex_core.errors import CislexError

CPU_LIMIT_S = 5.0
MEMORY_LIMIT_BYTES = 1 << 30

Target = Callable[[bytes, Path], None]


@dataclass(frozen=True)
class Finding:
    """One thing that must not be. ``key`` is the same for inputs that show the same fault."""

    key: str
    text: str


def outcome(target: Target, data: bytes, folder: Path) -> Finding | None:
    """What ``target`` does wrong with ``data``, or None. ``folder``: where it may write its input file."""
    before_s, before_bytes = time.process_time(), _peak_bytes()
    try:
        target(data, folder)
    except CislexError:
        pass
    except Exception as error:
        return Finding(_where(error), "".join(traceback.format_exception(error)))
    spent_s, grown_bytes = time.process_time() - before_s, _peak_bytes() - before_bytes
    if spent_s > CPU_LIMIT_S:
        return Finding("slow", f"{len(data)} bytes took {spent_s:.1f} s of processor time")
    if grown_bytes > MEMORY_LIMIT_BYTES:
        return Finding("memory", f"{len(data)} bytes took {grown_bytes / 2**20:.0f} MiB")
    return None


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _where(error: Exception) -> str:
    """Exception type, and the last line of ours (or the very last one) that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "cislex_" in frame.filename] or frames
    return f"{type(error).__name__}-{Path(ours[-1].filename).stem}-{ours[-1].lineno}"
