"""numba, and where it keeps machine code: compiled once a machine, then read from disk.

Imported by tasks only when they compute: numba takes half a second to import and seconds to compile.
``python -m cislex_motif.numba_cache`` compiles ahead of time, as an image's build does.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import ModuleType


def use_cache() -> None:
    """Let numba keep its code in the user's cache folder: beside the package it may not write. Before its import."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cislex" / "numba"
    # numba reads the variable when it is first imported.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache))


def load_kernels() -> ModuleType:
    """The module ``tomtom_kernels``."""
    use_cache()
    from cislex_motif import tomtom_kernels

    return tomtom_kernels


def warm() -> float:
    """Compile what the native Tomtom needs; answers the seconds it took. Later processes read the disk cache."""
    import numpy as np
    from cislex_core.motifs import Motif

    from cislex_motif.tomtom import align_all

    started = time.perf_counter()
    rng = np.random.default_rng(0)
    motifs = [Motif(f"m{i}", rng.dirichlet(np.ones(4), size=8)) for i in range(60)]
    align_all(motifs[:2], motifs)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(f"the native Tomtom is ready after {warm():.1f} s", file=sys.stderr)
