"""Naming motifs: parity with Tomtom's own answers, time against memelite, and the time of known-motif enrichment."""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).resolve().parents[2] / "shared"
Row = dict[str, Any]

_FRESH = """
import sys, time
started = time.perf_counter()
from cislex_core.motif_databases import open_database
targets = open_database("jaspar2024-vertebrates").motifs
queries = targets[::8][:100]
if sys.argv[1] == "native":
    from cislex_motif.tomtom import align_all
else:
    from cislex_motif.tomtom_memelite import align_all
align_all(queries, targets)
first = time.perf_counter() - started
again = []
for _ in range(7):
    t = time.perf_counter()
    align_all(queries, targets)
    again.append(time.perf_counter() - t)
print(first, min(again))
"""


def tomtom_parity() -> list[Row]:
    """40 queries × 879 targets against MEME Suite 5.4.1, per distance (needs the oracles beside the checkout)."""
    if not (SHARED / "oracles").is_dir():
        return []
    from cislex_core.motif_files import read_motifs
    from cislex_motif.statistics import evalues
    from cislex_motif.tomtom import align_all
    from scipy.stats import spearmanr

    queries = read_motifs(SHARED / "oracles" / "tomtom_queries.meme")
    targets = read_motifs(SHARED / "data" / "motifs" / "JASPAR2024_CORE_vertebrates_nr.meme.gz")
    rows: list[Row] = []
    for distance, least, best in (
        ("ed", 0.999, 40), ("pearson", 0.99, 38), ("sandelin", 0.99, 38), ("kullback", 0.99, 38), ("allr", 0.99, 38),
    ):  # fmt: skip
        p, e = _oracle(distance, [q.id for q in queries], [t.id for t in targets])
        ours = align_all(queries, targets, distance, min_overlap=5)
        low = p < 0.05
        rho = float(spearmanr(np.log(np.maximum(ours.pvalue, 1e-300))[low], np.log(p)[low])[0])
        same = int((ours.pvalue.argmin(axis=1) == p.argmin(axis=1)).sum())
        error = float(np.abs(evalues(p, len(targets)) / e - 1).max())
        name = f"CompareMotifs against Tomtom 5.4.1, {distance}"
        rows.append(_row(f"{name}: Spearman of log p, {int(low.sum())} pairs with p < 0.05", rho, "rank correlation",
                         bar=f">= {least}", met=rho >= least))  # fmt: skip
        rows.append(_row(f"{name}: same best target", same, "of 40", bar=f">= {best}", met=same >= best))
        if distance == "ed":
            rows.append(
                _row("E = p × 879: largest relative error", error, "", bar="printed digits", met=bool(error < 5e-5))
            )
    return rows


def tomtom_speed() -> list[Row]:
    """100 queries × 879 targets in a fresh process each: the first call with imports, and later calls. Both engines'
    machine code is on disk.
    """
    _fresh("native")  # compiles where no machine code is on disk yet; what follows is both at their best
    _fresh("memelite")
    native_first, native_again = _fresh("native")
    memelite_first, memelite_again = _fresh("memelite")
    return [
        _pair("Tomtom 100 × 879, ed, fresh process", native_first, memelite_first,
              bar="<= 1.2x memelite", met=native_first <= 1.2 * memelite_first),
        _pair("Tomtom 100 × 879, ed, later calls in one process", native_again, memelite_again,
              bar="<= 1.2x memelite", met=native_again <= 1.2 * memelite_again),
    ]  # fmt: skip


def first_compilation() -> list[Row]:
    """The first call after installation, with an empty cache: what numba compiles for either engine."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        native, _ = _fresh("native", {"NUMBA_CACHE_DIR": folder})
    with tempfile.TemporaryDirectory() as folder:
        memelite, _ = _fresh("memelite", {"NUMBA_CACHE_DIR": folder})
    return [_pair("first CompareMotifs after installation (numba compiles)", native, memelite)]


def enrichment_speed() -> list[Row]:
    """879 motifs, both strands: 2,000 × 600 bp and 16,000 × 100 bp, scan and best-threshold test."""
    from cislex_core.motif_databases import open_database
    from cislex_motif.scanning import ScoreMatrix, best_hits
    from cislex_motif.thresholds import best_threshold

    motifs = open_database("jaspar2024-vertebrates").motifs
    background = np.full(4, 0.25)
    matrices = [ScoreMatrix.from_motif(m, 0.1, background) for m in motifs]
    rows = []
    for n, length in ((2000, 600), (16000, 100)):
        codes = np.random.default_rng(0).integers(0, 4, size=(n, length)).astype(np.uint8)
        started = time.perf_counter()
        hits = best_hits(codes, matrices)
        scanned = time.perf_counter() - started
        best_threshold(hits[:, : n // 2], hits[:, n // 2 :], "fisher")
        total = time.perf_counter() - started
        met = total < 30 if n == 2000 else None
        rows.append(_row(f"EnrichMotifs {len(motifs)} motifs × {n:,} × {length} bp (scan alone {scanned:.1f} s)", total,
                         "s", bar="< 30 s" if n == 2000 else "", met=met))  # fmt: skip
    return rows


BENCHMARKS = [tomtom_parity, tomtom_speed, first_compilation, enrichment_speed]


def _oracle(distance: str, queries: list[str], targets: list[str]) -> tuple[np.ndarray, np.ndarray]:
    p, e = np.ones((len(queries), len(targets))), np.ones((len(queries), len(targets)))
    row, column = {q: i for i, q in enumerate(queries)}, {t: i for i, t in enumerate(targets)}
    with gzip.open(SHARED / "oracles" / f"tomtom_{distance}.tsv.gz", "rt") as handle:
        for line in csv.DictReader((x for x in handle if x.strip() and not x.startswith("#")), delimiter="\t"):
            at = row[line["Query_ID"]], column[line["Target_ID"]]
            p[at], e[at] = float(line["p-value"]), float(line["E-value"])
    return p, e


def _fresh(engine: str, extra: dict[str, str] | None = None) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _FRESH, engine],
        capture_output=True, text=True, check=True, env={**os.environ, **(extra or {})},
    )  # fmt: skip
    first, again = done.stdout.split()
    return float(first), float(again)


def _row(name: str, ours: float, unit: str, bar: str = "", met: bool | None = None) -> Row:
    return {"name": name, "ours": ours, "theirs": None, "unit": unit, "ratio": None, "bar": bar, "met": met}


def _pair(name: str, ours: float, theirs: float, bar: str = "", met: bool | None = None) -> Row:
    return {"name": name, "ours": ours, "theirs": theirs, "unit": "s", "ratio": theirs / ours, "bar": bar, "met": met}
