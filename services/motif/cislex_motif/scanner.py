"""Scanning segments of sequence for many motifs at once, exactly: every score is a sum of whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock

import numpy as np
import numpy.typing as npt
from cislex_core.errors import Reason, UserError
from cislex_core.tasks import Progress

from cislex_motif.fimo_matrix import FimoMatrix
from cislex_motif.scan_input import ScanInput, Segment
from cislex_motif.threads import for_each

IntArray = npt.NDArray[np.int64]

_MOTIFS_AT_ONCE = 32
_SEGMENTS_AT_ONCE = 32


@dataclass(frozen=True)
class Hits:
    """Hits as parallel arrays: motif and sequence by index, start in the sequence (0-based), reverse, score (grid)."""

    motif: npt.NDArray[np.int32]
    sequence: IntArray
    start: IntArray
    reverse: npt.NDArray[np.bool_]
    score: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.motif)

    @classmethod
    def joined(cls, parts: Sequence[Hits]) -> Hits:
        """All hits by motif, sequence, start and strand."""
        if not parts:
            empty = np.zeros(0, np.int64)
            return cls(empty.astype(np.int32), empty, empty, empty.astype(np.bool_), empty.astype(np.int32))
        motif, sequence, start, reverse, score = (
            np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__
        )
        order = np.lexsort((reverse, start, sequence, motif))
        return cls(motif[order], sequence[order], start[order], reverse[order], score[order])


class Scanner:
    """Scans segments for many motifs on all cores; what is kept is hits, and counts of every score where wanted."""

    def __init__(
        self,
        matrices: Sequence[FimoMatrix],
        both: bool,
        max_hits: int,
        progress: Progress,
        threads: int | None = None,
    ) -> None:
        self._matrices, self._both, self._max_hits, self._progress = matrices, both, max_hits, progress
        self._threads = threads
        self.widest = max(m.grid.width for m in matrices)
        self._groups = list(_groups(matrices, both))

    def run(self, source: ScanInput, floors: Sequence[float], counting: bool) -> tuple[Hits, list[IntArray]]:
        """Hits with a score of at least the motif's floor, and per motif how many places have each score."""
        counts = [np.zeros(m.largest + 2, np.int64) for m in self._matrices]
        level = np.array(floors, dtype=np.float32)
        parts: list[Hits] = []
        n_hits, adding = 0, Lock()
        stream = source.segments(self.widest)
        while batch := list(islice(stream, _SEGMENTS_AT_ONCE)):
            found: list[list[Hits]] = [[] for _ in batch]

            def scan(i: int, batch: list[Segment] = batch, found: list[list[Hits]] = found) -> None:
                for group in self._groups:
                    hits, tally = _scan(batch[i], group, level, counting)
                    found[i] += hits
                    # At once, since thousands of motifs' tallies of a batch take gigabytes; the order changes no sum.
                    with adding:
                        for motif, tallied in tally:
                            counts[motif][: len(tallied)] += tallied

            for_each(scan, range(len(batch)), lambda _: self._progress.check_cancel(), self._threads)
            parts += [hits for several in found for hits in several]
            n_hits += sum(len(hits) for several in found for hits in several)
            if n_hits > self._max_hits:
                raise refuse_more_hits(self._max_hits)
            done = int(batch[-1].sequence[-1]) + 1
            self._progress.update(done, source.total or done, unit="sequences", hits=n_hits)
        return Hits.joined(parts), counts


def refuse_more_hits(max_hits: int) -> UserError:
    """The error of a scan that finds more than it may."""
    return UserError(
        Reason.INVALID_REQUEST,
        f"more than {max_hits:,} hits; lower the threshold, name fewer motifs, or raise max_hits",
        field="threshold",
        max_hits=max_hits,
    )


@dataclass(frozen=True)
class _Group:
    """Motifs of one width. table: (strands · motifs, 4 · width) float32 weights, forward strands first."""

    members: IntArray
    width: int
    table: npt.NDArray[np.float32]
    sizes: tuple[int, ...]


def _groups(matrices: Sequence[FimoMatrix], both: bool) -> Iterator[_Group]:
    widths = np.array([m.grid.width for m in matrices])
    for width in np.unique(widths).tolist():
        same = np.flatnonzero(widths == width)
        for start in range(0, len(same), _MOTIFS_AT_ONCE):
            members = same[start : start + _MOTIFS_AT_ONCE]
            forward = np.stack([matrices[i].grid.weights for i in members])
            strands = np.concatenate([forward, forward[:, ::-1, ::-1]]) if both else forward
            # Whole numbers below 2^24: float32 sums of them are exact, in whatever order a BLAS adds.
            table = np.ascontiguousarray(strands.reshape(len(strands), -1), dtype=np.float32)
            yield _Group(members, width, table, tuple(matrices[i].largest + 2 for i in members))


def _scan(
    segment: Segment, group: _Group, floors: npt.NDArray[np.float32], counting: bool
) -> tuple[list[Hits], list[tuple[int, IntArray]]]:
    """Hits of one group of motifs in one segment, and the counts of scores of each motif."""
    codes, width = segment.codes, group.width
    places = len(codes) - width + 1
    if places < 1:
        return [], []
    hot = (codes[:, None] == np.arange(4, dtype=np.uint8)).astype(np.float32)
    view = np.lib.stride_tricks.as_strided(hot, (places, 4 * width), (hot.strides[0], hot.strides[1]), writeable=False)
    unknown = np.concatenate(([0], np.cumsum(codes > 3, dtype=np.int32)))
    good = np.flatnonzero((unknown[width:] == unknown[:-width]) & ~segment.closed[:places])
    if len(good) == 0:
        return [], []
    scores = group.table @ view[good].T
    m = len(group.members)
    rows, at = np.nonzero(scores >= floors[group.members[np.arange(len(scores)) % m]][:, None])
    hits = []
    if len(rows):
        start = good[at]
        piece = np.searchsorted(segment.starts, start, side="right") - 1
        hits = [
            Hits(
                group.members[rows % m].astype(np.int32), segment.sequence[piece],
                segment.offset[piece] + start - segment.starts[piece], rows >= m, scores[rows, at].astype(np.int32),
            )
        ]  # fmt: skip
    counted = []
    if counting:
        whole = scores.astype(np.intp)
        for i, motif in enumerate(group.members.tolist()):
            counted.append((motif, np.bincount(whole[i::m].ravel(), minlength=group.sizes[i])))
    return hits, counted
