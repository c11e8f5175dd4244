"""Sequences that stand in two splits at once: the same, the reverse complement, or nearly so.

Nearly: two sequences overlap by |A ∩ B| / max(|A|, |B|) ≥ 0.9 of their sets of canonical 12-mers (of shorter k-mers in
windows below 12 bp). That is 90 % of the k-mers of either; one exchanged base in 200 bp leaves 94 %. Pairs are looked
for by sketches in bands (locality-sensitive hashing): an overlap of 0.9 is a Jaccard index of at least 0.818, and eight
bands of three lanes meet such a pair with a probability of at least 1 − (1 − 0.818³)⁸ = 0.998. What is found is then
compared in full, so every reported pair is true. One sequence stands for its equals in the same split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from cislex_core.sequences import reverse_complement

from cislex_encoder.kmer_sketches import LANES, Sketches, canonical_words
from cislex_encoder.splits import SPLIT_NAMES

MIN_OVERLAP = 0.9
MEASURE = "shared canonical k-mers / k-mers of the sequence that has more"
KINDS = ("same", "reverse_complement", "similar")
MAX_ROWS = 100_000
_PER_BAND = 3
_LEAST_AGREEING = 13  # of 24 lanes; 19.6 ± 1.9 are expected at the threshold
_MAX_BUCKET = 256
_MAX_CANDIDATES = 2_000_000
_BATCH = 1024


@dataclass
class Pairs:
    """Pairs of rows (row_a in the earlier split): indices into the dataset, kinds (index of KINDS), overlaps."""

    a: np.ndarray
    b: np.ndarray
    kind: np.ndarray
    overlap: np.ndarray
    truncated: bool = False


def find(
    codes_path: Path, sketches: Sketches, split: np.ndarray, tick: Callable[[], None]
) -> tuple[pa.Table, dict[str, Any]]:
    """The table leakage.parquet and its summary.

    ``codes_path``: codes.npy (n, width); ``split``: (n,) index of SPLIT_NAMES; ``tick`` is called between batches and
    may raise to stop.
    """
    codes = np.load(codes_path, mmap_mode="r")
    chosen, size = _representatives(sketches.prints, split)
    equal = _equal(codes, chosen, sketches.prints[chosen], tick)
    similar = _similar(codes, sketches, chosen, split[chosen], tick)
    index = np.argsort(chosen)  # row → its place in chosen
    place = index[np.searchsorted(chosen[index], np.concatenate((equal.a, similar.a)))]
    other = index[np.searchsorted(chosen[index], np.concatenate((equal.b, similar.b)))]
    pairs = Pairs(
        chosen[place],
        chosen[other],
        np.concatenate((equal.kind, similar.kind)),
        np.concatenate((equal.overlap, similar.overlap)),
        similar.truncated,
    )
    return _table(pairs, split), _summary(pairs, place, other, size, split, sketches.k)


def _representatives(prints: np.ndarray, split: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row of each (sequence, split), in order of prints, then splits; and how many rows it stands for."""
    order = np.lexsort((split, prints))  # stable: the first row comes first
    new = np.ones(order.size, dtype=bool)
    new[1:] = (prints[order[1:]] != prints[order[:-1]]) | (split[order[1:]] != split[order[:-1]])
    return order[new], np.bincount(np.cumsum(new) - 1)


def _equal(codes: np.ndarray, chosen: np.ndarray, prints: np.ndarray, tick: Callable[[], None]) -> Pairs:
    """Equal sequences in different splits: they are neighbours, for ``chosen`` is in order of prints, then splits."""
    found: list[np.ndarray] = []
    for distance in range(1, len(SPLIT_NAMES)):
        places = np.flatnonzero(prints[distance:] == prints[:-distance])
        for start in range(0, places.size, _BATCH):
            tick()
            at = places[start : start + _BATCH]
            a, b = chosen[at], chosen[at + distance]
            first, second = np.asarray(codes[a]), np.asarray(codes[b])
            same = (first == second).all(axis=1)
            true = same | (first == reverse_complement(second)).all(axis=1)
            found.append(np.stack([a[true], b[true], np.where(same, 0, 1)[true]], axis=1))
    columns = np.concatenate(found) if found else np.empty((0, 3), dtype=np.int64)
    return Pairs(columns[:, 0], columns[:, 1], columns[:, 2], np.ones(len(columns)))


def _similar(
    codes: np.ndarray, sketches: Sketches, chosen: np.ndarray, split: np.ndarray, tick: Callable[[], None]
) -> Pairs:
    usable = np.flatnonzero(sketches.has_kmers[chosen])
    rows = chosen[usable]
    first, second, truncated = _candidates(sketches.lanes, rows, split[usable], sketches.prints[rows], tick)
    first, second = usable[first], usable[second]
    swap = split[first] > split[second]
    a = chosen[np.where(swap, second, first)]
    b = chosen[np.where(swap, first, second)]
    overlap = np.empty(a.size)
    for start in range(0, a.size, _BATCH):
        tick()
        part = slice(start, start + _BATCH)
        overlap[part] = overlaps(np.asarray(codes[a[part]]), np.asarray(codes[b[part]]), sketches.k)
    near = overlap >= MIN_OVERLAP
    return Pairs(a[near], b[near], np.full(int(near.sum()), 2), overlap[near], truncated)


def _candidates(
    lanes: np.ndarray, rows: np.ndarray, split: np.ndarray, prints: np.ndarray, tick: Callable[[], None]
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Pairs of different splits and different sequences that share a band and agree in enough lanes.

    ``lanes``: of all rows of the dataset; ``rows``: those to compare, whose ``split`` and ``prints`` follow.
    """
    n = np.int64(rows.size)
    found: list[np.ndarray] = []
    truncated = False
    for band in range(0, LANES, _PER_BAND):
        tick()
        key = lanes[rows, band].astype(np.uint64)
        for lane in range(band + 1, band + _PER_BAND):
            key <<= np.uint64(16)
            key |= lanes[rows, lane]
        order = np.argsort(key, kind="stable")
        key = key[order]
        active = np.flatnonzero(key[1:] == key[:-1])
        distance = 1
        while active.size:
            i, j = order[active], order[active + distance]
            told_apart = (split[i] != split[j]) & (prints[i] != prints[j])
            i, j = i[told_apart], j[told_apart]
            for start in range(0, i.size, 1 << 18):
                part = slice(start, start + (1 << 18))
                agreeing = (lanes[rows[i[part]]] == lanes[rows[j[part]]]).sum(axis=1)
                likely = agreeing >= _LEAST_AGREEING
                low, high = np.minimum(i[part][likely], j[part][likely]), np.maximum(i[part][likely], j[part][likely])
                found.append(low * n + high)
            distance += 1
            active = active[active + distance < n]
            active = active[key[active] == key[active + distance]]
            if distance > _MAX_BUCKET or sum(map(len, found)) > 2 * _MAX_CANDIDATES:
                truncated |= bool(active.size)
                break
        found = [np.unique(np.concatenate(found))] if found else []
    pairs = found[0] if found else np.empty(0, dtype=np.int64)
    if pairs.size > _MAX_CANDIDATES:
        pairs, truncated = pairs[:_MAX_CANDIDATES], True
    return pairs // n, pairs % n, truncated


def overlaps(first: np.ndarray, second: np.ndarray, k: int) -> np.ndarray:
    """|A ∩ B| / max(|A|, |B|) of the canonical k-mer sets of codes (m, width), row by row; 0 where there is none."""
    sets = [_sorted_sets(codes, k) for codes in (first, second)]
    sizes = [(words < _ABSENT).sum(axis=1) for words in sets]
    both = np.sort(np.concatenate(sets, axis=1), axis=1)
    shared = ((both[:, 1:] == both[:, :-1]) & (both[:, 1:] < _ABSENT)).sum(axis=1)
    return np.asarray(shared / np.maximum(np.maximum(*sizes), 1))


_ABSENT = np.uint32(0xFFFFFFFF)


def _sorted_sets(codes: np.ndarray, k: int) -> np.ndarray:
    """(m, width − k + 1) uint32: each row's canonical k-mers, each once; the places left over hold ``_ABSENT``."""
    words, with_n = canonical_words(np.ascontiguousarray(codes.T), k)
    if with_n is not None:
        words = np.where(with_n, _ABSENT, words)
    words = np.sort(np.ascontiguousarray(words.T), axis=1)
    words[:, 1:][words[:, 1:] == words[:, :-1]] = _ABSENT
    return words


def _table(pairs: Pairs, split: np.ndarray) -> pa.Table:
    order = np.lexsort((pairs.a, pairs.b, -pairs.overlap))[:MAX_ROWS]
    names, kinds = pa.array(SPLIT_NAMES), pa.array(KINDS)
    a, b = pairs.a[order], pairs.b[order]
    return pa.table(
        {
            "row_a": pa.array(a.astype(np.int64)),
            "row_b": pa.array(b.astype(np.int64)),
            "split_a": names.take(pa.array(split[a])),
            "split_b": names.take(pa.array(split[b])),
            "kind": kinds.take(pa.array(pairs.kind[order].astype(np.int64))),
            "overlap": pa.array(pairs.overlap[order]),
        }
    )


def _summary(
    pairs: Pairs, place: np.ndarray, other: np.ndarray, size: np.ndarray, split: np.ndarray, k: int
) -> dict[str, Any]:
    """Counts; rows are counted with all their equals of the same split."""
    between = []
    for first, second in combinations(range(len(SPLIT_NAMES)), 2):
        mine = (split[pairs.a] == first) & (split[pairs.b] == second)
        between.append(
            {
                "split_a": SPLIT_NAMES[first],
                "split_b": SPLIT_NAMES[second],
                "n_pairs": int(mine.sum()),
                "n_rows_a": int(size[np.unique(place[mine])].sum()),
                "n_rows_b": int(size[np.unique(other[mine])].sum()),
            }
        )
    counts = np.bincount(pairs.kind.astype(np.int64), minlength=len(KINDS))
    return {
        "k": k,
        "min_overlap": MIN_OVERLAP,
        "measure": MEASURE,
        "n_pairs": int(pairs.a.size),
        "n_same": int(counts[0]),
        "n_reverse_complement": int(counts[1]),
        "n_similar": int(counts[2]),
        "between": between,
        "truncated": bool(pairs.truncated or pairs.a.size > MAX_ROWS),
    }


def sentence(summary: dict[str, Any], n_of_split: dict[str, int], split_by: str) -> str:
    """The warning LEAKAGE: what was found, what it means, what to do. Empty where nothing was found."""
    parts = [
        f"{item['n_rows_b']:,} of {n_of_split[item['split_b']]:,} {item['split_b']} sequences have a near-duplicate in "
        f"{item['split_a']}"
        for item in summary["between"]
        if item["n_pairs"]
    ]
    if not parts:
        return ""
    pairs = "pair" if summary["n_pairs"] == 1 else "pairs"
    remedy = (
        "repeats and gene families do this; leave such rows out where it matters"
        if split_by == "chromosome"
        else "{remedy}"
    )
    at_least = "at least " if summary["truncated"] else ""
    return (
        f"{at_least}{summary['n_pairs']:,} near-duplicate {pairs} across splits ({summary['n_same']:,} the same, "
        f"{summary['n_reverse_complement']:,} reverse complements, {summary['n_similar']:,} with at least "
        f"{summary['min_overlap']:.0%} of their {summary['k']}-mers in common): {'; '.join(parts)}. What is "
        f"measured on them is memory. leakage.parquet names them; {remedy}"
    )
