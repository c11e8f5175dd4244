"""One motif of several: members aligned to each other, their matrices averaged with weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from cislex_core.motifs import DEFAULT_NSITES, Motif

from cislex_motif.motif_similarity import Similarities, align

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Member:
    """A motif in its family's coordinates. index: of the motif. offset: of its first column, as oriented, in the
    consensus (negative where it begins before it). similarity: with the consensus.
    """

    index: int
    offset: int
    reverse: bool
    similarity: float


@dataclass(frozen=True)
class Consensus:
    """probabilities: (w, 4). nsites: of all members together. members: the one that all are aligned to first."""

    probabilities: FloatArray
    nsites: float
    members: list[Member]


def weights_of(motifs: Sequence[Motif], weighting: str) -> FloatArray:
    """(n,) positive weights: information in bits, sites, or 1 each."""
    if weighting == "equal":
        return np.ones(len(motifs))
    if weighting == "sites":
        return np.array([m.nsites or DEFAULT_NSITES for m in motifs], dtype=np.float64)
    return np.array([max(m.information_bits, 1e-3) for m in motifs])


def family_consensus(
    motifs: Sequence[Motif], indices: Sequence[int], similarities: Similarities, weights: FloatArray, min_overlap: int,
    trim_bits: float,
) -> Consensus:  # fmt: skip
    """The consensus of the motifs named by ``indices``.

    Members are laid on the one that is most like the others, averaged, laid on that average once more and averaged
    again. Positions that less than half of the weight covers are left out, then flanks below ``trim_bits``. The
    consensus reads in the direction of most of the members.
    """
    within = similarities.value[np.ix_(indices, indices)]
    centre = int(indices[int(within.sum(axis=1).argmax())])
    placed = [
        Member(i, 0, False, 1.0)
        if i == centre
        else Member(i, int(similarities.shift[centre, i]), bool(similarities.reverse[centre, i]), 0.0)
        for i in indices
    ]
    if 2 * sum(m.reverse for m in placed) > len(placed):
        width = motifs[centre].width
        placed = [replace(m, offset=width - m.offset - motifs[m.index].width, reverse=not m.reverse) for m in placed]
    matrix, start = _average(motifs, placed, weights)
    if len(indices) > 2:
        placed = [_laid(motifs[m.index], m.index, matrix, min_overlap) for m in placed]
        matrix, start = _average(motifs, placed, weights)
        placed = [replace(m, offset=m.offset - start) for m in placed]
    else:
        placed = [replace(m, offset=m.offset - start) for m in placed]
    matrix, cut = _trimmed(matrix, trim_bits)
    members = []
    for m in placed:
        similarity = 1.0 if len(indices) == 1 else align(_oriented(motifs[m.index], m.reverse), matrix, min_overlap)[0]
        members.append(replace(m, offset=m.offset - cut, similarity=similarity))
    members.sort(key=lambda m: (m.index != centre, -m.similarity, m.index))
    return Consensus(matrix, float(sum(motifs[i].nsites for i in indices)), members)


def _laid(motif: Motif, index: int, matrix: FloatArray, min_overlap: int) -> Member:
    _, shift, reverse = align(motif.probabilities, matrix, min_overlap)
    return Member(index, shift, reverse, 0.0)


def _oriented(motif: Motif, reverse: bool) -> FloatArray:
    return motif.probabilities[::-1, ::-1] if reverse else motif.probabilities


def _average(motifs: Sequence[Motif], placed: Sequence[Member], weights: FloatArray) -> tuple[FloatArray, int]:
    """Weighted mean over the positions that at least half of the weight covers, and the first of them."""
    first = min(m.offset for m in placed)
    last = max(m.offset + motifs[m.index].width for m in placed)
    total, covered = np.zeros((last - first, 4)), np.zeros(last - first)
    for m in placed:
        at = slice(m.offset - first, m.offset - first + motifs[m.index].width)
        total[at] += weights[m.index] * _oriented(motifs[m.index], m.reverse)
        covered[at] += weights[m.index]
    enough = np.flatnonzero(covered >= 0.5 * sum(weights[m.index] for m in placed) - 1e-9)
    kept = slice(int(enough[0]), int(enough[-1]) + 1) if len(enough) else slice(0, last - first)
    mean = total[kept] / np.maximum(covered[kept], 1e-12)[:, None]
    return mean / mean.sum(axis=1, keepdims=True), first + kept.start


def _trimmed(matrix: FloatArray, min_bits: float) -> tuple[FloatArray, int]:
    """Without flanks that say less than ``min_bits``, and how many columns went at the beginning."""
    bits = Motif("x", matrix).information_content()
    informative = np.flatnonzero(bits >= min_bits)
    if min_bits <= 0 or len(informative) == 0:
        return matrix, 0
    return matrix[informative[0] : informative[-1] + 1], int(informative[0])
