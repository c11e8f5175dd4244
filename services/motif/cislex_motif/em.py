"""Expectation–maximisation for one motif: zero or one site per sequence (ZOOPS) or exactly one (OOPS), both strands.

The model is that of Bailey & Elkan (1994): a site is drawn from the motif's columns, all else from an order-0
background; each position and strand is equally likely beforehand. Written for speed in plain numpy: sequences are
indexed once as overlapping words of five letters, so a matrix of width 15 is scored with three table look-ups per
position and strand, whatever its entries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BLOCK = 5
_POWERS = 5 ** np.arange(BLOCK - 1, -1, -1)
# ln odds of a letter that may not be part of a site (N, erased): far below any sum of real scores.
_FORBIDDEN = -1.0e4
# Posteriors below this share add nothing that a float32 score could tell.
_NEGLIGIBLE = 1.0e-4


class Sequences:
    """Sequences ready to be scored.

    codes: (n, length) uint8, A0 C1 G2 T3 N4; equal lengths, shorter ones padded with N. Positions that are N take no
    part in any site.
    """

    def __init__(self, codes: npt.NDArray[np.uint8]) -> None:
        self.codes = np.ascontiguousarray(codes, dtype=np.uint8)
        padded = np.pad(self.codes, ((0, 0), (0, BLOCK - 1)), constant_values=4).astype(np.intp)
        length = self.codes.shape[1]
        self.words = np.zeros((len(self.codes), length), dtype=np.intp)
        for offset, power in enumerate(_POWERS):
            self.words += padded[:, offset : offset + length] * power

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def length(self) -> int:
        """Letters per sequence."""
        return int(self.codes.shape[1])

    def take(self, rows: npt.NDArray[np.int64]) -> Sequences:
        """The given rows."""
        chosen = object.__new__(Sequences)
        chosen.codes, chosen.words = self.codes[rows], self.words[rows]
        return chosen

    def background(self, both_strands: bool = True) -> FloatArray:
        """(4,) letter frequencies, one added to each count; averaged with the complement's for both strands."""
        counts = np.bincount(self.codes.ravel(), minlength=5)[:4] + 1.0
        if both_strands:
            counts = counts + counts[::-1]
        return counts / counts.sum()

    def scores(self, log_odds: FloatArray, both_strands: bool = True) -> npt.NDArray[np.float32]:
        """(strands, n, positions) float32 sums of ``log_odds`` (w, 4) for each window, strand + first.

        Position j of either strand is the window [j, j + w) of the sequence as given. Windows with N score below
        −5,000. A sequence shorter than w gives no positions.
        """
        width = len(log_odds)
        positions = self.length - width + 1
        matrices = [log_odds, log_odds[::-1, ::-1]] if both_strands else [log_odds]
        out = np.zeros((len(matrices), len(self), max(positions, 0)), dtype=np.float32)
        if positions > 0:
            for strand, matrix in enumerate(matrices):
                for start in range(0, width, BLOCK):
                    table = _block_table(matrix[start : start + BLOCK])
                    out[strand] += table[self.words[:, start : start + positions]]
        return out

    def best(self, log_odds: FloatArray, both_strands: bool = True) -> npt.NDArray[np.float32]:
        """(n,) best score of each sequence; −inf where no window is free of N."""
        scores = self.scores(log_odds, both_strands)
        if scores.shape[2] == 0:
            return np.full(len(self), -np.inf, dtype=np.float32)
        best = scores.max(axis=2).max(axis=0)
        return np.where(best > _FORBIDDEN / 2, best, -np.inf).astype(np.float32)

    def erase(self, log_odds: FloatArray, threshold: float, both_strands: bool = True) -> Sequences:
        """A copy in which every window that scores at least ``threshold`` is N."""
        codes = self.codes.copy()
        hits = (self.scores(log_odds, both_strands) >= threshold).any(axis=0)
        rows, starts = np.nonzero(hits)
        for offset in range(len(log_odds)):
            codes[rows, starts + offset] = 4
        return Sequences(codes)


@dataclass(frozen=True)
class Fit:
    """What EM found: ``probabilities`` (w, 4), ``gamma`` = expected share of sequences with a site, log likelihood
    ratio against the background in nats, and the iterations taken."""

    probabilities: FloatArray
    gamma: float
    log_likelihood_ratio: float
    iterations: int


def log_odds(probabilities: FloatArray, background: FloatArray) -> FloatArray:
    """(w, 4) natural log odds; probabilities must be positive."""
    return np.log(probabilities / background)


def fit(
    data: Sequences,
    start: FloatArray,
    background: FloatArray,
    *,
    model: str = "zoops",
    both_strands: bool = True,
    max_iterations: int = 30,
    tolerance: float = 1e-4,
    pseudocount: float = 1.0,
    gamma: float | None = None,
    fixed_gamma: bool = False,
) -> Fit:
    """Run EM from ``start`` (w, 4), until no probability moves by ``tolerance`` or ``max_iterations`` are done.

    ``pseudocount``: total prior counts per column, shared out by background. ``gamma``: starting share of sequences
    with a site; default 0.5; always 1 for ``oops``; kept when ``fixed_gamma``.
    """
    probabilities = _positive(start, background)
    share = 1.0 if model == "oops" else 0.5 if gamma is None else gamma
    likelihood, iterations = 0.0, 0
    while iterations < max_iterations:
        iterations += 1
        matrix = log_odds(probabilities, background)
        counts, occupied, likelihood = expectation(data, matrix, share, both_strands, model)
        if counts.sum() <= 0:
            break
        updated = counts + pseudocount * background
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - probabilities).max())
        probabilities = updated
        if model != "oops" and not fixed_gamma:
            share = float(np.clip(occupied / max(len(data), 1), 1.0 / max(len(data), 1), 1.0 - 1e-6))
        if moved < tolerance:
            break
    return Fit(probabilities, share, likelihood, iterations)


def expectation(
    data: Sequences, matrix: FloatArray, gamma: float, both_strands: bool = True, model: str = "zoops"
) -> tuple[FloatArray, float, float]:
    """One E step: expected base counts (w, 4), expected number of occupied sequences, log likelihood ratio (nats)."""
    scores = data.scores(matrix, both_strands)
    width = len(matrix)
    if scores.shape[2] == 0:
        return np.zeros((width, 4)), 0.0, 0.0
    allowed = scores[0] > _FORBIDDEN / 2
    windows = np.maximum(allowed.sum(axis=1) * len(scores), 1).astype(np.float32)
    odds = np.exp(scores, out=scores)
    total = odds.sum(axis=(0, 2))
    if model == "oops":
        prior, empty = 1.0 / windows, np.zeros_like(total)
    else:
        prior, empty = np.float32(gamma) / windows, np.full_like(total, 1.0 - gamma)
    evidence = empty + prior * total
    usable = evidence > 0
    scale = np.divide(prior, evidence, out=np.zeros_like(total), where=usable)
    floor = np.divide(_NEGLIGIBLE, scale, out=np.full_like(total, np.inf), where=scale > 0)
    strand, row, position = np.nonzero(odds > floor[None, :, None])
    weight = (odds[strand, row, position] * scale[row]).astype(np.float64)
    counts = _weighted_counts(data.codes, strand, row, position, weight, width)
    occupied = float((prior * total * np.divide(1.0, evidence, out=np.zeros_like(total), where=usable)).sum())
    return counts, occupied, float(np.log(evidence[usable]).sum())


def site_posteriors(
    data: Sequences, matrix: FloatArray, gamma: float, both_strands: bool = True, model: str = "zoops"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Per sequence: probability that it holds a site (n,), and strand (0 +, 1 −), start and score of its best window.

    Where a sequence has no window free of N the probability is 0 and the score −inf.
    """
    scores = data.scores(matrix, both_strands)
    n = len(data)
    if scores.shape[2] == 0:
        return np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), np.full(n, -np.inf)
    flat = scores.transpose(1, 0, 2).reshape(n, -1)
    best = flat.argmax(axis=1)
    best_score = flat[np.arange(n), best].astype(np.float64)
    allowed = scores[0] > _FORBIDDEN / 2
    windows = np.maximum(allowed.sum(axis=1) * len(scores), 1)
    evidence = np.exp(flat).sum(axis=1, dtype=np.float64) / windows
    none = best_score <= _FORBIDDEN / 2
    if model == "oops":
        probability = np.ones(n)
    else:
        probability = gamma * evidence / ((1.0 - gamma) + gamma * evidence)
    probability[none] = 0.0
    best_score[none] = -np.inf
    strand, start = np.divmod(best, scores.shape[2])
    return probability, strand.astype(np.int64), start.astype(np.int64), best_score


def window_counts(
    codes: npt.NDArray[np.uint8],
    strand: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    width: int,
) -> FloatArray:
    """(width, 4) base counts of windows read on their strand; what lies outside the sequence counts nothing."""
    padded = np.pad(codes, ((0, 0), (width, width)), constant_values=4)
    return _weighted_counts(padded, strand, row, start + width, np.ones(len(row)), width)


def _weighted_counts(
    codes: npt.NDArray[np.uint8],
    strand: npt.NDArray[np.int64],
    row: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
    weight: FloatArray,
    width: int,
) -> FloatArray:
    counts = np.zeros((width, 5))
    for reverse in (False, True):
        chosen = strand == 1 if reverse else strand == 0
        if not chosen.any():
            continue
        rows, starts, weights = row[chosen], start[chosen], weight[chosen]
        for offset in range(width):
            letters = codes[rows, starts + (width - 1 - offset if reverse else offset)]
            found = np.bincount(letters, weights=weights, minlength=5)[:5]
            counts[offset, :4] += found[3::-1] if reverse else found[:4]
    return counts[:, :4]


def _block_table(matrix: FloatArray) -> npt.NDArray[np.float32]:
    """Scores of all 3,125 five-letter words (A C G T N) under up to five columns; missing columns score 0."""
    table = np.zeros((5,) * BLOCK, dtype=np.float32)
    for column in range(BLOCK):
        letters = np.zeros(5, dtype=np.float32)
        if column < len(matrix):
            letters[:4], letters[4] = matrix[column], _FORBIDDEN
        shape = [1] * BLOCK
        shape[column] = 5
        table += letters.reshape(shape)
    return table.ravel()


def _positive(probabilities: FloatArray, background: FloatArray) -> FloatArray:
    mixed = 0.99 * np.asarray(probabilities, dtype=np.float64) + 0.01 * background
    return mixed / mixed.sum(axis=1, keepdims=True)
