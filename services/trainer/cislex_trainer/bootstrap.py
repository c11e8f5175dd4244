"""95 % intervals by a bootstrap over blocks of the genome: neighbouring windows are not independent of one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

MIN_CHROMOSOMES = 3
# enough blocks for a spread of replicates, few enough that a block stays larger than a neighbourhood
CONTIGUOUS_BLOCKS = 20
_CHUNK_CELLS = 20_000_000


@dataclass(frozen=True)
class Blocks:
    """``of``: (n,) the block number of each row; ``kind``: chromosomes or contiguous; ``text`` says it to people."""

    of: np.ndarray
    kind: str
    text: str

    @property
    def n(self) -> int:
        """Number of blocks."""
        return int(self.of.max()) + 1 if len(self.of) else 0


def blocks(chroms: np.ndarray, starts: np.ndarray) -> Blocks:
    """Whole chromosomes when three or more are present, else runs of neighbouring windows.

    ``chroms``: (n,) names, '' = unknown. ``starts``: (n,) 0-based starts, negative = unknown. The fall-back sorts by
    (chromosome, start) and cuts the order into 20 runs of equal size (fewer than 20 rows: one row a run).
    """
    names, of = np.unique(chroms.astype(str), return_inverse=True)
    if len(names) >= MIN_CHROMOSOMES and "" not in names:
        return Blocks(of, "chromosomes", f"{len(names)} chromosomes resampled with replacement")
    n_blocks = min(CONTIGUOUS_BLOCKS, len(chroms))
    order = np.lexsort((np.arange(len(chroms)), starts, of))
    runs = np.empty(len(chroms), dtype=np.int64)
    runs[order] = np.arange(len(chroms)) * n_blocks // max(len(chroms), 1)
    return Blocks(
        runs,
        "contiguous",
        f"{n_blocks} runs of neighbouring windows resampled with replacement, because the split spans fewer than "
        f"{MIN_CHROMOSOMES} known chromosomes; intervals may be a little narrow",
    )


def replicate_weights(found: Blocks, n_replicates: int, seed: int) -> Iterator[np.ndarray]:
    """Chunks (replicates, n) of float64: how often each row is drawn when as many blocks as there are are drawn."""
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // max(len(found.of), 1))
    for start in range(0, n_replicates, chunk):
        size = min(chunk, n_replicates - start)
        drawn = rng.multinomial(found.n, np.full(found.n, 1 / found.n), size=size)
        yield drawn[:, found.of].astype(np.float64)


def intervals(
    metrics: Callable[[np.ndarray], dict[str, np.ndarray]], found: Blocks, n_replicates: int, seed: int
) -> dict[str, list[float]]:
    """Percentile 2.5–97.5 of each metric. ``metrics`` maps weights (replicates, n) to arrays (replicates,).

    Replicates in which a metric is undefined (one class only) are left out of it; a metric defined in fewer than half
    of them has no interval.
    """
    gathered: dict[str, list[np.ndarray]] = {}
    for weights in replicate_weights(found, n_replicates, seed):
        for name, values in metrics(weights).items():
            gathered.setdefault(name, []).append(values)
    out = {}
    for name, parts in gathered.items():
        values = np.concatenate(parts)
        values = values[np.isfinite(values)]
        if len(values) * 2 >= n_replicates:
            low, high = np.percentile(values, [2.5, 97.5])
            out[name] = [float(low), float(high)]
    return out
