"""Motif discovery against MEME 5.4.1: the same sequences, widths, model and number of motifs.

MEME's time is its own on two cores of which it uses one (oracles/README.md beside the data): it is not run here.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np

SHARED = Path(__file__).resolve().parents[2] / "shared"
MEME_S = 393.0


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


BENCHMARKS = [em_vs_meme]
