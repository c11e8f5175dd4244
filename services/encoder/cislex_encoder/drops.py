"""Candidates for a dataset, one per input row, and why a row is not taken: the drop ledger.

Each rule below looks only at rows that are still kept and marks those it drops; the order of the rules is the order in
which ``build`` applies them. Every input row ends as ``kept`` or with exactly one reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from cislex_core.intervals import covered_bases, merge, nearest_distance, overlaps_any

STATUS = (
    "kept",
    "contig_unknown",
    "out_of_bounds",
    "duplicate",
    "blacklisted",
    "too_many_n",
    "label_conflict",
    "over_limit",
    "not_in_split",
    "balanced_away",
    "flagged",
    "too_short",
    "unresolved",
    "other_class",
    "overlaps_positive",
    "not_chosen",
)
KO, WT = 0, 1
CLASS_NAMES = ("KO", "WT")


@dataclass
class Candidates:
    """All input rows as columns; ``label`` indexes ``classes`` (KO 0, WT 1); ``chrom`` indexes ``contigs``, −1 = none.

    ``classes`` is empty where rows have targets of several tasks instead of a class; ``label`` is then 0 everywhere.

    ``left`` is the window's start (0-based); windows are [left, left + width). ``summit`` is absolute. Ready sequences
    have ``start`` −1 where their header named no place.
    """

    contigs: list[str]
    lengths: np.ndarray
    width: int
    label: np.ndarray
    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    summit: np.ndarray
    left: np.ndarray
    strand: np.ndarray
    source: np.ndarray
    sources: list[str]
    line: np.ndarray
    name: pa.Array
    chrom_as_written: np.ndarray
    written: list[str]
    classes: tuple[str, ...] = CLASS_NAMES
    status: np.ndarray = field(init=False)
    detail: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.status = np.zeros(len(self), dtype=np.uint8)
        self.detail = np.full(len(self), None, dtype=object)

    def __len__(self) -> int:
        return int(self.label.size)

    @property
    def labels(self) -> range:
        """The values that ``label`` may have."""
        return range(max(len(self.classes), 1))

    @property
    def kept(self) -> np.ndarray:
        """Indices of rows that no rule has dropped."""
        return np.flatnonzero(self.status == 0)

    def drop(self, rows: np.ndarray, reason: str, detail: str | np.ndarray | None = None) -> None:
        """Mark rows (indices) as dropped."""
        self.status[rows] = STATUS.index(reason)
        if detail is not None:
            self.detail[rows] = detail

    def counts(self, among: np.ndarray | slice = slice(None)) -> list[dict[str, object]]:
        """[{reason, n_rows}] of all dropped rows (``among`` these), in the order of the rules, without zeros."""
        totals = np.bincount(self.status[among], minlength=len(STATUS))
        return [{"reason": STATUS[i], "n_rows": int(totals[i])} for i in range(1, len(STATUS)) if totals[i]]

    def by_contig(self, rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """(contig index, row indices) for each contig that the given rows name, in the genome's order."""
        order = rows[np.argsort(self.chrom[rows], kind="stable")]
        cuts = np.flatnonzero(np.diff(self.chrom[order])) + 1
        parts = np.split(order, cuts) if order.size else []
        return [(int(self.chrom[part[0]]), part) for part in parts if self.chrom[part[0]] >= 0]


def drop_unknown_contigs(rows: Candidates) -> None:
    """Rows on contigs that the genome lacks (where the pre-flight check let them pass)."""
    unknown = rows.kept[rows.chrom[rows.kept] < 0]
    names = np.asarray([*rows.written, None], dtype=object)[rows.chrom_as_written[unknown]]
    rows.drop(unknown, "contig_unknown", names)


def drop_out_of_bounds(rows: Candidates) -> None:
    """Windows that reach beyond their contig; nothing is padded here."""
    kept = rows.kept
    out = (rows.left[kept] < 0) | (rows.left[kept] + rows.width > rows.lengths[rows.chrom[kept]])
    bad = kept[out]
    rows.drop(bad, "out_of_bounds", _spans(rows, bad))


def _spans(rows: Candidates, index: np.ndarray) -> np.ndarray:
    texts = [
        f"window {rows.left[i]}-{rows.left[i] + rows.width} on a contig of {rows.lengths[rows.chrom[i]]} bp"
        for i in index
    ]
    return np.array(texts, dtype=object)


def drop_duplicates(rows: Candidates, min_distance_bp: int) -> None:
    """Within a class, a window given before; with ``min_distance_bp`` also one whose centre is nearer than that.

    The first in file order stays for equal windows; along the contig for near ones.
    """
    for label in rows.labels:
        mine = rows.kept[rows.label[rows.kept] == label]
        for _, part in rows.by_contig(mine):
            order = part[np.lexsort((part, rows.left[part]))]
            left = rows.left[order]
            keep = np.ones(order.size, dtype=bool)
            if min_distance_bp <= 1:
                keep[1:] = left[1:] != left[:-1]
            else:
                last = left[0]
                for i in range(1, order.size):
                    keep[i] = left[i] - last >= min_distance_bp
                    last = left[i] if keep[i] else last
            firsts = order[np.maximum.accumulate(np.where(keep, np.arange(order.size), 0))]
            gone = order[~keep]
            rows.drop(gone, "duplicate", _lines(rows, firsts[~keep]))


def _lines(rows: Candidates, index: np.ndarray) -> np.ndarray:
    return np.array([f"of {rows.sources[rows.source[i]]} line {rows.line[i]}" for i in index], dtype=object)


def drop_blacklisted(rows: Candidates, blacklist: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Windows that share at least one base with the blacklist (merged starts and ends by contig)."""
    for contig, part in rows.by_contig(rows.kept):
        regions = blacklist.get(rows.contigs[contig])
        if regions is not None:
            hit = overlaps_any(rows.left[part], rows.left[part] + rows.width, regions)
            rows.drop(part[hit], "blacklisted")


def drop_n_on_contig(
    rows: Candidates, part: np.ndarray, runs: tuple[np.ndarray, np.ndarray], max_n_fraction: float
) -> None:
    """Windows of one contig whose share of N exceeds ``max_n_fraction``; ``runs`` are the contig's runs of N."""
    covered = covered_bases(rows.left[part], rows.left[part] + rows.width, merge(*runs))
    bad = covered > max_n_fraction * rows.width
    texts = np.array([f"{count} of {rows.width} bases are N" for count in covered[bad]], dtype=object)
    rows.drop(part[bad], "too_many_n", texts)


def drop_conflicts(rows: Candidates, distance_bp: int) -> None:
    """Rows of two classes whose window centres are nearer than ``distance_bp``: both go, neither label can be trusted.

    With the default distance, half a window, two such windows share more than half their bases.
    """
    kept = rows.kept
    marked = []
    for label in rows.labels:
        of_other = dict(rows.by_contig(kept[rows.label[kept] != label]))
        for contig, part in rows.by_contig(kept[rows.label[kept] == label]):
            other = of_other.get(contig)
            if other is not None:
                distance, nearest = nearest_distance(rows.left[part], rows.left[other])
                near = distance < max(distance_bp, 1)
                marked.append((part[near], other[nearest[near]], distance[near]))
    for index, partner, distance in marked:
        texts = [
            f"{d} bp from {rows.sources[rows.source[p]]} line {rows.line[p]}"
            for p, d in zip(partner, distance, strict=True)
        ]
        rows.drop(index, "label_conflict", np.array(texts, dtype=object))


def drop_equal_sequences(rows: Candidates, prints: np.ndarray) -> None:
    """Ready sequences equal to an earlier one of their class, on either strand (``prints``: (n, 2) fingerprints)."""
    for label in rows.labels:
        mine = rows.kept[rows.label[rows.kept] == label]
        _, first, which = np.unique(prints[mine], axis=0, return_index=True, return_inverse=True)
        earliest = mine[first[which.reshape(-1)]]
        gone = earliest != mine
        rows.drop(mine[gone], "duplicate", _lines(rows, earliest[gone]))


def drop_sequence_conflicts(rows: Candidates, prints: np.ndarray) -> None:
    """Ready sequences found in more than one class, on either strand: all of them go."""
    kept = rows.kept
    _, which = np.unique(prints[kept], axis=0, return_inverse=True)
    which = which.reshape(-1)
    n_classes = np.zeros(which.max(initial=-1) + 1, dtype=np.int64)
    for label in rows.labels:
        n_classes[np.unique(which[rows.label[kept] == label])] += 1
    how_many = "both" if len(rows.classes) == 2 else "several"
    rows.drop(kept[n_classes[which] > 1], "label_conflict", f"the same sequence is in {how_many} sets")
