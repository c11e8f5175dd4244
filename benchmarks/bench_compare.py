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
for _ in range(3):
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
    for distance in ("ed", "pearson", "sandelin", "kullback", "allr"):
        p, e = _oracle(distance, [q.id for q in queries], [t.id for t in targets])
        ours = align_all(queries, targets, distance, min_overlap=5)
        low = p < 0.05
        rho = float(spearmanr(np.log(np.maximum(ours.pvalue, 1e-300))[low], np.log(p)[low])[0])
        same = int((ours.pvalue.argmin(axis=1) == p.argmin(axis=1)).sum())
        error = float(np.abs(evalues(p, len(targets)) / e - 1).max())
        name = f"CompareMotifs against Tomtom 5.4.1, {distance}"
        at_least = 0.999 if distance == "ed" else None
        rows.append(_row(f"{name}: Spearman of log p, {int(low.sum())} pairs with p < 0.05", rho, "rank correlation",
                         bar=">= 0.999" if at_least else "", met=rho >= at_least if at_least else None))  # fmt: skip
        rows.append(_row(f"{name}: same best target", same, "of 40", bar="40" if at_least else "",
                         met=same == 40 if at_least else None))  # fmt: skip
        if distance == "ed":
            rows.append(
                _row("E = p × 879: largest relative error", error, "", bar="printed digits", met=bool(error < 5e-5))
            )
    return rows


def tomtom_speed() -> list[Row]:
    """100 queries × 879 targets in a fresh process each: the first call with imports, and later calls."""
    native_first, native_again = _fresh("native")
    _fresh("memelite")  # compiles where no machine code is on disk yet; what follows is memelite at its best
    memelite_first, memelite_again = _fresh("memelite")
    return [
        _pair("Tomtom 100 × 879, fresh process (memelite's machine code on disk)", native_first, memelite_first,
              bar="<= 1.2x memelite", met=native_first <= 1.2 * memelite_first),
        _pair("Tomtom 100 × 879, later calls in one process", native_again, memelite_again),
    ]  # fmt: skip


def memelite_compilation() -> list[Row]:
    """The wait that the native engine spares: memelite's first call with an empty cache (about a minute)."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        cold, _ = _fresh("memelite", {"NUMBA_CACHE_DIR": folder})
    native, _ = _fresh("native")
    return [_pair("first CompareMotifs after installation (memelite compiles)", native, cold)]


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


BENCHMARKS = [tomtom_parity, tomtom_speed, memelite_compilation, enrichment_speed]


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
