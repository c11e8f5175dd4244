"""Modularity clustering against networkx and against what was planted."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
import scipy.sparse
from cislex_motif.modularity import best_partition, modularity, partition
from sklearn.metrics import adjusted_rand_score


def _blocks(
    sizes: list[int], inside: float, between: float, seed: int = 0
) -> tuple[scipy.sparse.csr_matrix, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    chance = np.where(truth[:, None] == truth[None, :], inside, between)
    edges = np.triu(rng.random(chance.shape) < chance, 1) * rng.uniform(0.5, 1.0, chance.shape)
    return scipy.sparse.csr_matrix(edges + edges.T), truth


def test_planted_communities_are_found() -> None:
    graph, truth = _blocks([60, 40, 30, 20], 0.5, 0.02)
    labels = best_partition(graph, n_runs=5)
    assert adjusted_rand_score(truth, labels) == 1.0
    assert np.bincount(labels).tolist() == [60, 40, 30, 20]


@pytest.mark.parametrize("seed", range(4))
def test_modularity_is_that_of_networkx_and_no_worse_than_its_louvain(seed: int) -> None:
    graph, _ = _blocks([30, 30, 30], 0.3, 0.1, seed)
    known = networkx.from_scipy_sparse_array(graph)
    labels = best_partition(graph, n_runs=10, seed=seed)
    groups = [set(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)]
    quality = modularity(graph, labels)
    assert quality == pytest.approx(networkx.community.modularity(known, groups), abs=1e-9)
    theirs = networkx.community.louvain_communities(known, seed=seed)
    assert quality >= networkx.community.modularity(known, theirs) - 1e-9


def test_self_loops_and_asymmetric_entries_count_as_their_mean() -> None:
    graph, _ = _blocks([10, 10], 0.8, 0.1)
    one_way = scipy.sparse.triu(graph).tocsr() * 2
    np.testing.assert_array_equal(best_partition(graph, 3), best_partition(one_way, 3))


def test_pieces_without_an_edge_are_apart_and_results_repeat() -> None:
    graph = scipy.sparse.block_diag([np.ones((3, 3)), np.ones((2, 2)), np.zeros((1, 1))]).tocsr()
    assert best_partition(graph, 2).tolist() == [0, 0, 0, 1, 1, 2]
    big, _ = _blocks([40, 40], 0.2, 0.1, 3)
    assert partition(big, 5).tolist() == partition(big, 5).tolist()
    assert best_partition(scipy.sparse.csr_matrix((4, 4)), 2).tolist() == [0, 1, 2, 3]
