"""Motif discovery against MEME and STREME 5.4.1: the same sequences, widths, model and number of motifs.

Their times were recorded on two cores of which they use one (oracles/README.md beside the data): they are not run here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).resolve().parents[2] / "shared"
MEME_S = 393.0
STREME_S = 3.5


def em_vs_meme() -> list[dict[str, Any]]:
    """reb1_pm30.fa (1,078 × 61 bp), ZOOPS, both strands, widths 6–15, three motifs at most; best of three runs."""
    from cislex_core.motif_files import read_motifs
    from cislex_core.motifs import Motif, aligned_correlation
    from cislex_core.sequences import encode_batch
    from cislex_motif.discovery import shuffled_control
    from cislex_motif.finder import FinderOptions, find_motifs

    fasta = SHARED / "oracles" / "reb1_pm30.fa"
    if not fasta.is_file():
        raise FileNotFoundError(f"{fasta}: the oracles are kept beside the checkout")
    sequences = [re.sub(r"\s", "", block.partition("\n")[2]) for block in fasta.read_text().split(">")[1:]]
    theirs = read_motifs(SHARED / "oracles" / "meme_reb1_zoops.txt")[0]
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        codes = encode_batch(sequences)
        control = shuffled_control(codes, np.random.default_rng(42))
        found = find_motifs(codes, control, FinderOptions(n_motifs=3, evalue_threshold=1e9))
        seconds.append(time.perf_counter() - started)
    ours = Motif.from_counts("ours", found[0].counts)
    correlation = aligned_correlation(theirs, ours, min_overlap=8)[0]
    ratio = MEME_S / min(seconds)
    return [
        {"name": "EM discovery, 1,078 × 61 bp, 3 motifs whatever their E (MEME 5.4.1: recorded)", "ours": min(seconds),
         "theirs": MEME_S, "unit": "s", "ratio": ratio, "bar": ">= 50x", "met": ratio >= 50},
        {"name": f"EM discovery: first motif {ours.consensus()} against MEME's {theirs.id}, mean column correlation",
         "ours": correlation, "theirs": 1.0, "unit": "r", "ratio": None, "bar": "> 0.95", "met": correlation > 0.95},
        {"name": "EM discovery: sites of the first motif", "ours": len(found[0].rows), "theirs": int(theirs.nsites),
         "unit": "sites", "ratio": None, "bar": None, "met": None},
    ]  # fmt: skip


def words_vs_streme() -> list[dict[str, Any]]:
    """reb1_pm30.fa against abf1_pm30.fa, five motifs whatever their E, as STREME printed; and 10,000 × 100 bp."""
    from cislex_core.motif_files import read_motifs
    from cislex_core.motifs import Motif
    from cislex_core.sequences import encode_batch
    from cislex_motif.finder import FinderOptions, find_motifs
    from cislex_motif.statistics import benjamini_hochberg
    from cislex_motif.tomtom import align_all
    from cislex_motif.word_search import WordOptions, find_by_words

    oracles = SHARED / "oracles"
    if not oracles.is_dir():
        raise FileNotFoundError(f"{oracles}: the oracles are kept beside the checkout")
    reb1, abf1 = (
        encode_batch([re.sub(r"\s", "", b.partition("\n")[2]) for b in (oracles / name).read_text().split(">")[1:]])
        for name in ("reb1_pm30.fa", "abf1_pm30.fa")
    )
    streme = read_motifs(oracles / "streme_reb1_vs_abf1.txt")
    known = read_motifs(SHARED / "data" / "motifs" / "JASPAR2024_CORE_fungi_nr.meme.gz")
    by_words = [_timed(lambda: find_by_words(reb1, abf1, WordOptions(n_motifs=5, evalue_threshold=1e9)))
                for _ in range(3)]  # fmt: skip
    by_em = [_timed(lambda: find_motifs(reb1, abf1, FinderOptions(n_motifs=5, evalue_threshold=1e9))) for _ in range(3)]
    seconds, first = min(t for t, _ in by_words), by_words[0][1][0]
    p = align_all([Motif.from_counts("ours", first.counts)], [*streme, *known]).pvalue[0]
    q = float(benjamini_hochberg(p)[0])
    rng = np.random.default_rng(0)
    large, other = (rng.integers(0, 4, (10_000, 100), dtype=np.uint8) for _ in range(2))
    large[:1000, 40:47] = [2, 0, 3, 0, 0, 2, 1]
    many = _timed(lambda: find_by_words(large, other, WordOptions()))[0]
    return [
        {"name": "Engine words, Reb1 against Abf1, 5 motifs (STREME 5.4.1: recorded)", "ours": seconds,
         "theirs": STREME_S, "unit": "s", "ratio": STREME_S / seconds, "bar": None, "met": None},
        {"name": "Engine words against our EM, the same search", "ours": seconds, "theirs": min(t for t, _ in by_em),
         "unit": "s", "ratio": min(t for t, _ in by_em) / seconds, "bar": None, "met": None},
        {"name": "Engine words: q of the first motif with STREME's first (our Tomtom, fungi and STREME's five)",
         "ours": q, "theirs": None, "unit": "q", "ratio": None, "bar": "< 1e-3", "met": q < 1e-3},
        {"name": "Engine words: sites of the first motif", "ours": len(first.rows), "theirs": int(streme[0].nsites),
         "unit": "sites", "ratio": None, "bar": None, "met": None},
        {"name": "Engine words, 10,000 × 100 bp against as many, to the end", "ours": many, "theirs": None, "unit": "s",
         "ratio": None, "bar": "< 120 s", "met": many < 120},
    ]  # fmt: skip


def _timed(run: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    started = time.perf_counter()
    found = run()
    return time.perf_counter() - started, found


BENCHMARKS = [em_vs_meme, words_vs_streme]
