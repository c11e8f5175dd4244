"""Motif discovery in one set of sequences against a control: seeds, EM, a test on unseen sequences, erase, repeat.

E-values are honest by construction. Where a set has at least 40 sequences, half of it and half of the control are put
aside before anything is looked at; seeds, matrix, width and score threshold come from the other half, and Fisher's
exact test on the half put aside gives p. E = p × number of matrices refined so far. Smaller sets cannot spare a half:
there p is that of the seed word in all sequences, and E = p × number of all words of all patterns (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cislex_motif import em
from cislex_motif.seeds import Seed, find_seeds, patterns, seed_log_p, start_matrices, total_words
from cislex_motif.significance import best_threshold, log_fisher

HOLDOUT_MIN = 40
# Bases on which seeds and matrices are found; more would cost time without changing the matrix.
_TRAIN_BASES = 250_000
_FINALISTS = 4


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
class Found:
    """A motif: counts (w, 4) of its sites, and how it was tested. Logarithms are natural.

    rows, strands, starts, scores: the sites, one per sequence (strand 0 + / 1 −; start of the window in the sequence).
    hits / control_hits: sequences of all n / n_control that reach ``threshold``, with the final matrix.
    """

    counts: em.FloatArray
    background: em.FloatArray
    threshold: float
    log_p: float
    log_e: float
    test: str
    seed: Seed
    hits: int
    control_hits: int
    rows: npt.NDArray[np.int64]
    strands: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    scores: em.FloatArray


@dataclass
class _Candidate:
    matrix: em.FloatArray
    gamma: float
    seed: Seed
    threshold: float = np.inf
    log_p: float = 0.0


@dataclass
class _Search:
    """One search's state; ``tried`` counts matrices refined over all motifs so far."""

    train: em.Sequences
    train_control: em.Sequences
    test: em.Sequences | None
    test_control: em.Sequences | None
    background: em.FloatArray
    options: FinderOptions
    tried: int = 0
    candidates: list[_Candidate] = field(default_factory=list)


def find_motifs(
    primary: npt.NDArray[np.uint8],
    control: npt.NDArray[np.uint8],
    options: FinderOptions,
    check: Callable[[], None] = lambda: None,
) -> list[Found]:
    """Motifs of ``primary`` (n, length) against ``control`` (m, length), uint8 codes with N = 4, best first found.

    Ends after ``n_motifs``, or when the best motif left has E above the threshold or fewer sites than ``min_sites``.
    Deterministic by ``options.seed``. ``check`` is called between steps and may raise to cancel.
    """
    everything, everything_control = em.Sequences(primary), em.Sequences(control)
    background = _joint_background(everything, everything_control, options.both_strands)
    halves = _halves(len(primary), len(control), options.seed)
    considered = patterns(options.min_width, options.max_width)
    found: list[Found] = []
    tried = 0
    while len(found) < options.n_motifs:
        search = _split(everything, everything_control, halves, background, options)
        search.tried = tried
        seeds = find_seeds(search.train, search.train_control, considered, both_strands=options.both_strands)
        check()
        _screen(search, seeds, check)
        tried = search.tried
        motif = None
        for candidate in search.candidates:
            log_p, log_e, test = _test(search, candidate, total_words(considered))
            if log_e > np.log(options.evalue_threshold):
                continue
            motif = _finish(everything, everything_control, candidate, background, options)
            motif.log_p, motif.log_e, motif.test = log_p, log_e, test
            if len(motif.rows) >= options.min_sites:
                break
            motif = None
        if motif is None:
            break
        found.append(motif)
        check()
        if len(found) < options.n_motifs:
            matrix = _site_matrix(motif.counts, background)
            everything = everything.erase(matrix, motif.threshold, options.both_strands)
            everything_control = everything_control.erase(matrix, motif.threshold, options.both_strands)
    return found


def _screen(search: _Search, seeds: list[Seed], check: Callable[[], None]) -> None:
    """Refine matrices of several widths from each seed; keep the best few, converged, with their best width."""
    options = search.options
    candidates: list[_Candidate] = []
    grid = sorted({w for w in (6, 8, 10, 12, 15, 20, 25, 30) if options.min_width <= w <= options.max_width}
                  | {options.min_width, options.max_width})  # fmt: skip
    for seed in seeds:
        widths = [w for w in grid if w >= seed.pattern.span] or [options.max_width]
        # Narrow, middle and wide: the final width is settled later from the information at the edges.
        chosen = sorted({widths[0], widths[len(widths) // 2], widths[-1]})
        starts = start_matrices(seed, search.train, search.background, chosen, options.both_strands)
        candidates += [_refine(search, start, seed, iterations=4) for start in starts]
        check()
    candidates.sort(key=lambda c: c.log_p)
    finalists: list[_Candidate] = []
    for candidate in candidates:
        if len(finalists) == _FINALISTS:
            break
        if not any(_alike(candidate.matrix, other.matrix) for other in finalists):
            finalists.append(candidate)
    polished = []
    for candidate in finalists:
        best = _refine(search, candidate.matrix, candidate.seed, iterations=20, gamma=candidate.gamma)
        for width_matrix in _other_widths(search, best):
            other = _refine(search, width_matrix, candidate.seed, iterations=20, gamma=best.gamma)
            if other.log_p < best.log_p:
                best = other
        polished.append(best)
        check()
    search.candidates = sorted(polished, key=lambda c: c.log_p)


def _refine(
    search: _Search, start: em.FloatArray, seed: Seed, iterations: int, gamma: float | None = None
) -> _Candidate:
    options = search.options
    share = gamma if gamma is not None else float(np.clip(seed.hits / max(len(search.train), 1), 0.02, 0.9))
    result = em.fit(
        search.train, start, search.background, model=options.model, both_strands=options.both_strands,
        max_iterations=iterations, gamma=share,
    )  # fmt: skip
    search.tried += 1
    candidate = _Candidate(result.probabilities, result.gamma, seed)
    matrix = em.log_odds(candidate.matrix, search.background)
    scores = search.train.best(matrix, options.both_strands)
    control = search.train_control.best(matrix, options.both_strands)
    candidate.threshold, _, _, candidate.log_p = best_threshold(scores, control)
    return candidate


def _other_widths(search: _Search, candidate: _Candidate) -> list[em.FloatArray]:
    """Matrices with flanks added where the sites show information there, and with empty flanks cut."""
    options, width = search.options, len(candidate.matrix)
    matrix = em.log_odds(candidate.matrix, search.background)
    probability, strand, start, _ = em.site_posteriors(
        search.train, matrix, candidate.gamma, options.both_strands, options.model
    )
    rows = np.flatnonzero(probability > 0.5)
    if len(rows) < 3:
        return []
    pad = options.max_width - width
    counts = em.window_counts(search.train.codes, strand[rows], rows, start[rows] - pad, width + 2 * pad)
    counts = counts + search.background
    wide = counts / counts.sum(axis=1, keepdims=True)
    information = (wide * np.log2(wide / search.background)).sum(axis=1)
    low = max(0.12, 6.0 / len(rows))
    inside = np.flatnonzero(information > low)
    windows: set[tuple[int, int]] = set()
    if len(inside):
        first, last = int(inside[0]), int(inside[-1]) + 1
        windows.add(_fit_window(first, last, information, options.min_width, options.max_width))
        strong = np.flatnonzero(information > 3 * low)
        if len(strong):
            windows.add(
                _fit_window(int(strong[0]), int(strong[-1]) + 1, information, options.min_width, options.max_width)
            )
    windows.discard((pad, pad + width))
    return [wide[first:last] for first, last in sorted(windows)]


def _fit_window(first: int, last: int, information: em.FloatArray, min_width: int, max_width: int) -> tuple[int, int]:
    """Shrink from the poorer end to ``max_width``, grow towards the richer neighbour to ``min_width``."""
    while last - first > max_width:
        if information[first] <= information[last - 1]:
            first += 1
        else:
            last -= 1
    while last - first < min_width:
        left = information[first - 1] if first > 0 else -1.0
        right = information[last] if last < len(information) else -1.0
        if left < 0 and right < 0:
            break
        if left >= right:
            first -= 1
        else:
            last += 1
    return first, last


def _test(search: _Search, candidate: _Candidate, n_words: int) -> tuple[float, float, str]:
    """(ln p, ln E, how)."""
    if search.test is None or search.test_control is None:
        log_p = seed_log_p(candidate.seed, len(search.train), len(search.train_control))
        return log_p, log_p + float(np.log(n_words)), "words"
    matrix = em.log_odds(candidate.matrix, search.background)
    both = search.options.both_strands
    hits = int((search.test.best(matrix, both) >= candidate.threshold).sum())
    control_hits = int((search.test_control.best(matrix, both) >= candidate.threshold).sum())
    log_p = log_fisher(hits, len(search.test), control_hits, len(search.test_control))
    return log_p, log_p + float(np.log(max(search.tried, 1))), "holdout"


def _finish(
    data: em.Sequences, control: em.Sequences, candidate: _Candidate, background: em.FloatArray, options: FinderOptions
) -> Found:
    """Refine on all sequences, place the sites, cut flanks that say nothing and refine once more, count hits.

    The share of sequences with a site is kept at what the control says: hits over those that the control has as well.
    Left to itself, EM softens a short motif until nearly every sequence has a "site".
    """
    both, model = options.both_strands, options.model
    current = candidate.matrix
    while True:
        gamma = _excess(data, control, em.log_odds(current, background), both)
        result = em.fit(
            data, current, background, model=model, both_strands=both, max_iterations=15, gamma=gamma, fixed_gamma=True
        )
        matrix = em.log_odds(result.probabilities, background)
        probability, strand, start, _ = em.site_posteriors(data, matrix, result.gamma, both, model)
        rows = np.flatnonzero(probability > 0.5)
        strand, start = strand[rows], start[rows]
        counts = em.window_counts(data.codes, strand, rows, start, len(matrix))
        first, last = _informative(counts, background, options.min_width)
        if last - first == len(matrix) or len(rows) == 0:
            break
        # Empty columns fit noise and blur which windows are sites, so EM goes on without them.
        current = result.probabilities[first:last]
    final = _site_matrix(counts, background) if len(rows) else matrix
    score = _window_scores(data.codes, final, rows, strand, start)
    scores, control_scores = data.best(final, both), control.best(final, both)
    threshold, hits, control_hits, _ = best_threshold(scores, control_scores)
    return Found(
        counts=counts, background=background, threshold=threshold, log_p=0.0, log_e=0.0, test="",
        seed=candidate.seed, hits=hits, control_hits=control_hits, rows=rows, strands=strand, starts=start,
        scores=score,
    )  # fmt: skip


def _excess(data: em.Sequences, control: em.Sequences, matrix: em.FloatArray, both_strands: bool) -> float:
    """Share of sequences that hold a site beyond the control's rate, at the best threshold; 0.02 to 0.98."""
    _, hits, control_hits, _ = best_threshold(data.best(matrix, both_strands), control.best(matrix, both_strands))
    rate, control_rate = hits / max(len(data), 1), control_hits / max(len(control), 1)
    return float(np.clip((rate - control_rate) / max(1.0 - control_rate, 1e-9), 0.02, 0.98))


def _window_scores(
    codes: npt.NDArray[np.uint8],
    matrix: em.FloatArray,
    rows: npt.NDArray[np.int64],
    strand: npt.NDArray[np.int64],
    start: npt.NDArray[np.int64],
) -> em.FloatArray:
    """(m,) natural log odds of the given windows, read on their strands; they hold no N."""
    score = np.zeros(len(rows))
    width = len(matrix)
    for offset in range(width):
        letter = codes[rows, start + offset]
        score += np.where(strand == 0, matrix[offset, letter], matrix[width - 1 - offset, 3 - letter])
    return score


def _informative(counts: em.FloatArray, background: em.FloatArray, min_width: int) -> tuple[int, int]:
    """Columns [first, last) left when flanks that say next to nothing (0.1 bits, more where sites are few) are cut."""
    total = max(float(counts.sum(axis=1).max(initial=0.0)), 1.0)
    p = (counts + background) / (total + 1.0)
    information = (p * np.log2(p / background)).sum(axis=1)
    low = max(0.1, 4.0 / total)
    first, last = 0, len(counts)
    while last - first > min_width and min(information[first], information[last - 1]) < low:
        if information[first] <= information[last - 1]:
            first += 1
        else:
            last -= 1
    return first, last


def _site_matrix(counts: em.FloatArray, background: em.FloatArray) -> em.FloatArray:
    """Natural log odds (w, 4) of site counts with one pseudocount per column."""
    matrix = counts + background
    return em.log_odds(matrix / matrix.sum(axis=1, keepdims=True), background)


def _alike(a: em.FloatArray, b: em.FloatArray) -> bool:
    """True when two matrices are the same motif, shifted or on the other strand."""
    from cislex_core.motifs import Motif, aligned_correlation

    return aligned_correlation(Motif("a", _rows(a)), Motif("b", _rows(b)), min_overlap=6)[0] > 0.9


def _rows(matrix: em.FloatArray) -> em.FloatArray:
    return matrix / matrix.sum(axis=1, keepdims=True)


def _joint_background(a: em.Sequences, b: em.Sequences, both_strands: bool) -> em.FloatArray:
    weights = np.array([len(a), len(b)], dtype=np.float64)
    if weights[1] == 0:
        return a.background(both_strands)
    mixed = weights[0] * a.background(both_strands) + weights[1] * b.background(both_strands)
    return mixed / mixed.sum()


def _halves(n: int, n_control: int, seed: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
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


def _split(
    data: em.Sequences,
    control: em.Sequences,
    halves: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None,
    background: em.FloatArray,
    options: FinderOptions,
) -> _Search:
    if halves is None:
        return _Search(data, control, None, None, background, options)
    train, aside = np.flatnonzero(halves[0]), np.flatnonzero(~halves[0])
    train_control, aside_control = np.flatnonzero(halves[1]), np.flatnonzero(~halves[1])
    limit = max(_TRAIN_BASES // max(data.length, 1), HOLDOUT_MIN)
    # Rows over the limit are worth more in the test than in the search.
    more, more_control = train[limit:], train_control[limit:]
    return _Search(
        data.take(train[:limit]),
        control.take(train_control[:limit]),
        data.take(np.concatenate([aside, more])),
        control.take(np.concatenate([aside_control, more_control])),
        background,
        options,
    )
