"""Scanning: parity with FIMO's own hits, and the time of scanning, of scoring 100 motifs, and of grouping 2,000."""

from __future__ import annotations

import csv
import gzip
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).resolve().parents[2] / "shared"
Row = dict[str, Any]


def fimo_parity() -> list[Row]:
    """178 fungal motifs × 724 sequences of 61 bp against MEME Suite 5.4.1's FIMO (needs the oracles)."""
    if not (SHARED / "oracles").is_dir():
        return []
    from cislex_core.motif_files import read_motifs
    from cislex_motif.fimo_matrix import NONREDUNDANT, FimoMatrix

    with gzip.open(SHARED / "oracles" / "fimo_fungi_abf1.tsv.gz", "rt") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    theirs = {(r["motif_id"], r["sequence_name"], int(r["start"]), r["strand"]): float(r["p-value"]) for r in rows}
    motifs = read_motifs(SHARED / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz")
    matrices = [FimoMatrix.of(m, 0.1, NONREDUNDANT) for m in motifs]
    started = time.perf_counter()
    ours = _scan(SHARED / "oracles" / "abf1_pm30.fa", matrices)
    seconds = time.perf_counter() - started
    shared = set(ours) & set(theirs)
    error = max(abs(ours[key] / theirs[key] - 1.0) for key in shared)
    share = len(shared) / max(len(theirs), len(ours))
    return [
        _row(f"ScanMotifs against FIMO 5.4.1: hits at 1e-4 shared, of {len(theirs)}", share, "share", ">= 0.98",
             share >= 0.98),
        _row("ScanMotifs against FIMO 5.4.1: largest relative difference of p", error, "", "<= 0.05", error <= 0.05),
        _row("ScanMotifs, 178 motifs × 724 × 61 bp", seconds, "s"),
    ]  # fmt: skip


def scan_speed() -> list[Row]:
    """100 motifs over 10 Mbp of random sequence, both strands, with q-values."""
    from cislex_motif.fimo_matrix import NONREDUNDANT, FimoMatrix

    rng = np.random.default_rng(0)
    matrices = [FimoMatrix.of(m, 0.1, NONREDUNDANT) for m in _motifs(100, 12, rng)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "s.fa")
        text = "".join("ACGT"[i] for i in rng.integers(0, 4, size=100_000))
        path.write_text("".join(f">s{i}\n{text}\n" for i in range(100)))
        started = time.perf_counter()
        _scan(path, matrices)
        seconds = time.perf_counter() - started
    return [_row("ScanMotifs, 100 motifs × 10 Mbp, p and q", seconds, "s")]


def score_speed() -> list[Row]:
    """ScoreMotifs: 100 motifs of 19 columns × 10,000 sequences of 200 bp, both strands, AUROC and AUPRC."""
    from cislex_motif.scanning import ScoreMatrix, best_hits
    from cislex_motif.separation import measure

    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, size=(10_000, 200)).astype(np.uint8)
    matrices = [ScoreMatrix.from_motif(m, 0.1, np.full(4, 0.25)) for m in _motifs(100, 19, rng)]
    started = time.perf_counter()
    measure(best_hits(codes, matrices), (np.arange(10_000) % 2).astype(float), True)
    seconds = time.perf_counter() - started
    return [_row("ScoreMotifs, 100 motifs × 10,000 × 200 bp", seconds, "s", "< 10 s", seconds < 10.0)]


def group_speed() -> list[Row]:
    """GroupMotifs: all pairs of 2,000 motifs of 19 columns, and their tree."""
    from cislex_motif.families import _average_linkage
    from cislex_motif.motif_similarity import all_pairs

    matrices = [m.probabilities for m in _motifs(2000, 19, np.random.default_rng(0))]
    started = time.perf_counter()
    similarities = all_pairs(matrices, 5)
    _average_linkage(1.0 - similarities.value.astype(np.float64))
    seconds = time.perf_counter() - started
    return [
        _row("GroupMotifs, 2,000 motifs of 19 columns: all pairs and the tree", seconds, "s", "< 60 s", seconds < 60)
    ]


BENCHMARKS = [fimo_parity, scan_speed, score_speed, group_speed]


def _motifs(n: int, width: int, rng: np.random.Generator) -> list[Any]:
    from cislex_core.motifs import Motif

    return [Motif(f"m{i}", rng.dirichlet(np.full(4, 0.3), size=width), nsites=50.0) for i in range(n)]


def _scan(path: Path, matrices: list[Any]) -> dict[tuple[str, str, int, str], float]:
    from cislex_motif.scan import _floor
    from cislex_motif.scan_input import FastaInput
    from cislex_motif.scanner import Scanner

    source = FastaInput(label=path.name, path=path)
    tails = [m.tails() for m in matrices]
    scanner = Scanner(matrices, True, 10_000_000, _Quiet())  # type: ignore[arg-type]
    hits, _ = scanner.run(source, [_floor(tail, 1e-4) for tail in tails], counting=True)
    found = (hits.motif, hits.sequence, hits.start, hits.reverse, hits.score)
    return {
        (matrices[m].motif.id, source.names[s], start + 1, "-" if reverse else "+"): float(tails[m][score])
        for m, s, start, reverse, score in zip(*(values.tolist() for values in found), strict=True)
    }


class _Quiet:
    """A progress that nobody looks at."""

    def update(self, *_: Any, **__: Any) -> None: ...

    def check_cancel(self) -> None: ...


def _row(name: str, ours: float, unit: str, bar: str = "", met: bool | None = None) -> Row:
    return {"name": name, "ours": ours, "theirs": None, "unit": unit, "ratio": None, "bar": bar, "met": met}
