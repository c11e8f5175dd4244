"""Every word of every width, counted: in how many sequences of one set and of another does it occur.

A word and its reverse complement are one where both strands are read. Words are integers in base 4, so that the word of
the next width is one step from that of this one, and counting is sorting. These are the seeds of the search by words
(``word_search``), as the suffix tree's words are STREME's (Bailey 2021).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif.seeds import Pattern, Seed
from cislex_motif.significance import enrichment_g, log_fisher

Codes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.int64]
MIN_HITS = 3
# Words of each width ranked by a quick statistic, of which the best by Fisher's test become seeds.
_EXACT_TESTS = 60


@dataclass(frozen=True)
class WordCounts:
    """Words of one width that at least three primary sequences hold: sequences with it, in either set.

    ``n_tested``: words of this width in at least three sequences of the two sets together, the family that a word of
    these is the best of.
    """

    width: int
    words: Words
    hits: Words
    control_hits: Words
    n_tested: int

    def seeds(self, n: int, n_control: int, limit: int) -> list[Seed]:
        """The words of smallest p (Fisher, one-sided), at most ``limit``, best first."""
        g = enrichment_g(self.hits, n, self.control_hits, n_control)
        first = np.argsort(-g, kind="stable")[: max(_EXACT_TESTS, limit)]
        pattern = Pattern(tuple(range(self.width)))
        found = []
        for i in first[g[first] > 0]:
            hits, control_hits = int(self.hits[i]), int(self.control_hits[i])
            seed = Seed(pattern, int(self.words[i]), float(g[i]), hits, control_hits, 0)
            found.append((log_fisher(hits, n, control_hits, n_control), seed))
        return [seed for _, seed in sorted(found, key=lambda item: (item[0], item[1].word))[:limit]]


def count_words(
    codes: Codes, control: Codes, min_width: int, max_width: int, both_strands: bool = True
) -> Iterator[WordCounts]:
    """Counts of each width from ``min_width`` to ``max_width`` (at most 31), narrowest first.

    codes (n, length), control (m, length): uint8, N = 4; no word holds an N. Widths that no sequence can hold are left
    out.
    """
    for (width, words), (_, control_words) in zip(
        _words(codes, min_width, max_width, both_strands), _words(control, min_width, max_width, both_strands),
        strict=False,
    ):  # fmt: skip
        known, hits = _sequences_with(words)
        control_known, control_hits = _sequences_with(control_words)
        place = np.searchsorted(control_known, known)
        same = place < len(control_known)
        same[same] = control_known[place[same]] == known[same]
        elsewhere = np.zeros(len(known), dtype=np.int64)
        elsewhere[same] = control_hits[place[same]]
        # Words of the control alone can be tested too, and never win: they belong to the family all the same.
        alone = np.ones(len(control_known), dtype=bool)
        alone[place[same]] = False
        tested = int((hits + elsewhere >= MIN_HITS).sum() + (control_hits[alone] >= MIN_HITS).sum())
        often = hits >= MIN_HITS
        yield WordCounts(width, known[often], hits[often], elsewhere[often], tested)


def _words(codes: Codes, min_width: int, max_width: int, both_strands: bool) -> Iterator[tuple[int, Words]]:
    """Per width the (n, positions) words at each start, −1 where one holds N."""
    known = codes < 4
    letters = np.where(known, codes, 0).astype(np.int64)
    forward = np.zeros((len(codes), codes.shape[1]), dtype=np.int64)
    backward, whole = np.zeros_like(forward), np.ones(forward.shape, dtype=bool)
    for width in range(1, min(max_width, codes.shape[1]) + 1):
        positions = codes.shape[1] - width + 1
        last = letters[:, width - 1 :]
        forward = forward[:, :positions] * 4 + last
        whole = whole[:, :positions] & known[:, width - 1 :]
        if both_strands:
            backward = backward[:, :positions] + ((3 - last) << (2 * (width - 1)))
        if width >= min_width:
            words = np.minimum(forward, backward) if both_strands else forward
            yield width, np.where(whole, words, -1)


def _sequences_with(words: Words) -> tuple[Words, Words]:
    """The distinct words, ascending, and in how many rows each occurs."""
    ordered = np.sort(words, axis=1)
    first = ordered >= 0
    first[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    known, counts = np.unique(ordered[first], return_counts=True)
    return known, counts.astype(np.int64)
