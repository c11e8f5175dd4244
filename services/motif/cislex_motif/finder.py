"""Motif discovery in one set of sequences against a control: seeds, EM, a test on unseen sequences, erase, repeat.

E-values are honest by construction. Where a set has at least 40 sequences, half of it and half of the control are put
aside before anything is looked at; seeds, matrix, width and score threshold come from the other half, and Fisher's
exact test on the half put aside gives p. E = p × number of matrices refined so far. Smaller sets cannot spare a half:
there p is that of the seed word in all sequences, and E = p × number of all words of all patterns (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from cislex_motif import em
from cislex_motif.candidates import screen
from cislex_motif.search import Candidate, FinderOptions, Search, halves_of, joint_background, split
from cislex_motif.seeds import find_seeds, patterns, seed_log_p, total_words
from cislex_motif.significance import log_fisher
from cislex_motif.sites import Found, finish, site_matrix

__all__ = ["FinderOptions", "Found", "find_motifs"]


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
    background = joint_background(everything, everything_control, options.both_strands)
    halves = halves_of(len(primary), len(control), options.seed)
    considered = patterns(options.min_width, options.max_width)
    found: list[Found] = []
    tried = 0
    while len(found) < options.n_motifs:
        search = split(everything, everything_control, halves, background, options)
        search.tried = tried
        seeds = find_seeds(search.train, search.train_control, considered, both_strands=options.both_strands)
        check()
        screen(search, seeds, check)
        tried = search.tried
        motif = None
        for candidate in search.candidates:
            log_p, log_e, test = _test(search, candidate, total_words(considered))
            if log_e > np.log(options.evalue_threshold):
                continue
            motif = finish(everything, everything_control, candidate, background, options)
            motif.log_p, motif.log_e, motif.test = log_p, log_e, test
            if len(motif.rows) >= options.min_sites:
                break
            motif = None
        if motif is None:
            break
        found.append(motif)
        check()
        if len(found) < options.n_motifs:
            matrix = site_matrix(motif.counts, background)
            everything = everything.erase(matrix, motif.threshold, options.both_strands)
            everything_control = everything_control.erase(matrix, motif.threshold, options.both_strands)
    return found


def _test(search: Search, candidate: Candidate, n_words: int) -> tuple[float, float, str]:
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
