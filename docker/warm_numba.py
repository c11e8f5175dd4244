"""Compile with numba what the tasks of an image compile, so that a container reads it instead. Run by a build.

Each call is one that a task makes, with small input of the same types. What a package does not let numba keep
(modisco-lite's kernels, some of umap's) is compiled at use all the same.
"""

from __future__ import annotations

import time
from importlib.util import find_spec

import numpy as np
import scipy.sparse


def warm_motif() -> None:
    """Tomtom (ours and memelite's), modularity, recursive seqlets."""
    from cislex_motif import modularity, numba_cache, seqlets, tomtom_memelite

    numba_cache.warm()
    tomtom_memelite.warm()
    rng = np.random.default_rng(0)
    close = rng.random((40, 40)) < 0.2
    modularity.best_partition(scipy.sparse.csr_matrix((close | close.T).astype(np.float64)), 1)
    scores = rng.normal(size=(20, 200)).astype(np.float32)
    seqlets.recursive_seqlets(scores, 0.01, 4, 25)


def warm_explainer() -> None:
    """UMAP as the projection of units asks for it. Few rows, so that all pairs are compared: what searches neighbours
    in larger tables is compiled anew by pynndescent in every process."""
    from cislex_explainer import projection

    rng = np.random.default_rng(0)
    projection.umap(rng.normal(size=(200, 8)).astype(np.float32), 15, 0.1, "euclidean", 0)


if __name__ == "__main__":
    for package, warm in (("cislex_motif", warm_motif), ("cislex_explainer", warm_explainer)):
        if find_spec(package):
            started = time.perf_counter()
            warm()
            print(f"{package}: compiled in {time.perf_counter() - started:.0f} s")
