"""ScanMotifs: every place where a motif scores better than chance allows, as FIMO finds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.motif_files import write_motifs
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress

from cislex_motif.fimo_matrix import NONREDUNDANT, FimoMatrix, qvalues
from cislex_motif.hit_files import write_hits
from cislex_motif.motif_sources import SourcedMotif, sourced_motifs, unique_ids
from cislex_motif.scan_input import FastaInput, ScanInput, Segment, dataset_input
from cislex_motif.scan_specs import ScanMotifsSpec
from cislex_motif.scanning import letter_frequencies
from cislex_motif.threads import for_each

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_MOTIFS_AT_ONCE = 32
_SEGMENTS_AT_ONCE = 32
_NEVER = float(2**24)


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


def run_scan(spec: ScanMotifsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """The task: read, set thresholds, scan, find q, write."""
    motifs = sourced_motifs(spec, inputs, spec.database)
    motifs = [
        SourcedMotif(m.motif.renamed(name, m.motif.name), m.source, m.source_kind, m.unit_rank)
        for m, name in zip(motifs, unique_ids(motifs), strict=True)
    ]
    source = _input(spec, inputs)
    background = _background(spec, source)
    matrices = [FimoMatrix.of(m.motif, spec.pseudocount, background) for m in motifs]
    tails = [matrix.tails() for matrix in matrices]
    scanner = Scanner(matrices, spec.both_strands, spec.max_hits, progress)

    on_q = spec.threshold_on == "qvalue"
    wants_q = spec.qvalue_method != "none"
    floors = [_NEVER if on_q else _floor(tail, spec.threshold) for tail in tails]
    hits, counts = scanner.run(source, floors, counting=wants_q)
    q = [qvalues(t, c, spec.qvalue_method) for t, c in zip(tails, counts, strict=True)] if wants_q else None
    if on_q and q is not None:
        hits, _ = scanner.run(source, [_floor(values, spec.threshold) for values in q], counting=False)
    n_bp = source.n_bp
    if all(m.motif.width > n_bp for m in motifs):
        progress.warn("NOTHING_SCANNED", "no motif fits into the sequences")

    genomic = write_hits(out, hits, motifs, matrices, tails, q, source)
    write_motifs(out.path("motifs.meme"), [m.motif for m in motifs])
    out.kind = "hits"
    out.genome_digest = source.genome_digest
    out.semantics = {
        "score": "log2 odds, bits, on FIMO's grid of whole numbers",
        "pvalue": "exact chance of a score at least as large at one place on one strand",
        "qvalue": {"bh": "Benjamini-Hochberg over all places of a motif", "none": "not computed",
                   "storey": "Benjamini-Hochberg times Storey's share of true nulls (lambda 0.5)"}[spec.qvalue_method],
        "significant": f"{spec.threshold_on} < {spec.threshold:g}",
        "strands": 2 if spec.both_strands else 1,
        "letter_frequencies": [round(float(f), 6) for f in background],
        "pseudocount": spec.pseudocount,
        "n_policy": "a window with an N is no place",
        "coordinates": "hits.parquet and hits.bed 0-based half-open, hits.tsv 1-based closed as FIMO writes it",
    }  # fmt: skip
    out.summary = _summary(spec, source, motifs, hits, tails, background, genomic)


class Scanner:
    """Scans segments for many motifs on all cores; what is kept is hits, and counts of every score where wanted."""

    def __init__(self, matrices: Sequence[FimoMatrix], both: bool, max_hits: int, progress: Progress) -> None:
        self._matrices, self._both, self._max_hits, self._progress = matrices, both, max_hits, progress
        self.widest = max(m.grid.width for m in matrices)
        self._groups = list(_groups(matrices, both))

    def run(self, source: ScanInput, floors: Sequence[float], counting: bool) -> tuple[Hits, list[IntArray]]:
        """Hits with a score of at least the motif's floor, and per motif how many places have each score."""
        counts = [np.zeros(m.largest + 2, np.int64) for m in self._matrices]
        level = np.array(floors, dtype=np.float32)
        parts: list[Hits] = []
        n_hits = 0
        stream = source.segments(self.widest)
        while batch := list(islice(stream, _SEGMENTS_AT_ONCE)):
            found: list[list[Hits]] = [[] for _ in batch]
            counted: list[list[tuple[int, IntArray]]] = [[] for _ in batch]

            def scan(i: int, batch: list[Segment] = batch, found: list[list[Hits]] = found,
                     counted: list[list[tuple[int, IntArray]]] = counted) -> None:  # fmt: skip
                for group in self._groups:
                    hits, tally = _scan(batch[i], group, level, counting)
                    found[i] += hits
                    counted[i] += tally

            for_each(scan, range(len(batch)), lambda _: self._progress.check_cancel())
            for tally in counted:
                for motif, tallied in tally:
                    counts[motif][: len(tallied)] += tallied
            parts += [hits for several in found for hits in several]
            n_hits += sum(len(hits) for several in found for hits in several)
            if n_hits > self._max_hits:
                raise UserError(
                    Reason.INVALID_REQUEST,
                    f"more than {self._max_hits:,} hits after {int(batch[-1].sequence[-1]) + 1:,} sequences; lower the "
                    "threshold, name fewer motifs, or raise max_hits",
                    field="threshold",
                    max_hits=self._max_hits,
                )
            done = int(batch[-1].sequence[-1]) + 1
            self._progress.update(done, source.total or done, unit="sequences", hits=n_hits)
        return Hits.joined(parts), counts


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


def _floor(values: FloatArray, threshold: float) -> float:
    """The smallest score whose p or q is below the threshold."""
    below = np.flatnonzero(values[:-1] < threshold * (1.0 - 1e-9))
    return float(below[0]) if len(below) else _NEVER


def _input(spec: ScanMotifsSpec, inputs: Inputs) -> ScanInput:
    if spec.dataset is not None:
        return dataset_input(Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES), spec.split)
    assert spec.fasta is not None
    path = inputs.file(spec.fasta)
    return FastaInput(label=(spec.fasta.path or str(path)).rsplit("/", 1)[-1], path=path)


def _background(spec: ScanMotifsSpec, source: ScanInput) -> FloatArray:
    if spec.background == "nonredundant":
        return NONREDUNDANT
    if spec.background == "uniform":
        return np.full(4, 0.25)
    if spec.background == "sequences":
        counts = np.zeros(5)
        for codes in source.sequences():
            counts += np.bincount(codes, minlength=5)
        if counts[:4].sum() == 0:
            return letter_frequencies([])
        both = counts[:4] + (counts[:4][::-1] if spec.both_strands else counts[:4])
        both = np.maximum(both, 1.0)
        return np.asarray(both / both.sum())
    given = np.array(spec.background_frequencies)
    given = (given + given[::-1]) / 2 if spec.both_strands else given
    return np.asarray(given / given.sum())


def _summary(
    spec: ScanMotifsSpec, source: ScanInput, motifs: Sequence[SourcedMotif], hits: Hits, tails: Sequence[FloatArray],
    background: FloatArray, genomic: bool,
) -> dict[str, object]:  # fmt: skip
    """Facts of the resource message HitSet."""
    n = np.bincount(hits.motif, minlength=len(motifs))
    best = np.full(len(motifs), 0)
    np.maximum.at(best, hits.motif, hits.score)
    order = np.argsort(-n, kind="stable")[:50].tolist()
    return {
        "n_motifs": len(motifs),
        "n_sequences": len(source.names),
        "n_bp": source.n_bp,
        "n_hits": len(hits),
        "n_motifs_with_hits": int((n > 0).sum()),
        "threshold": spec.threshold,
        "threshold_on": spec.threshold_on,
        "qvalue_method": spec.qvalue_method,
        "background": [float(f) for f in background],
        "source": source.label,
        "genomic": genomic,
        "top": [
            {"motif": motifs[i].motif.id, "motif_name": motifs[i].motif.name, "n_hits": int(n[i]),
             "best_pvalue": float(tails[i][best[i]])}
            for i in order if n[i]
        ],
    }  # fmt: skip
