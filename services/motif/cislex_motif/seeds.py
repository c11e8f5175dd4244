"""Seeds for expectation–maximisation: words, and pairs of words with a gap, that one set of sequences holds more often.

Counted is in how many sequences a word occurs, on either strand. Besides plain 6- and 8-mers there are dyads, two
3-mers with 1 to n free bases between them: motifs such as ABF1's (RTCRYNNNNNACG) have no conserved word of six.
Words are also ranked by the sum over all words one mismatch away, which finds degenerate motifs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cislex_motif.em import FloatArray, Sequences, window_counts
from cislex_motif.significance import enrichment_g, log_fisher

_CORE_WEIGHT = 0.75


@dataclass(frozen=True)
class Pattern:
    """Which positions of a window make up the word: offsets from its first base, symmetric about the centre."""

    offsets: tuple[int, ...]

    @property
    def span(self) -> int:
        """Bases from the first to the last position."""
        return self.offsets[-1] + 1

    @property
    def n_words(self) -> int:
        """Distinct words when a word and its reverse complement are one."""
        k = len(self.offsets)
        return (4**k + (4 ** (k // 2) if k % 2 == 0 else 0)) // 2


@dataclass(frozen=True)
class Seed:
    """A word of a pattern. ``word`` has one letter per offset. ``g``: its enrichment statistic; ``hits`` and
    ``control_hits``: sequences that hold it exactly."""

    pattern: Pattern
    word: int
    g: float
    hits: int
    control_hits: int
    mismatches: int

    def text(self) -> str:
        """The word with N in its gap, e.g. ``TCANNNNNNACG``."""
        k = len(self.pattern.offsets)
        letters = ["N"] * self.pattern.span
        for i, offset in enumerate(self.pattern.offsets):
            letters[offset] = "ACGT"[(self.word >> (2 * (k - 1 - i))) & 3]
        return "".join(letters)


def patterns(min_width: int, max_width: int) -> list[Pattern]:
    """Plain words of 4 to 8 that fit the widths, and dyads of 3 + 3 that span at most ``max_width``."""
    words = [k for k in (6, 8) if k <= max_width] or [max(min(max_width, 5), 4)]
    chosen = [Pattern(tuple(range(k))) for k in words]
    dyads = [Pattern((0, 1, 2, 3 + gap, 4 + gap, 5 + gap)) for gap in range(1, max_width - 5)]
    return [*chosen, *dyads]


def total_words(considered: list[Pattern]) -> int:
    """Words tested over all patterns: the Bonferroni factor."""
    return sum(pattern.n_words for pattern in considered)


def word_indices(codes: npt.NDArray[np.uint8], pattern: Pattern, both_strands: bool = True) -> npt.NDArray[np.int32]:
    """(n, length − span + 1) index of the word at each start, base 4; −1 where it holds N.

    With ``both_strands`` a word and its reverse complement share the smaller index.
    """
    k, positions = len(pattern.offsets), codes.shape[1] - pattern.span + 1
    if positions <= 0:
        return np.full((len(codes), 0), -1, dtype=np.int32)
    forward = np.zeros((len(codes), positions), dtype=np.int32)
    backward = np.zeros_like(forward)
    unknown = np.zeros(forward.shape, dtype=bool)
    for i, offset in enumerate(pattern.offsets):
        letters = codes[:, offset : offset + positions]
        unknown |= letters > 3
        known = (letters & 3).astype(np.int32)
        forward += known << (2 * (k - 1 - i))
        backward += (3 - known) << (2 * i)
    index = np.minimum(forward, backward) if both_strands else forward
    index[unknown] = -1
    return index


def presence(codes: npt.NDArray[np.uint8], pattern: Pattern, both_strands: bool = True) -> npt.NDArray[np.int64]:
    """(4^k,) number of sequences that hold each word at least once."""
    size = 4 ** len(pattern.offsets)
    index = word_indices(codes, pattern, both_strands)
    if index.shape[1] == 0:
        return np.zeros(size, dtype=np.int64)
    index = np.sort(index, axis=1)
    first = np.ones(index.shape, dtype=bool)
    first[:, 1:] = index[:, 1:] != index[:, :-1]
    return np.bincount(index[first & (index >= 0)], minlength=size)[:size]


def find_seeds(
    data: Sequences,
    control: Sequences,
    considered: list[Pattern],
    *,
    both_strands: bool = True,
    per_list: int = 3,
    min_hits: int = 3,
) -> list[Seed]:
    """The most enriched words, best first: ``per_list`` of each ranking (each plain word length exact and with one
    mismatch), and twice as many of all dyads together, exact and with one mismatch. No word comes twice."""
    groups: dict[str, list[Seed]] = {}
    for pattern in considered:
        dyad = pattern.span > len(pattern.offsets)
        hits, control_hits = (presence(s.codes, pattern, both_strands) for s in (data, control))
        for mismatches in (0, 1):
            if mismatches:
                g = enrichment_g(
                    _neighbour_sums(hits, pattern, both_strands), len(data),
                    _neighbour_sums(control_hits, pattern, both_strands), len(control),
                )  # fmt: skip
            else:
                g = enrichment_g(hits, len(data), control_hits, len(control))
            g = np.where(hits >= min_hits, g, -np.inf)
            limit = per_list * (2 if dyad else 1)
            best = np.argpartition(-g, min(limit, len(g) - 1))[: limit + 1]
            best = best[np.argsort(-g[best], kind="stable")][:limit]
            key = f"dyad{mismatches}" if dyad else f"{len(pattern.offsets)}_{mismatches}"
            groups.setdefault(key, []).extend(
                Seed(pattern, int(w), float(g[w]), int(hits[w]), int(control_hits[w]), mismatches)
                for w in best
                if g[w] > 0
            )
    seen: set[tuple[Pattern, int]] = set()
    chosen: list[Seed] = []
    for key, seeds in groups.items():
        limit = per_list * (2 if key.startswith("dyad") else 1)
        for seed in sorted(seeds, key=lambda s: (-s.g, s.text()))[:limit]:
            if (seed.pattern, seed.word) not in seen:
                seen.add((seed.pattern, seed.word))
                chosen.append(seed)
    return sorted(chosen, key=lambda s: (-s.g, s.text()))


def seed_log_p(seed: Seed, n: int, n_control: int) -> float:
    """ln p (Fisher, one-sided) of the word's own counts, not corrected."""
    return log_fisher(seed.hits, n, seed.control_hits, n_control)


def start_matrices(
    seed: Seed, data: Sequences, background: FloatArray, widths: list[int], both_strands: bool = True
) -> list[FloatArray]:
    """Starting matrices (w, 4), one per width that holds the seed (or the seed's span alone where none does).

    Flanks come from the bases around the word's exact occurrences; the word itself is softened so that EM can leave it.
    The window of each width is the one with the most information that contains the whole word.
    """
    pattern, span = seed.pattern, seed.pattern.span
    fitting = [w for w in widths if w >= span] or [span]
    pad = max(fitting) - span
    index = word_indices(data.codes, pattern, both_strands)
    row, start = np.nonzero(index == seed.word)
    strand = _strand_of(data.codes, row, start, seed)
    wide = span + 2 * pad
    counts = window_counts(data.codes, strand, row, start - pad, wide) + 2.0 * background
    matrix = counts / counts.sum(axis=1, keepdims=True)
    core = pad + np.array(pattern.offsets)
    matrix[core] = _CORE_WEIGHT * matrix[core] + (1 - _CORE_WEIGHT) * background
    information = (matrix * np.log2(matrix / background)).sum(axis=1)
    starts = []
    for width in fitting:
        offsets = range(pad + span - width, pad + 1)
        best = max(offsets, key=lambda o: (round(float(information[o : o + width].sum()), 9), -o))
        starts.append(matrix[best : best + width])
    return starts


def _strand_of(
    codes: npt.NDArray[np.uint8], row: npt.NDArray[np.int64], start: npt.NDArray[np.int64], seed: Seed
) -> npt.NDArray[np.int64]:
    """(m,) 0 where the word stands as written, 1 where its reverse complement does."""
    k = len(seed.pattern.offsets)
    same = np.ones(len(row), dtype=bool)
    for i, offset in enumerate(seed.pattern.offsets):
        same &= codes[row, start + offset] == ((seed.word >> (2 * (k - 1 - i))) & 3)
    return np.where(same, 0, 1)


def _neighbour_sums(hits: npt.NDArray[np.int64], pattern: Pattern, both_strands: bool) -> FloatArray:
    """(4^k,) sums over each word and all words that differ from it at one position."""
    k = len(pattern.offsets)
    full = hits.astype(np.float64)
    if both_strands:
        # Words are stored under the smaller of the two indices; spread them to both before looking at neighbours.
        words = np.arange(4**k)
        reverse = np.zeros_like(words)
        for i in range(k):
            reverse |= (3 - ((words >> (2 * i)) & 3)) << (2 * (k - 1 - i))
        full = np.where(words <= reverse, full, full[reverse])
    cube = full.reshape((4,) * k)
    total = (1 - k) * cube
    for axis in range(k):
        total = total + cube.sum(axis=axis, keepdims=True)
    return total.ravel()
