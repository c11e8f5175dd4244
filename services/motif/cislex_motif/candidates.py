"""From seeds to candidates: EM on the sequences for finding, at several widths, the best few polished."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from cislex_core.motifs import Motif, aligned_correlation

from cislex_motif import em
from cislex_motif.search import Candidate, Search
from cislex_motif.seeds import Seed, start_matrices
from cislex_motif.significance import best_threshold

_FINALISTS = 4


def screen(search: Search, seeds: list[Seed], check: Callable[[], None]) -> None:
    """Refine matrices of several widths from each seed; keep the best few, converged, with their best width.

    They become ``search.candidates``, best p first; ``check`` is called between steps and may raise to cancel.
    """
    options = search.options
    candidates: list[Candidate] = []
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
    finalists: list[Candidate] = []
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


def _refine(search: Search, start: em.FloatArray, seed: Seed, iterations: int, gamma: float | None = None) -> Candidate:
    options = search.options
    share = gamma if gamma is not None else float(np.clip(seed.hits / max(len(search.train), 1), 0.02, 0.9))
    result = em.fit(
        search.train, start, search.background, model=options.model, both_strands=options.both_strands,
        max_iterations=iterations, gamma=share,
    )  # fmt: skip
    search.tried += 1
    candidate = Candidate(result.probabilities, result.gamma, seed)
    matrix = em.log_odds(candidate.matrix, search.background)
    scores = search.train.best(matrix, options.both_strands)
    control = search.train_control.best(matrix, options.both_strands)
    candidate.threshold, _, _, candidate.log_p = best_threshold(scores, control)
    return candidate


def _other_widths(search: Search, candidate: Candidate) -> list[em.FloatArray]:
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


def _alike(a: em.FloatArray, b: em.FloatArray) -> bool:
    """True when two matrices are the same motif, shifted or on the other strand."""
    return aligned_correlation(Motif("a", _rows(a)), Motif("b", _rows(b)), min_overlap=6)[0] > 0.9


def _rows(matrix: em.FloatArray) -> em.FloatArray:
    return matrix / matrix.sum(axis=1, keepdims=True)
