"""Windows drawn from a genome until the GC histogram that is wanted is filled, or the genome has no more to give.

Windows stand on a grid of their own width, whose beginning is drawn for each contig: none overlaps another, and each is
looked at once at most. Slots are drawn at random over all contigs in proportion to their lengths, in rounds that grow
until rare bins are filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from cislex_core.genome import Genome
from cislex_core.intervals import covered_bases, merge, overlaps_any
from cislex_core.sequences import base_counts, gc_of_counts

from cislex_encoder import gc_matching
from cislex_encoder.gc_content import bins

_BLOCK_BYTES = 4 << 20
_FIRST_ROUND = 4
_GROWTH = 4


def window_gc(genome: Genome, chrom: str, left: np.ndarray, width: int) -> np.ndarray:
    """GC share (n,) of windows of one contig, in blocks."""
    result = np.empty(left.size)
    step = max(1, _BLOCK_BYTES // width)
    for start in range(0, left.size, step):
        part = genome.windows(chrom, left[start : start + step], width)
        result[start : start + step] = gc_of_counts(*base_counts(part), width)
    return result


def draw(
    genome: Genome,
    split_of: Mapping[str, int | None],
    width: int,
    need: np.ndarray,
    avoid: Mapping[str, tuple[np.ndarray, np.ndarray]],
    max_n_fraction: float,
    rng: np.random.Generator,
    tick: Callable[[int], None],
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """(contigs, starts, splits) of the windows found, in the genome's order; ``need`` (splits, bins) is lowered.

    ``split_of``: contigs to draw from, with the one split that each serves, or None for any; ``avoid``: merged
    intervals by contig that no window may touch.
    """
    names = [name for name in genome.contigs if name in split_of and genome.contigs[name] >= width]
    phase = {name: int(rng.integers(0, min(width, genome.contigs[name] - width + 1))) for name in names}
    slots = {name: rng.permutation((genome.contigs[name] - phase[name]) // width) for name in names}
    used = dict.fromkeys(names, 0)
    total = sum(item.size for item in slots.values())
    found: list[tuple[np.ndarray, np.ndarray]] = []
    share = _FIRST_ROUND * int(need.sum()) / max(total, 1)
    while need.sum() and any(used[name] < slots[name].size for name in names):
        chrom_parts: list[np.ndarray] = []
        left_parts: list[np.ndarray] = []
        gc_parts: list[np.ndarray] = []
        for number, name in enumerate(names):
            split = split_of[name]
            if not (need if split is None else need[split]).sum():
                used[name] = slots[name].size
                continue
            upto = min(slots[name].size, used[name] + max(16, round(share * slots[name].size)))
            left = phase[name] + np.sort(slots[name][used[name] : upto]) * width
            used[name] = upto
            left, gc = _usable(genome, name, left, width, avoid.get(name), max_n_fraction)
            chrom_parts.append(np.full(left.size, number, dtype=np.int32))
            left_parts.append(left)
            gc_parts.append(gc)
            tick(int(need.sum()))
        if not chrom_parts:
            break
        chrom, left, gc = np.concatenate(chrom_parts), np.concatenate(left_parts), np.concatenate(gc_parts)
        fixed = np.array([-1 if (s := split_of[name]) is None else s for name in names], dtype=np.int8)[chrom]
        of_split = None if (fixed < 0).any() else fixed
        rows, splits = gc_matching.choose(gc, of_split, need, rng)
        found.append((np.stack([chrom[rows].astype(np.int64), left[rows]], axis=1), splits))
        share *= _GROWTH
    if not found:
        return [], np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
    places = np.concatenate([item[0] for item in found])
    splits = np.concatenate([item[1] for item in found])
    order = np.lexsort((places[:, 1], places[:, 0]))
    return [names[i] for i in places[order, 0]], places[order, 1], splits[order]


def _usable(
    genome: Genome,
    chrom: str,
    left: np.ndarray,
    width: int,
    avoid: tuple[np.ndarray, np.ndarray] | None,
    max_n_fraction: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Those windows that touch nothing to avoid and hold few N; and their GC."""
    if avoid is not None:
        left = left[~overlaps_any(left, left + width, avoid)]
    n_bases = covered_bases(left, left + width, merge(*genome.n_runs(chrom)))
    left = left[n_bases <= max_n_fraction * width]
    gc = window_gc(genome, chrom, left, width)
    known = bins(gc) >= 0
    return left[known], gc[known]
