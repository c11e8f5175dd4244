"""Sets of genomic intervals as columns, and the few operations cislex needs on them. 0-based, half-open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class PeakSet:
    """Peaks of one file as columns; row i of every column is the same peak.

    ``chrom``: int32 index into ``contigs`` (names as in the file, in order of appearance); ``start``, ``end``,
    ``summit``: int64 (summit is absolute: the file's own, else the midpoint); ``name``: strings, nullable;
    ``strand``: uint8 ASCII of + - .; ``line``: 1-based line of the file.
    """

    source: str
    contigs: list[str]
    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    summit: np.ndarray
    name: pa.Array
    strand: np.ndarray
    line: np.ndarray
    facts: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.start.size)

    @property
    def chrom_names(self) -> np.ndarray:
        """(n,) contig names as objects."""
        return np.asarray(self.contigs, dtype=object)[self.chrom] if len(self) else np.empty(0, dtype=object)

    def rename(self, mapping: dict[str, str]) -> PeakSet:
        """The same peaks with contigs renamed; two names that become one are merged."""
        new_names = [mapping.get(name, name) for name in self.contigs]
        merged = list(dict.fromkeys(new_names))
        lookup = np.asarray([merged.index(name) for name in new_names], dtype=np.int32)
        return replace(self, contigs=merged, chrom=lookup[self.chrom] if len(self) else self.chrom)


def merge(starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Union of intervals as sorted, disjoint (starts, ends); touching ones are joined."""
    if starts.size == 0:
        return starts, ends
    order = np.argsort(starts, kind="stable")
    starts, furthest = starts[order], np.maximum.accumulate(ends[order])
    new = np.concatenate(([True], starts[1:] > furthest[:-1]))
    last = np.concatenate((np.flatnonzero(new)[1:] - 1, [starts.size - 1]))
    return starts[new], furthest[last]


def overlaps_any(starts: np.ndarray, ends: np.ndarray, merged: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(n,) bool: the interval shares at least one base with a disjoint, sorted set (of the same contig)."""
    from_, to = merged
    if from_.size == 0:
        return np.zeros(starts.size, dtype=bool)
    after = np.searchsorted(from_, ends, side="left")
    return (after > 0) & (to[np.maximum(after - 1, 0)] > starts)


def covered_bases(starts: np.ndarray, ends: np.ndarray, merged: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(n,) int64: how many bases of each interval a disjoint, sorted set (of the same contig) covers."""
    from_, to = merged
    if from_.size == 0:
        return np.zeros(starts.size, dtype=np.int64)
    total = np.concatenate(([0], np.cumsum(to - from_)))

    def before(positions: np.ndarray) -> np.ndarray:
        index = np.searchsorted(from_, positions, side="right")
        inside = np.where(index > 0, np.minimum(positions, to[np.maximum(index - 1, 0)]), 0)
        whole = total[np.maximum(index - 1, 0)]
        return np.asarray(np.where(index > 0, whole + inside - from_[np.maximum(index - 1, 0)], 0))

    return before(ends) - before(starts)


def nearest_distance(positions: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (n,) from each position to the nearest of ``others``, and that one's index; huge and −1 if none."""
    if others.size == 0:
        return np.full(positions.size, np.iinfo(np.int64).max), np.full(positions.size, -1)
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    right = np.clip(np.searchsorted(ordered, positions), 0, ordered.size - 1)
    left = np.maximum(right - 1, 0)
    use_left = np.abs(positions - ordered[left]) <= np.abs(ordered[right] - positions)
    best = np.where(use_left, left, right)
    return np.abs(positions - ordered[best]), order[best]
