"""Scanning in shards: motifs are divided for all hits (sequences may be few and long), sequences for best hits.

Scores are whole numbers, so neither shards nor threads can change one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from cislex_core.canonical import digest_bytes
from cislex_core.datasets import Dataset
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Progress
from cislex_runtime.working.shards import Work, map_shards, plan

from cislex_motif.fimo_matrix import FimoMatrix
from cislex_motif.scan_input import ScanInput, scan_input
from cislex_motif.scan_specs import ScanMotifsSpec, ScoreMotifsSpec
from cislex_motif.scanner import Hits, Scanner, refuse_more_hits
from cislex_motif.scanning import ScoreMatrix, best_hits
from cislex_motif.threads import threads_beside

IntArray = npt.NDArray[np.int64]

#: Positions times motifs of a shard at least: some ten seconds of one core.
LEAST = 5_000_000_000
#: Every shard of a scan reads all sequences, which must stay a small part of its work.
MOST_SCANS = 16


@dataclass(frozen=True)
class ScanPayload:
    """``order``: motif indices, of one width side by side, of which a shard takes some. ``floors``: of each motif."""

    spec: ScanMotifsSpec
    matrices: list[FimoMatrix]
    order: IntArray
    floors: list[float]
    counting: bool
    total: int | None
    threads: int


class ScanWork:
    """A ``ShardWork``: all hits of motifs order[start:stop]."""

    def __init__(self, payload: ScanPayload, inputs: Inputs) -> None:
        self._payload = payload
        self._source = scan_input(payload.spec, inputs)
        self._source.total = payload.total

    def __call__(self, start: int, stop: int, folder: Path, progress: Progress) -> None:
        """Write the columns of ``Hits``, motifs by their index among all, and counts.npy, one motif's after another."""
        asked = self._payload
        chosen = asked.order[start:stop]
        scanner = Scanner(
            [asked.matrices[i] for i in chosen], asked.spec.both_strands, asked.spec.max_hits, progress, asked.threads
        )
        hits, counts = scanner.run(self._source, [asked.floors[i] for i in chosen], asked.counting)
        for column in fields(Hits):
            values = getattr(hits, column.name)
            values = chosen[values].astype(np.int32) if column.name == "motif" else values
            np.save(folder / f"{column.name}.npy", values)
        np.save(folder / "counts.npy", np.concatenate(counts))


def scan_in_shards(
    spec: ScanMotifsSpec,
    source: ScanInput,
    matrices: list[FimoMatrix],
    floors: list[float],
    counting: bool,
    inputs: Inputs,
    progress: Progress,
) -> tuple[Hits, list[IntArray]]:
    """Hits with a score of at least the motif's floor, and per motif how many places have each score.

    ``source`` has been read once. Raises INVALID_REQUEST for more hits than the spec allows.
    """
    order = np.argsort([m.grid.width for m in matrices], kind="stable")
    shards = plan(len(order), 1, -(-LEAST // max(source.n_bp, 1)), MOST_SCANS)
    payload = ScanPayload(spec, matrices, order, floors, counting, source.total, threads_beside())
    key = {"spec": spec.digestable(), "counting": counting, "floors": digest_bytes(np.array(floors).tobytes())}
    work = Work(f"{__name__}:ScanWork", payload, key, payload.threads, unit="motifs")
    parts: list[Hits] = []
    counts: list[IntArray] = [np.zeros(0, np.int64)] * len(matrices)
    for shard, folder in zip(shards, map_shards(work, shards, inputs, progress), strict=True):
        parts.append(Hits(*(np.load(folder / f"{column.name}.npy") for column in fields(Hits))))
        if sum(len(part) for part in parts) > spec.max_hits:
            raise refuse_more_hits(spec.max_hits)
        chosen = order[shard.start : shard.stop].tolist()
        sizes = np.cumsum([matrices[i].largest + 2 for i in chosen])[:-1]
        for i, counted in zip(chosen, np.split(np.load(folder / "counts.npy"), sizes), strict=True):
            counts[i] = counted
    return Hits.joined(parts), counts


@dataclass(frozen=True)
class ScorePayload:
    """``rows`` (n,) of the dataset, of which a shard takes some."""

    spec: ScoreMotifsSpec
    rows: IntArray
    matrices: list[ScoreMatrix]
    threads: int


class ScoreWork:
    """A ``ShardWork``: the best hits of all motifs in rows[start:stop]."""

    def __init__(self, payload: ScorePayload, inputs: Inputs) -> None:
        self._payload = payload
        self._dataset = Dataset.from_artifact(inputs.artifact(payload.spec.dataset), TARGET_TYPES)

    def __call__(self, start: int, stop: int, folder: Path, progress: Progress) -> None:
        """Write hits.npy (motifs, stop − start) int32."""

        def report(done: int, total: int) -> None:
            progress.check_cancel()
            progress.update(done, max(total, 1))

        rows = self._payload.rows[start:stop]
        codes = np.asarray(self._dataset.codes[rows])
        np.save(folder / "hits.npy", best_hits(codes, self._payload.matrices, report, self._payload.threads))


def best_hits_in_shards(
    spec: ScoreMotifsSpec,
    window_bp: int,
    rows: IntArray,
    matrices: list[ScoreMatrix],
    inputs: Inputs,
    progress: Progress,
) -> npt.NDArray[np.int32]:
    """``best_hits`` (motifs, n) of dataset rows (n,)."""
    shards = plan(len(rows), 1, -(-LEAST // (window_bp * max(len(matrices), 1))))
    payload = ScorePayload(spec, rows, matrices, threads_beside())
    work = Work(f"{__name__}:ScoreWork", payload, {"spec": spec.digestable()}, payload.threads)
    parts = [np.load(folder / "hits.npy") for folder in map_shards(work, shards, inputs, progress)]
    return np.concatenate(parts, axis=1)
