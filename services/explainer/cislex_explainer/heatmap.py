"""Order the units and outputs of a weight matrix so that like lies beside like."""

from __future__ import annotations

import numpy as np

#: Leaves are put in the optimal order up to this number; the time grows with its square and more.
_MOST_OPTIMAL = 600


def clustered_order(matrix: np.ndarray) -> np.ndarray:
    """Order (n,) int64 of the rows of matrix (n, m): average linkage, leaves in optimal order where they are few.

    Distance: 1 − Pearson correlation where rows have three columns or more, else Euclidean. A constant row, which
    correlates with nothing, is at distance 1 from every other.
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    if len(matrix) < 3:
        return np.arange(len(matrix))
    distance = squareform(_distance(matrix.astype(np.float64)), checks=False)
    tree = linkage(distance, method="average")
    if len(matrix) <= _MOST_OPTIMAL:
        tree = optimal_leaf_ordering(tree, distance)
    return np.asarray(leaves_list(tree), dtype=np.int64)


def _distance(rows: np.ndarray) -> np.ndarray:
    if rows.shape[1] < 3:
        apart = np.sqrt(np.square(rows[:, None] - rows[None]).sum(axis=2))
    else:
        centred = rows - rows.mean(axis=1, keepdims=True)
        norm = np.linalg.norm(centred, axis=1, keepdims=True)
        unit = np.where(norm > 1e-12, centred / np.where(norm > 1e-12, norm, 1.0), 0.0)
        apart = np.clip(1.0 - unit @ unit.T, 0.0, 2.0)
    np.fill_diagonal(apart, 0.0)
    return (apart + apart.T) / 2
