"""Engine ``words``, our STREME-like search: enriched words become matrices, are tested on a hold-out, erased, repeat.

After the published description of STREME (Bailey 2021, Bioinformatics 37:2834): words of all widths are counted in the
primary and the control set, the most enriched are refined to matrices, the best of all widths is tested by Fisher's
exact test on sequences that took no part (a tenth of each set), its sites are erased, and the next round begins. It
ends after ``patience`` rounds in a row without a significant motif.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif import em
from cislex_motif.search import joint_background
from cislex_motif.seeds import Seed, find_seeds, patterns, seed_log_p, total_words
from cislex_motif.significance import best_threshold, log_fisher
from cislex_motif.sites import Found, informative, site_matrix, window_scores
from cislex_motif.word_counts import count_words
from cislex_motif.word_refine import Refined, judge, refine, site_counts, start_matrix

IntArray = npt.NDArray[np.int64]
Check = Callable[[], None]
# Least sequences of either set in the hold-out. STREME asks for five, which only the strongest motifs pass; with fewer
# than this, all sequences test the seed word itself, corrected for all words, and miss less.
HOLDOUT_MIN = 40
_SEEDS_PER_WIDTH = 10
_REFINED_PER_WIDTH = 2
_REFINED_DYADS = 4
_FINALISTS = 4
# Flanks are cut where ln p stays at least this share of what it was.
_KEPT_SIGNIFICANCE = 0.98
# Bases of each set on which seeds are judged, and on which matrices are refined; counting reads everything.
_JUDGED_BASES = 250_000
_REFINED_BASES = 1_000_000


@dataclass(frozen=True)
class WordOptions:
    """Options of one search; see DiscoverMotifsRequest. ``holdout_fraction`` 0: no hold-out."""

    min_width: int = 6
    max_width: int = 15
    n_motifs: int = 3
    evalue_threshold: float = 0.05
    min_sites: int = 5
    both_strands: bool = True
    holdout_fraction: float = 0.1
    patience: int = 3
    seed: int = 42


@dataclass
class _Sets:
    """The sequences as they are now (erased so far), and which rows are put aside (None: none)."""

    primary: em.Sequences
    control: em.Sequences
    aside: tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None
    background: em.FloatArray

    def searched(self) -> tuple[em.Sequences, em.Sequences]:
        if self.aside is None:
            return self.primary, self.control
        return self.primary.take(np.flatnonzero(~self.aside[0])), self.control.take(np.flatnonzero(~self.aside[1]))

    def held_out(self) -> tuple[em.Sequences, em.Sequences] | None:
        if self.aside is None:
            return None
        return self.primary.take(np.flatnonzero(self.aside[0])), self.control.take(np.flatnonzero(self.aside[1]))


def find_by_words(
    primary: npt.NDArray[np.uint8],
    control: npt.NDArray[np.uint8],
    options: WordOptions,
    check: Check = lambda: None,
) -> list[Found]:
    """Motifs of ``primary`` (n, length) against ``control`` (m, length), uint8 codes with N = 4, in order of discovery.

    ``Found.test`` is ``holdout`` (p on the sequences put aside; E = p × matrices tested on them) or ``words`` (no
    hold-out: p of the seed word in all sequences; E = p × words counted). Motifs with E above the threshold are left
    out, and those with fewer sites than ``min_sites``. Deterministic by ``options.seed``; ``check`` may raise.
    """
    if len(primary) == 0 or len(control) == 0:
        return []
    everything, everything_control = em.Sequences(primary), em.Sequences(control)
    background = joint_background(everything, everything_control, options.both_strands)
    aside = put_aside(len(primary), len(control), options)
    sets = _Sets(everything, everything_control, aside, background)
    found: list[Found] = []
    log_limit = float(np.log(options.evalue_threshold))
    n_tests, misses = 0, 0
    while len(found) < options.n_motifs and misses < options.patience:
        best, n_words = _best_of_round(sets, options, check)
        if best is None:
            break
        n_tests += 1 if aside is not None else n_words
        log_p = _log_p(sets, best, options)
        motif = _finish(sets, best, log_p, options)
        if log_p + np.log(n_tests) <= log_limit and len(motif.rows) >= options.min_sites:
            found.append(motif)
            misses = 0
        else:
            misses += 1
        matrix = em.log_odds(best.matrix, background)
        sets.primary = sets.primary.erase(matrix, best.threshold, options.both_strands)
        sets.control = sets.control.erase(matrix, best.threshold, options.both_strands)
        check()
    for motif in found:
        # Each is one of all that were tested, those found after it included.
        motif.log_e = motif.log_p + float(np.log(n_tests))
    return [motif for motif in found if motif.log_e <= log_limit]


def put_aside(
    n: int, n_control: int, options: WordOptions
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
    """Which rows are put aside for the test (True); None where that would be too few of either set."""
    sizes = [int(size * options.holdout_fraction) for size in (n, n_control)]
    if min(sizes) < HOLDOUT_MIN:
        return None
    rng = np.random.default_rng(options.seed)
    masks = []
    for total, size in zip((n, n_control), sizes, strict=True):
        mask = np.zeros(total, dtype=bool)
        mask[rng.permutation(total)[:size]] = True
        masks.append(mask)
    return masks[0], masks[1]


def _best_of_round(sets: _Sets, options: WordOptions, check: Check) -> tuple[Refined | None, int]:
    """The best matrix on the sequences searched, over all widths and dyads, and how many words were counted.

    Best is the smallest p of the matrix; without a hold-out, of its seed word, since that is what is tested: the matrix
    of smallest p may have grown from a rare word.
    """
    data, control = sets.searched()
    both, background = options.both_strands, sets.background
    few, few_control = _first(data, _JUDGED_BASES), _first(control, _JUDGED_BASES)
    candidates: list[Refined] = []
    n_words = 0

    def screen(seeds: list[Seed], n_refined: int) -> None:
        judged = [judge(few, few_control, start_matrix(s, background), s, background, both) for s in seeds]
        judged.sort(key=lambda item: item.log_p)
        candidates.extend(refine(few, few_control, item, background, both, 4) for item in judged[:n_refined])
        check()

    for counts in count_words(data.codes, control.codes, options.min_width, options.max_width, both):
        n_words += counts.n_tested
        screen(counts.seeds(len(data), len(control), _SEEDS_PER_WIDTH), _REFINED_PER_WIDTH)
    dyads = [
        p for p in patterns(options.min_width, options.max_width) if p.span > max(len(p.offsets), options.min_width - 1)
    ]
    if dyads:
        n_words += total_words(dyads)
        screen(find_seeds(data, control, dyads, both_strands=both, per_list=_REFINED_DYADS), _REFINED_DYADS)
    by_word = {item.seed: seed_log_p(item.seed, len(data), len(control)) for item in candidates}

    def worth(item: Refined) -> float:
        return item.log_p if sets.aside is not None else by_word[item.seed]

    candidates.sort(key=worth)
    finalists = [_finalist(data, control, item, sets, options) for item in candidates[:_FINALISTS]]
    check()
    best = min(finalists, key=worth, default=None)
    return (best if best is not None and np.isfinite(best.threshold) else None), n_words


def _finalist(data: em.Sequences, control: em.Sequences, item: Refined, sets: _Sets, options: WordOptions) -> Refined:
    """Refined until p falls no more, grown by flanks that its sites share, cut of those that say nothing."""
    both, background = options.both_strands, sets.background
    data, control = _first(data, _REFINED_BASES), _first(control, _REFINED_BASES)
    item = refine(data, control, judge(data, control, item.matrix, item.seed, background, both), background, both)
    for kept, window in ((1.0, _grown), (_KEPT_SIGNIFICANCE, _cut)):
        first, last, wide = window(data, item, options, background)
        if item.hits < 2 or (last - first == len(item.matrix)):
            continue
        other = judge(data, control, wide[first:last], item.seed, background, both)
        other = refine(data, control, other, background, both)
        if other.log_p <= kept * item.log_p:
            item = other
    return item


def _grown(
    data: em.Sequences, item: Refined, options: WordOptions, background: em.FloatArray
) -> tuple[int, int, em.FloatArray]:
    """Columns [first, last) of a wider matrix: the item's, and those beside it with more information than chance."""
    pad = options.max_width - len(item.matrix)
    counts = site_counts(data, item, item.hits, pad) + background
    wide = counts / counts.sum(axis=1, keepdims=True)
    information = (wide * np.log2(wide / background)).sum(axis=1)
    low = max(0.1, 6.0 / max(item.hits, 1))
    first, last = pad, pad + len(item.matrix)
    while last - first < options.max_width:
        left = information[first - 1] if first > 0 else -1.0
        right = information[last] if last < len(information) else -1.0
        if max(left, right) < low:
            break
        first, last = (first - 1, last) if left >= right else (first, last + 1)
    return first, last, wide


def _cut(
    data: em.Sequences, item: Refined, options: WordOptions, background: em.FloatArray
) -> tuple[int, int, em.FloatArray]:
    first, last = informative(site_counts(data, item, item.hits), background, options.min_width)
    return first, last, item.matrix


def _log_p(sets: _Sets, motif: Refined, options: WordOptions) -> float:
    """ln p on the sequences put aside, at the threshold chosen without them; of the seed word where there are none."""
    held_out = sets.held_out()
    if held_out is None:
        return seed_log_p(motif.seed, len(sets.primary), len(sets.control))
    matrix = em.log_odds(motif.matrix, sets.background)
    hits, control_hits = (int((s.best(matrix, options.both_strands) >= motif.threshold).sum()) for s in held_out)
    return log_fisher(hits, len(held_out[0]), control_hits, len(held_out[1]))


def _finish(sets: _Sets, motif: Refined, log_p: float, options: WordOptions) -> Found:
    """Sites in all sequences at the search's threshold, and the matrix that counts them."""
    both, background = options.both_strands, sets.background
    sites = judge(sets.primary, sets.control, motif.matrix, motif.seed, background, both)
    counts = site_counts(sets.primary, sites, sites.hits)
    rows, strands, starts = (values[: sites.hits] for values in (sites.rows, sites.strands, sites.starts))
    matrix = site_matrix(counts, background)
    scores, control_scores = sets.primary.best(matrix, both), sets.control.best(matrix, both)
    threshold, hits, control_hits, _ = best_threshold(scores, control_scores)
    score = window_scores(sets.primary.codes, matrix, rows, strands, starts)
    return Found(
        counts=counts, background=background, threshold=threshold, log_p=log_p, log_e=0.0,
        test="holdout" if sets.aside is not None else "words", seed=motif.seed, hits=hits, control_hits=control_hits,
        rows=rows, strands=strands, starts=starts, scores=score,
    )  # fmt: skip


def _first(data: em.Sequences, bases: int) -> em.Sequences:
    """The first sequences that hold at most ``bases`` letters, at least 40; rows are in no order that matters."""
    limit = max(bases // max(data.length, 1), 40)
    return data if len(data) <= limit else data.take(np.arange(limit))
