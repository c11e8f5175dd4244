"""Clusters of very many k-mers: average linkage on landmarks, each other k-mer to the cluster it is nearest to.

Exact average linkage needs every distance: 40 GB at 100,000 k-mers. Here a seeded sample is clustered exactly, and each
other k-mer joins the cluster with the least mean distance to it, which is the step by which average linkage itself lets
a single item join a cluster. A uniform sample leaves the mean distance of two clusters what it is, so the upper part of
the tree, where clusters are cut, is that of all k-mers but for sampling; memory and time grow with n × landmarks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from cislex_core.sequences import reverse_complement

Codes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
Distances = npt.NDArray[np.float32]
_BLOCK = 32_768
# Landmarks of one cluster that a word is held against: a mean of 300 distances is known to 0.01.
_SPEAKERS = 300


def fold_strands(codes: Codes, weights: IntArray) -> tuple[Codes, IntArray, IntArray]:
    """A word and its reverse complement as one: distinct words (m, k), their weights, and (n,) which stands for each.

    Of the two, the lesser in the order A C G T N stands for both.
    """
    other = reverse_complement(codes)
    differ = codes != other
    first = differ.argmax(axis=1)
    rows = np.arange(len(codes))
    swap = differ[rows, first] & (other[rows, first] < codes[rows, first])
    folded, index = np.unique(np.where(swap[:, None], other, codes), axis=0, return_inverse=True)
    index = index.reshape(-1).astype(np.int64)
    return folded, np.bincount(index, weights=weights, minlength=len(folded)).astype(np.int64), index


def choose(n: int, n_landmarks: int, seed: int) -> IntArray:
    """Which of n items are landmarks, in order: all, or a sample without replacement."""
    if n <= n_landmarks:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, n_landmarks, replace=False))


def join(
    codes: Codes, chosen: IntArray, labels: IntArray, weights: IntArray,
    distances: Callable[[Codes, Codes], Distances], seed: int, check: Callable[[], None] = lambda: None,
) -> IntArray:  # fmt: skip
    """(n,) labels of all items: landmarks (indices ``chosen``, with ``labels`` and ``weights``) keep theirs, each other
    item takes the cluster whose landmarks it is nearest to on average; the lower label on a tie."""
    everyone = np.empty(len(codes), dtype=np.int64)
    everyone[chosen] = labels
    speakers = _speakers(labels, seed)
    membership = np.zeros((len(speakers), int(labels.max()) + 1), dtype=np.float32)
    membership[np.arange(len(speakers)), labels[speakers]] = weights[speakers]
    membership /= membership.sum(axis=0)
    rest = np.setdiff1d(np.arange(len(codes)), chosen)
    known = codes[chosen[speakers]]
    for start in range(0, len(rest), _BLOCK):
        block = rest[start : start + _BLOCK]
        everyone[block] = (distances(codes[block], known) @ membership).argmin(axis=1)
        check()
    return everyone


def _speakers(labels: IntArray, seed: int) -> IntArray:
    """Landmarks that speak for their clusters, in order: all of a small one, a sample of a large one."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    sizes = np.bincount(labels)
    place = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(order[place < _SPEAKERS])
