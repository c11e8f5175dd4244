"""UMAP of unit outputs: sequences that switch on the same units lie together (ExplaiNN, Fig. 5G)."""

from __future__ import annotations

import warnings

import numpy as np


def evenly(n: int, most: int) -> np.ndarray:
    """Indices (m,) int64, ascending: all of ``n``, or ``most`` of them evenly spaced."""
    if n <= most:
        return np.arange(n, dtype=np.int64)
    return np.linspace(0, n - 1, most).round().astype(np.int64)


def standardised(values: np.ndarray) -> np.ndarray:
    """Columns of values (n, units) with mean 0 and variance 1; a constant column becomes 0."""
    wide = values.astype(np.float64)
    sd = wide.std(axis=0)
    return ((wide - wide.mean(axis=0)) / np.where(sd > 1e-12, sd, 1.0)).astype(np.float32)


def umap(values: np.ndarray, n_neighbors: int, min_dist: float, metric: str, seed: int) -> np.ndarray:
    """(n, 2) float32 of values (n, units). One thread and a fixed seed: the same on every run of the same machine.

    The numba kernels compile at first use and are kept where NUMBA_CACHE_DIR says.
    """
    with warnings.catch_warnings():
        # umap and numba warn of their own dependencies' habits; nothing here depends on them
        warnings.simplefilter("ignore")
        from umap import UMAP

        reducer = UMAP(
            n_components=2, n_neighbors=min(n_neighbors, len(values) - 1), min_dist=min_dist, metric=metric,
            random_state=seed, n_jobs=1,
        )  # fmt: skip
        return np.asarray(reducer.fit_transform(values), dtype=np.float32)
