"""Average-linkage agglomerative clustering of a distance matrix held in float32, with multiplicities.

scipy's version keeps two float64 copies and cannot start from items that stand for several; with 10,000 k-mers and
many repeats both matter. This one needs one float32 matrix, works in place, and treats an item of weight m exactly as m
items at distance 0. Method: nearest-neighbour chains (Benzécri 1982; Müllner 2011), valid for average linkage because
it is reducible.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Distances = npt.NDArray[np.float32]


def average_linkage(
    distances: Distances, weights: npt.NDArray[np.int64], check: Callable[[], None] = lambda: None
) -> npt.NDArray[np.float64]:
    """Merges (n − 1, 3): item, item, height, in order of height; an item stands for the cluster that holds it.

    ``distances`` (n, n) symmetric float32 is destroyed. Ties are broken by the lower index, so that the answer depends
    on the order of items alone. ``check`` may raise to cancel.
    """
    n = len(distances)
    size = weights.astype(np.float32)
    np.fill_diagonal(distances, np.inf)
    merges = np.empty((max(n - 1, 0), 3))
    chain: list[int] = []
    lowest = 0
    gone = np.zeros(n, dtype=bool)
    for done in range(n - 1):
        if done % 256 == 0:
            check()
        if not chain:
            while gone[lowest]:
                lowest += 1
            chain.append(lowest)
        while True:
            tip = chain[-1]
            nearest = int(distances[tip].argmin())
            height = distances[tip, nearest]
            # On a tie the chain must turn back, or it could run in circles.
            if len(chain) > 1 and distances[tip, chain[-2]] <= height:
                break
            chain.append(nearest)
        a, b = sorted((chain.pop(), chain.pop()))
        merges[done] = a, b, distances[a, b]
        row = (size[a] * distances[a] + size[b] * distances[b]) / (size[a] + size[b])
        row[a] = row[b] = np.inf
        distances[a], distances[:, a] = row, row
        distances[b], distances[:, b] = np.inf, np.inf
        size[a] += size[b]
        gone[b] = True
    return merges[np.argsort(merges[:, 2], kind="stable")]


def cut(merges: npt.NDArray[np.float64], n: int, n_clusters: int) -> npt.NDArray[np.int64]:
    """(n,) labels 0 … n_clusters − 1 in order of first appearance, after the lowest n − n_clusters merges."""
    parent = list(range(n))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for a, b, _ in merges[: max(n - n_clusters, 0)]:
        first, second = root(int(a)), root(int(b))
        parent[max(first, second)] = min(first, second)
    roots = np.array([root(i) for i in range(n)])
    # A root is the lowest index of its cluster, so sorted roots are in order of first appearance.
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def silhouettes(
    sums: npt.NDArray[np.float64], own: npt.NDArray[np.int64], totals: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(m,) silhouette of m items (Rousseeuw 1987). 0 for an item alone in its cluster, or where there is one cluster.

    sums (m, clusters): weighted sum of the item's distances to each cluster. own (m,): the item's cluster. totals
    (clusters,): weight of each cluster.
    """
    m, k = sums.shape
    if k < 2:
        return np.zeros(m)
    index = np.arange(m)
    inside = sums[index, own] / np.maximum(totals[own] - 1.0, 1.0)
    means = sums / totals
    means[index, own] = np.inf
    outside = means.min(axis=1)
    largest = np.maximum(inside, outside)
    value = np.divide(outside - inside, largest, out=np.zeros(m), where=largest > 0)
    return np.where(totals[own] > 1, value, 0.0)
