"""What a reader of any source hands over to ``importing``: rows, what they are labelled with, what to leave out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from cislex_core.errors import Reason, UserError
from cislex_core.fasta import SequenceSet
from cislex_core.intervals import PeakSet
from cislex_core.text_files import Problems

from cislex_encoder.preflight import Source

OUTSIDE = 3
_SPLITS = {
    "train": 0, "training": 0,
    "validation": 1, "valid": 1, "val": 1, "dev": 1,
    "test": 2, "testing": 2, "holdout": 2, "held_out": 2,
}  # fmt: skip


@dataclass
class Imported:
    """Rows of one source, in the order of its files. Either ``sequences`` or ``peaks`` is filled.

    ``labels``: the class of each set (index into ``classes``). ``values``: (rows, tasks) float32 with NaN for what is
    missing, or int8 with −1, for sources with tasks. ``given``: (rows,) split of each row, OUTSIDE where not said.
    ``left_out``: (row indices, reason of the drop ledger, details). ``columns``: what becomes further columns.
    ``files``: facts for preflight.json of what is not read as peaks.
    """

    sequences: list[SequenceSet] = field(default_factory=list)
    peaks: list[tuple[Source, str, PeakSet]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    values: np.ndarray | None = None
    tasks: list[str] = field(default_factory=list)
    groups: list[str] | None = None
    given: np.ndarray | None = None
    left_out: list[tuple[np.ndarray, str, str | np.ndarray]] = field(default_factory=list)
    columns: dict[str, pa.Array] = field(default_factory=dict)
    files: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def sizes(self) -> list[int]:
        """Rows of each set."""
        return [len(item) for item in self.sequences] or [len(item) for _, _, item in self.peaks]

    def __len__(self) -> int:
        return sum(self.sizes)


def split_of(text: str | None) -> int | None:
    """The split a word means (``val``, ``valid`` and ``dev`` are validation), or None for another word."""
    return _SPLITS.get((text or "").strip().strip('"').lower())


def read_splits(
    words: list[str | None], lines: np.ndarray, source: Source, column: str, problems: Problems
) -> np.ndarray:
    """(n,) int8 splits of a column; words that are none go into ``problems`` with their line."""
    known = {word: split_of(word) for word in set(words)}
    for word in [word for word, value in known.items() if value is None]:
        at = words.index(word)
        problems.add(
            Reason.INVALID_TABLE,
            source.field_path,
            f"{source.shown} line {lines[at]}: column {column} is {word!r}; train, validation or test is needed",
            file=source.shown,
            line=int(lines[at]),
        )
    return np.array([OUTSIDE if (value := known[word]) is None else value for word in words], dtype=np.int8)


def choose_tasks(read: Imported, wanted: list[str], file: Source) -> None:
    """Keep the tasks named, in that order; all where none is. Raises INVALID_TABLE for a name that no task has."""
    if not wanted or wanted == read.tasks:
        return
    missing = [name for name in wanted if name not in read.tasks]
    if missing:
        known = ", ".join(read.tasks[:10]) + (", …" if len(read.tasks) > 10 else "")
        raise UserError(
            Reason.INVALID_TABLE,
            f"{file.shown} has no task {', '.join(missing[:5])}; it has {known}",
            field="tasks",
            file=file.shown,
        )
    index = [read.tasks.index(name) for name in wanted]
    assert read.values is not None
    read.values = np.ascontiguousarray(read.values[:, index])
    read.groups = [read.groups[i] for i in index] if read.groups else None
    read.tasks = list(wanted)


def sequence_set(
    source: str,
    codes: np.ndarray,
    lengths: np.ndarray,
    names: list[str],
    line: np.ndarray,
    place: tuple[list[str | None], np.ndarray, np.ndarray] | None = None,
    facts: dict[str, object] | None = None,
) -> SequenceSet:
    """Sequences that come with no file of their own. ``place``: contig names, starts and ends (−1: none)."""
    n = len(names)
    chrom, start, end = place or ([None] * n, np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64))
    return SequenceSet(
        source=source,
        codes=codes,
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        names=names,
        chrom=chrom,
        start=start,
        end=end,
        strand=["."] * n,
        line=line,
        facts={"n_rows": n, **(facts or {})},
    )
