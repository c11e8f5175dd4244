"""Match filters between seeds: which of them are the same motif, however shifted and on whichever strand.

Two matrices are laid over each other at every shift and in both orientations; columns outside the other count as
background. Similarity is the cosine of p − 0.25 over all columns, so a match of two weak columns beside strong ones
that do not match is no match. Groups: agglomerative, average linkage on 1 − similarity, cut at a least similarity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def pairwise_similarity(probabilities: np.ndarray, min_overlap: int = 6) -> np.ndarray:
    """Similarity (m, m) float64 in [−1, 1] of matrices (m, k, 4) that share a width: the best over shifts with at
    least ``min_overlap`` common columns (at most k) and both orientations. 1 on the diagonal; 0 for a flat matrix."""
    centred = probabilities - 0.25
    m, k, _ = centred.shape
    overlap_least = min(min_overlap, k)
    norm = np.linalg.norm(centred.reshape(m, -1), axis=1)
    scale = np.where(norm > 1e-12, norm, np.inf)
    best = np.full((m, m), -1.0)
    for other in (centred, centred[:, ::-1, ::-1]):
        for shift in range(-(k - overlap_least), k - overlap_least + 1):
            overlap = k - abs(shift)
            left, right = max(shift, 0), max(-shift, 0)
            a = centred[:, left : left + overlap].reshape(m, -1)
            b = other[:, right : right + overlap].reshape(m, -1)
            best = np.maximum(best, a @ b.T)
    similarity = best / scale[:, None] / scale[None, :]
    similarity = np.maximum(similarity, similarity.T)
    np.fill_diagonal(similarity, 1.0)
    return similarity


def group_filters(similarity: np.ndarray, least: float) -> np.ndarray:
    """Group number (m,) of each filter; 0 is the largest group, equal sizes by their first member."""
    m = len(similarity)
    if m < 2:
        return np.zeros(m, dtype=np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(np.clip(1.0 - similarity, 0.0, None), checks=False), method="average")
    raw = fcluster(tree, 1.0 - least + 1e-12, criterion="distance")
    first: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for index, group in enumerate(raw.tolist()):
        first.setdefault(group, index)
        sizes[group] = sizes.get(group, 0) + 1
    order = {group: rank for rank, group in enumerate(sorted(first, key=lambda g: (-sizes[g], first[g])))}
    return np.array([order[group] for group in raw.tolist()], dtype=np.int64)


@dataclass(frozen=True)
class Group:
    """Filters that are one motif; members and representative are positions in the grouped list. The representative is
    the member most similar to the others on average (among equals, the first)."""

    members: list[int]
    representative: int
    n_seeds: int


def describe_groups(groups: np.ndarray, similarity: np.ndarray, seeds: np.ndarray) -> list[Group]:
    """The groups in order of number; seeds (m,) are those the filters came from."""
    out = []
    for number in range(int(groups.max()) + 1 if len(groups) else 0):
        members = np.flatnonzero(groups == number)
        inside = similarity[np.ix_(members, members)].mean(axis=1)
        out.append(Group(members.tolist(), int(members[inside.argmax()]), len(set(seeds[members].tolist()))))
    return out


@dataclass(frozen=True)
class RecurrentKmer:
    """A k-mer (the lesser of it and its reverse complement) among filters' top k-mers, and in which seeds."""

    kmer: str
    seeds: list[int]
    n_filters: int
    n_wt: int
    n_ko: int


def recurrent_kmers(found: list[tuple[str, int, str, int, int]]) -> list[RecurrentKmer]:
    """Aggregate (k-mer, seed, filter id, sites in WT, sites in KO) over filters and seeds, k-mers already canonical.

    By falling number of seeds, filters and sites. Sites are summed over filters, so a place found by two filters counts
    twice.
    """
    table: dict[str, tuple[set[int], set[str], list[int]]] = {}
    for kmer, seed, filter_id, n_wt, n_ko in found:
        seeds, filters, sites = table.setdefault(kmer, (set(), set(), [0, 0]))
        seeds.add(seed)
        filters.add(filter_id)
        sites[0] += n_wt
        sites[1] += n_ko
    rows = [RecurrentKmer(kmer, sorted(s), len(f), n[0], n[1]) for kmer, (s, f, n) in table.items()]
    return sorted(rows, key=lambda r: (-len(r.seeds), -r.n_filters, -(r.n_wt + r.n_ko), r.kmer))
