"""Communities of a weighted graph by modularity: Louvain's local moves and levels (Blondel et al. 2008), compiled.

TF-MoDISco clusters seqlets with the Leiden program, whose licence (GPL) cislex does not take on; both maximise the same
modularity. Like there, several seeds run and the partition of the largest modularity is kept. Each run is repeated from
its own result until modularity stands still, and communities that fall apart into pieces without an edge between them
are split, which is what Leiden guards against.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse
from numba import njit
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
_MAX_ROUNDS = 10
_GAIN = 1e-10


def best_partition(affinity: scipy.sparse.csr_matrix, n_runs: int, seed: int = 0) -> IntArray:
    """Labels (n,), 0 the largest community, of the symmetric, non-negative affinity (n, n): the run with the largest
    modularity; of equals, the first. Deterministic by ``seed``."""
    graph = _symmetric(affinity)
    best: IntArray | None = None
    quality = -np.inf
    for run in range(max(n_runs, 1)):
        labels = partition(graph, seed + run)
        found = modularity(graph, labels)
        if found > quality + _GAIN:
            best, quality = labels, found
    assert best is not None
    return _by_size(best)


def partition(graph: scipy.sparse.csr_matrix, seed: int) -> IntArray:
    """Labels (n,) of one run."""
    rng = np.random.default_rng(seed)
    labels: IntArray = np.arange(graph.shape[0], dtype=np.int64)
    quality = -np.inf
    for _ in range(_MAX_ROUNDS):
        labels = _levels(graph, labels, rng)
        found = modularity(graph, labels)
        if found <= quality + _GAIN:
            break
        quality = found
    return _connected(graph, labels)


def modularity(graph: scipy.sparse.csr_matrix, labels: IntArray) -> float:
    """Newman's modularity: the share of weight inside communities less what the strengths alone would give."""
    total = float(graph.data.sum())
    if total == 0:
        return 0.0
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    inside = float(graph.data[labels[rows] == labels[graph.indices]].sum())
    strength = np.bincount(labels, weights=np.asarray(graph.sum(axis=1)).ravel())
    return inside / total - float(((strength / total) ** 2).sum())


def _levels(graph: scipy.sparse.csr_matrix, labels: IntArray, rng: np.random.Generator) -> IntArray:
    """Local moves on the nodes, then on communities as nodes, until nothing moves."""
    labels = _compact(labels)
    level, of_node = graph, labels
    start = labels.copy()  # moves begin at the nodes, from the communities given
    while True:
        order = rng.permutation(level.shape[0])
        strength = np.asarray(level.sum(axis=1), dtype=np.float64).ravel()
        moved = _compact(_local_moves(level.indptr, level.indices, level.data, strength, start, order))
        of_node = moved if level is graph else moved[of_node]
        size = int(moved.max(initial=-1)) + 1
        if size == level.shape[0]:
            return of_node
        member = scipy.sparse.csr_matrix(
            (np.ones(len(moved)), (np.arange(len(moved)), moved)), shape=(len(moved), size)
        )
        level = (member.T @ level @ member).tocsr()
        start = np.arange(size, dtype=np.int64)


@njit(cache=True)
def _local_moves(indptr, indices, data, strength, start, order):  # type: ignore[no-untyped-def] # pragma: no cover
    """Move each node to the neighbouring community of the largest gain; nodes whose neighbour moved are seen again."""
    n = len(start)
    labels = start.copy()
    total = strength.sum()
    weight = np.zeros(n)
    for i in range(n):
        weight[labels[i]] += strength[i]
    to = np.zeros(n)
    touched = np.empty(n, dtype=np.int64)
    queue = order.copy()
    waiting = np.ones(n, dtype=np.bool_)
    head, count = 0, n
    while count > 0 and total > 0:
        i = queue[head]
        head = (head + 1) % n
        count -= 1
        waiting[i] = False
        own, k = labels[i], strength[i]
        n_touched = 0
        for p in range(indptr[i], indptr[i + 1]):
            j = indices[p]
            if j == i:
                continue
            c = labels[j]
            if to[c] == 0.0:
                touched[n_touched] = c
                n_touched += 1
            to[c] += data[p]
        weight[own] -= k
        best, gain = own, to[own] - k * weight[own] / total
        for t in range(n_touched):
            c = touched[t]
            g = to[c] - k * weight[c] / total
            if g > gain + 1e-12:
                best, gain = c, g
        weight[best] += k
        for t in range(n_touched):
            to[touched[t]] = 0.0
        if best == own:
            continue
        labels[i] = best
        for p in range(indptr[i], indptr[i + 1]):
            j = indices[p]
            if not waiting[j] and labels[j] != best:
                queue[(head + count) % n] = j
                count += 1
                waiting[j] = True
    return labels


def _connected(graph: scipy.sparse.csr_matrix, labels: IntArray) -> IntArray:
    """Communities split into their connected pieces."""
    rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    inside = labels[rows] == labels[graph.indices]
    kept = scipy.sparse.csr_matrix((graph.data[inside], (rows[inside], graph.indices[inside])), shape=graph.shape)
    return connected_components(kept, directed=False)[1].astype(np.int64)


def _symmetric(affinity: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    """(A + Aᵀ) / 2 in canonical form with 64-bit numbers."""
    graph = scipy.sparse.csr_matrix(affinity, dtype=np.float64)
    graph = ((graph + graph.T) * 0.5).tocsr()
    graph.sum_duplicates()
    graph.eliminate_zeros()
    return graph


def _compact(labels: IntArray) -> IntArray:
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _by_size(labels: IntArray) -> IntArray:
    """Labels renumbered: 0 the largest community, ties in the order of their first member."""
    labels = _compact(labels)
    first = np.full(labels.max(initial=-1) + 1, len(labels))
    np.minimum.at(first, labels, np.arange(len(labels)))
    order = np.lexsort((first, -np.bincount(labels)))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[labels].astype(np.int64)
