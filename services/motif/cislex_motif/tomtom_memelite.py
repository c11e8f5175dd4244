"""memelite's Tomtom as an engine. Its kernels are compiled at first use: about 50 s on two cores, then kept on disk.

Who wants this engine warms it while something else runs: ``python -m cislex_motif.tomtom_memelite`` compiles and
stores the machine code under NUMBA_CACHE_DIR (default: the user's cache folder), so that later processes start in a
second. memelite knows the Euclidean distance only, allows every offset (minimum overlap 1) and adds no pseudocount.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from cislex_core.motifs import Motif

from cislex_motif.numba_cache import use_cache
from cislex_motif.tomtom import Alignments


def align_all(queries: Sequence[Motif], targets: Sequence[Motif]) -> tuple[Alignments, str]:
    """Best alignments as ``tomtom.align_all`` gives them, and memelite's version."""
    tomtom = _load()
    with warnings.catch_warnings():
        # The caller warns about few targets in its own words.
        warnings.filterwarnings("ignore", message=".*target motifs.*")
        pvalue, _, offset, overlap, strand = tomtom(
            [np.ascontiguousarray(q.probabilities.T) for q in queries],
            [np.ascontiguousarray(t.probabilities.T) for t in targets],
        )
    alignments = Alignments(
        pvalue=np.clip(np.asarray(pvalue, dtype=np.float64), 0.0, 1.0),
        offset=np.asarray(offset).astype(np.int64),
        overlap=np.asarray(overlap).astype(np.int64),
        reverse=np.asarray(strand).astype(np.int64) == 1,
    )
    return alignments, version("memelite")


def warm() -> float:
    """Compile and run once on two small motifs; answers the seconds it took. Later processes read the disk cache."""
    started = time.perf_counter()
    rng = np.random.default_rng(0)
    motifs = [Motif(f"m{i}", rng.dirichlet(np.ones(4), size=8)) for i in range(30)]
    align_all(motifs[:2], motifs)
    return time.perf_counter() - started


def _load() -> Callable[..., Any]:
    use_cache()
    from memelite import tomtom

    return tomtom


if __name__ == "__main__":
    print(f"memelite {version('memelite')} is ready after {warm():.1f} s", file=sys.stderr)
