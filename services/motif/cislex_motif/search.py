"""One search: its options, the sequences it looks at, those it puts aside for the test, and its candidates."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cislex_motif import em
from cislex_motif.seeds import Seed

HOLDOUT_MIN = 40
# Bases on which seeds and matrices are found; more would cost time without changing the matrix.
_TRAIN_BASES = 250_000


@dataclass(frozen=True)
class FinderOptions:
    """Options of one search; see DiscoverMotifsRequest."""

    min_width: int = 6
    max_width: int = 15
    n_motifs: int = 3
    model: str = "zoops"
    evalue_threshold: float = 0.05
    min_sites: int = 5
    both_strands: bool = True
    seed: int = 42


@dataclass
class Candidate:
    """A matrix of probabilities (w, 4), the share of sequences with a site, and what the search's halves say of it."""

    matrix: em.FloatArray
    gamma: float
    seed: Seed
    threshold: float = np.inf
    log_p: float = 0.0


@dataclass
class Search:
    """One search's state; ``tried`` counts matrices refined over all motifs so far."""

    train: em.Sequences
    train_control: em.Sequences
    test: em.Sequences | None
    test_control: em.Sequences | None
    background: em.FloatArray
    options: FinderOptions
    tried: int = 0
    candidates: list[Candidate] = field(default_factory=list)


def joint_background(a: em.Sequences, b: em.Sequences, both_strands: bool) -> em.FloatArray:
    """Base frequencies (4,) of both sets together, each weighted by its number of sequences."""
    weights = np.array([len(a), len(b)], dtype=np.float64)
    if weights[1] == 0:
        return a.background(both_strands)
    mixed = weights[0] * a.background(both_strands) + weights[1] * b.background(both_strands)
    return mixed / mixed.sum()


def halves_of(n: int, n_control: int, seed: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
    """Which rows are for finding (True) and which are put aside; None where there are too few."""
    if n < HOLDOUT_MIN or n_control < HOLDOUT_MIN:
        return None
    rng = np.random.default_rng(seed)
    masks = []
    for size in (n, n_control):
        mask = np.zeros(size, dtype=bool)
        mask[rng.permutation(size)[: size // 2]] = True
        masks.append(mask)
    return masks[0], masks[1]


def split(
    data: em.Sequences,
    control: em.Sequences,
    halves: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None,
    background: em.FloatArray,
    options: FinderOptions,
) -> Search:
    """A search on the halves for finding, with those put aside for its test; on everything where there are none."""
    if halves is None:
        return Search(data, control, None, None, background, options)
    train, aside = np.flatnonzero(halves[0]), np.flatnonzero(~halves[0])
    train_control, aside_control = np.flatnonzero(halves[1]), np.flatnonzero(~halves[1])
    limit = max(_TRAIN_BASES // max(data.length, 1), HOLDOUT_MIN)
    # Rows over the limit are worth more in the test than in the search.
    more, more_control = train[limit:], train_control[limit:]
    return Search(
        data.take(train[:limit]),
        control.take(train_control[:limit]),
        data.take(np.concatenate([aside, more])),
        control.take(np.concatenate([aside_control, more_control])),
        background,
        options,
    )
