"""EM, seeds and tests of enrichment: every fast path against a plain loop or scipy, and invariances."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_core.sequences import encode, encode_batch, reverse_complement
from cislex_motif import em
from cislex_motif.seeds import Pattern, find_seeds, patterns, presence, start_matrices, total_words, word_indices
from cislex_motif.significance import best_threshold, enrichment_g, log_fisher


def random_codes(n: int, length: int, seed: int = 0, letters: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, letters, (n, length), dtype=np.uint8)


def random_matrix(width: int, seed: int = 0) -> np.ndarray:
    p = np.random.default_rng(seed).dirichlet(np.full(4, 0.5), width) + 0.01
    return p / p.sum(axis=1, keepdims=True)


def plain_scores(codes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(2, n, positions) by a loop; −inf with N."""
    width = len(matrix)
    out = np.full((2, len(codes), codes.shape[1] - width + 1), -np.inf)
    for i, row in enumerate(codes):
        for j in range(out.shape[2]):
            window = row[j : j + width]
            if (window < 4).all():
                out[0, i, j] = matrix[np.arange(width), window].sum()
                out[1, i, j] = matrix[np.arange(width), reverse_complement(window)].sum()
    return out


@pytest.mark.parametrize("width", [4, 5, 6, 11, 15])
def test_scores_equal_a_plain_loop(width: int) -> None:
    codes = random_codes(6, 24, letters=5)
    codes[0] = random_codes(1, 24)[0]
    matrix = np.log(random_matrix(width) / 0.25)
    expected = plain_scores(codes, matrix)
    scores = em.Sequences(codes).scores(matrix)
    known = np.isfinite(expected)
    np.testing.assert_allclose(scores[known], expected[known], atol=1e-4)
    assert (scores[~known] < -5000).all()


def test_a_sequence_shorter_than_the_matrix_has_no_place() -> None:
    data = em.Sequences(random_codes(3, 5))
    assert data.scores(random_matrix(8)).shape == (2, 3, 0)
    assert np.isneginf(data.best(random_matrix(8))).all()


def test_e_step_equals_a_plain_loop() -> None:
    codes, gamma = random_codes(20, 30), 0.3
    matrix = np.log(random_matrix(7, 3) / 0.25)
    odds = np.exp(plain_scores(codes, matrix))
    prior = gamma / (2 * odds.shape[2])
    evidence = (1 - gamma) + prior * odds.sum(axis=(0, 2))
    z = prior * odds / evidence[None, :, None]
    expected = np.zeros((7, 4))
    for strand, i, j in np.ndindex(z.shape):
        window = codes[i, j : j + 7]
        window = reverse_complement(window) if strand else window
        expected[np.arange(7), window] += z[strand, i, j]
    counts, occupied, likelihood = em.expectation(em.Sequences(codes), matrix, gamma)
    np.testing.assert_allclose(counts, expected, atol=0.02)
    assert occupied == pytest.approx(z.sum(), rel=1e-3)
    assert likelihood == pytest.approx(np.log(evidence).sum(), rel=1e-3, abs=1e-3)


def test_oops_gives_each_sequence_one_site() -> None:
    data = em.Sequences(random_codes(25, 30))
    counts, occupied, _ = em.expectation(data, np.log(random_matrix(6) / 0.25), 1.0, model="oops")
    assert occupied == pytest.approx(25, rel=1e-4)
    np.testing.assert_allclose(counts.sum(axis=1), 25, rtol=0.02)


def test_likelihood_never_falls() -> None:
    data = em.Sequences(planted(80, "TTACCCGGA", 0.7)[0])
    background, start = np.full(4, 0.25), random_matrix(9, 5)
    start = 0.6 * np.eye(4)[encode("TTACACGGA")] + 0.1 * np.ones((9, 4)) + 0 * start
    seen = [
        em.fit(data, start, background, max_iterations=i, tolerance=0, pseudocount=0.01).log_likelihood_ratio
        for i in range(1, 12)
    ]
    assert (np.diff(seen) > -0.05).all()
    assert seen[-1] > seen[0]


def planted(n: int, word: str, share: float, length: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(n, length) codes, and start of the word in each (−1 without); half on the reverse strand."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length), dtype=np.uint8)
    starts = np.full(n, -1)
    for i in np.flatnonzero(rng.random(n) < share):
        letters = encode(word)
        starts[i] = rng.integers(0, length - len(word) + 1)
        codes[i, starts[i] : starts[i] + len(word)] = reverse_complement(letters) if rng.random() < 0.5 else letters
    return codes, starts


def test_em_recovers_a_planted_word_its_share_and_its_places() -> None:
    codes, starts = planted(200, "TTACCCGGA", 0.6)
    data, background = em.Sequences(codes), np.full(4, 0.25)
    start = 0.5 * np.eye(4)[encode("TTACCGGGA")] + 0.125
    result = em.fit(data, start, background)
    assert "".join("ACGT"[i] for i in result.probabilities.argmax(axis=1)) == "TTACCCGGA"
    assert result.gamma == pytest.approx((starts >= 0).mean(), abs=0.03)
    probability, _, found, _ = em.site_posteriors(data, em.log_odds(result.probabilities, background), result.gamma)
    with_site = starts >= 0
    assert (found[with_site] == starts[with_site]).mean() > 0.98
    assert ((probability > 0.5) == with_site).mean() > 0.97


def test_reverse_complemented_input_gives_the_same_motif() -> None:
    codes, _ = planted(100, "TTACCCGGA", 0.6)
    start, background = 0.5 * np.eye(4)[encode("TTACCGGGA")] + 0.125, np.full(4, 0.25)
    forward = em.fit(em.Sequences(codes), start, background)
    turned = em.fit(em.Sequences(reverse_complement(codes)), start, background)
    np.testing.assert_allclose(forward.probabilities, turned.probabilities, atol=1e-3)


def test_erasing_removes_every_hit_and_nothing_else() -> None:
    codes, starts = planted(50, "TTACCCGGA", 1.0)
    matrix = np.log((0.96 * np.eye(4)[encode("TTACCCGGA")] + 0.01) / 0.25)
    erased = em.Sequences(codes).erase(matrix, 9.0)
    assert (erased.best(matrix) < 9.0).all()
    for row, old, start in zip(erased.codes, codes, starts, strict=True):
        assert (row[start : start + 9] == 4).all()
        np.testing.assert_array_equal(row[row < 4], old[row < 4])


def test_window_counts_read_the_strand_and_stop_at_the_ends() -> None:
    codes = encode_batch(["ACGT"])
    counts = em.window_counts(codes, np.array([0]), np.array([0]), np.array([2]), 4)
    np.testing.assert_array_equal(counts, [[0, 0, 1, 0], [0, 0, 0, 1], [0] * 4, [0] * 4])
    counts = em.window_counts(encode_batch(["AACT"]), np.array([1]), np.array([0]), np.array([-1]), 4)
    np.testing.assert_array_equal(counts, [[0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0] * 4])


# ---- seeds


def test_words_share_an_index_with_their_reverse_complement() -> None:
    for pattern in patterns(6, 12):
        codes = random_codes(5, 40, seed=pattern.span)
        forward = word_indices(codes, pattern)
        backward = word_indices(reverse_complement(codes), pattern)
        np.testing.assert_array_equal(forward, backward[:, ::-1])


def test_presence_equals_a_plain_count() -> None:
    pattern = Pattern((0, 1, 4, 5))
    codes = random_codes(40, 20, letters=5)
    counts = presence(codes, pattern, both_strands=False)
    sets = []
    for row in codes:
        windows = [row[[j, j + 1, j + 4, j + 5]] for j in range(15)]
        sets.append({int(w @ [64, 16, 4, 1]) for w in windows if (w < 4).all()})
    assert [sum(word in s for s in sets) for word in range(256)] == counts.tolist()


@pytest.mark.parametrize("offsets", [(0, 1, 2, 3), (0, 1, 2, 3, 4, 5), (0, 1, 2, 7, 8, 9)])
def test_the_number_of_words_counts_a_word_and_its_reverse_complement_once(offsets: tuple[int, ...]) -> None:
    k = len(offsets)
    words = np.array(np.meshgrid(*[range(4)] * k, indexing="ij")).reshape(k, -1).T.astype(np.uint8)
    spread = np.zeros((len(words), offsets[-1] + 1), dtype=np.uint8)
    spread[:, list(offsets)] = words
    pattern = Pattern(offsets)
    assert len(np.unique(word_indices(spread, pattern))) == pattern.n_words
    assert total_words([pattern, pattern]) == 2 * pattern.n_words


def test_a_gapped_word_is_among_the_seeds() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (200, 60), dtype=np.uint8)
    codes[:120, 20:23] = encode("TCA")
    codes[:120, 29:32] = encode("ACG")
    seeds = find_seeds(em.Sequences(codes), em.Sequences(random_codes(200, 60, 9)), patterns(6, 15))
    assert seeds[0].text() in ("TCANNNNNNACG", "CGTNNNNNNTGA")
    assert seeds[0].hits >= 120
    starts = start_matrices(seeds[0], em.Sequences(codes), np.full(4, 0.25), [6, 12, 15])
    assert [len(s) for s in starts] == [12, 15]
    for start in starts:
        np.testing.assert_allclose(start.sum(axis=1), 1)


# ---- tests of enrichment


@pytest.mark.parametrize(
    "table", [(5, 10, 1, 12), (0, 10, 3, 10), (10, 10, 0, 10), (40, 1000, 900, 40_000), (1, 1, 0, 1)]
)
def test_fisher_equals_scipys(table: tuple[int, int, int, int]) -> None:
    from scipy.stats import fisher_exact

    a, n, b, m = table
    expected = fisher_exact([[a, n - a], [b, m - b]], alternative="greater").pvalue
    assert np.exp(log_fisher(a, n, b, m)) == pytest.approx(expected, rel=1e-8)


def test_fisher_far_below_the_smallest_double() -> None:
    assert log_fisher(5000, 5000, 0, 5000) / np.log(10) == pytest.approx(-3008, abs=2)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="no counts"):
        log_fisher(5, 4, 0, 10)


def test_g_is_signed_and_zero_at_equal_rates() -> None:
    np.testing.assert_allclose(enrichment_g([10, 30, 10], 100, [10, 10, 30], 100), [0, 10.465, -10.465], atol=0.01)


def test_best_threshold_separates_and_counts_ties() -> None:
    scores, control = np.array([5.0, 5, 5, 4, 1]), np.array([4.0, 1, 0, 0, 0, 0, 0, 0, -np.inf, 0])
    threshold, hits, control_hits, log_p = best_threshold(scores, control)
    assert (threshold, hits, control_hits) in [(5.0, 3, 0), (4.0, 4, 1), (1.0, 5, 2)]
    candidates = [log_fisher(3, 5, 0, 10), log_fisher(4, 5, 1, 10), log_fisher(5, 5, 2, 10)]
    assert log_p == pytest.approx(min(candidates))
    assert best_threshold(np.full(4, -np.inf), control)[1:] == (0, 0, 0.0)
