"""What a run will take: time, memory and disk, from the inputs' sizes and rates measured on two CPU cores.

Rates are of one machine (2 cores at about 2.5 GHz, no GPU; docs/benchmarks.md) and good for a factor of about two: an
estimate to decide whether to wait for coffee or for the night, and whether the disk is large enough.
"""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cislex_client.output import bytes_text, duration_text

# Seconds per unit on two cores; the unit stands in the name.
TRAIN_S_PER_GBP_EPOCH = 2800.0
"""One epoch over 10^9 base pairs of windows, one seed, forward and backward, both strands."""
EPOCHS_EXPECTED = 30
"""Epochs until early stopping of a small set, where --epochs does not say less."""
SEQUENCES_EXPECTED = 5_000 * 32
"""Sequences that a seed is shown by default: 5,000 updates of 32 (and no fewer than 10 epochs)."""
EXPLAIN_S_PER_GBP = 1500.0
DISCOVER_S_PER_MBP = 35.0
ENRICH_S_PER_MBP = 12.0
DEFAULT_WINDOW_BP = 600
START_S = 15.0
"""Starting the server and the workers, loading libraries, writing the results."""
TEST_SHARE = 0.12
BASE_MEMORY_BYTES = 900 << 20
"""A worker with torch loaded."""


@dataclass(frozen=True)
class Estimate:
    """Figures of one run; ``rows`` and ``window_bp`` are what they rest on."""

    rows: int
    window_bp: int
    seconds: float
    memory_bytes: int
    disk_bytes: int
    disk_free_bytes: int

    def lines(self) -> list[str]:
        """For people."""
        short = "  (not enough)" if self.disk_bytes > self.disk_free_bytes else ""
        return [
            f"about {self.rows:,} sequences of {self.window_bp} bp",
            f"time    about {duration_text(self.seconds)} on 2 CPU cores, from an empty cache",
            f"memory  about {bytes_text(self.memory_bytes)}",
            f"disk    about {bytes_text(self.disk_bytes)}; {bytes_text(self.disk_free_bytes)} are free{short}",
        ]

    def as_json(self) -> dict[str, float]:
        """For programs."""
        return dict(self.__dict__)


def estimate(
    files: Mapping[str, Path],
    *,
    window_bp: int | None,
    seeds: int,
    epochs: int | None,
    max_per_class: int | None,
    home: Path,
    rows: int | None = None,
) -> Estimate:
    """Estimate from the inputs: ``rows`` of the dataset where it is known, else counted in the files (both classes,
    balanced to the smaller, before anything is dropped)."""
    if "counts" in files:
        per_class = count_rows(files["counts"]) // 4
    elif "wt_fasta" in files:
        per_class = min(count_rows(files["wt_fasta"], fasta=True), count_rows(files["ko_fasta"], fasta=True))
    else:
        per_class = min(count_rows(files["wt"]), count_rows(files["ko"]))
    window_bp = window_bp or (read_length(files["wt_fasta"]) if "wt_fasta" in files else DEFAULT_WINDOW_BP)
    rows = rows or 2 * min(per_class, max_per_class or per_class)
    base_pairs = rows * window_bp
    planned = epochs or max(10, SEQUENCES_EXPECTED // max(rows, 1))
    passes = seeds * min(planned, EPOCHS_EXPECTED)
    test_bp = base_pairs * TEST_SHARE
    seconds = (
        START_S
        + base_pairs / 1e9 * TRAIN_S_PER_GBP_EPOCH * passes
        + test_bp / 1e9 * EXPLAIN_S_PER_GBP * seeds
        + min(base_pairs, 20_000 * window_bp) / 1e6 * DISCOVER_S_PER_MBP
        + test_bp / 1e6 * ENRICH_S_PER_MBP
    )
    attribution_bytes = int(test_bp) * (16 + 16 + 4)
    genome_bytes = _plain_size(files["genome"]) if "genome" in files else 0
    return Estimate(
        rows=rows,
        window_bp=window_bp,
        seconds=seconds,
        memory_bytes=BASE_MEMORY_BYTES + 200 * 64 * window_bp * 4 + min(base_pairs, 1 << 30),
        disk_bytes=base_pairs + 2 * attribution_bytes + genome_bytes + (20 << 20),
        disk_free_bytes=shutil.disk_usage(existing(home)).free,
    )


def count_rows(path: Path, fasta: bool = False) -> int:
    """Rows of a table (comments and blank lines left out) or records of a FASTA; .gz is read through.

    A file that breaks off or cannot be decompressed counts as far as it can be read: validation names the defect.
    """
    rows = 0
    with gzip.open(path, "rb") if _is_gzip(path) else open(path, "rb") as handle:
        try:
            for line in handle:
                if fasta:
                    rows += line.startswith(b">")
                else:
                    rows += bool(line.strip()) and not line.startswith((b"#", b"track", b"browser"))
        except (OSError, EOFError):
            pass
    return rows


def read_length(path: Path) -> int:
    """Length of the first record of a FASTA file, bp; 0 when it has none."""
    length = 0
    with gzip.open(path, "rb") if _is_gzip(path) else open(path, "rb") as handle:
        try:
            for number, line in enumerate(handle):
                if line.startswith(b">") and number:
                    break
                length += 0 if line.startswith(b">") else len(line.strip())
        except (OSError, EOFError):
            pass
    return length


def _is_gzip(path: Path) -> bool:
    with open(path, "rb") as handle:
        return handle.read(2) == b"\x1f\x8b"


def _plain_size(path: Path) -> int:
    """Bytes after decompression; a compressed genome is about 3.4 times as large."""
    size = os.path.getsize(path)
    return int(size * 3.4) if _is_gzip(path) else 0


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(p for p in [path, *path.absolute().parents] if p.exists())
