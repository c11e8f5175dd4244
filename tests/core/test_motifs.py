"""Motif matrices: hard numbers worked out by hand, and what turning a motif round must not change."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cislex_core.motifs import Motif, aligned_correlation

COUNTS = [[10, 0, 0, 0], [0, 5, 0, 5], [5, 5, 0, 0], [4, 3, 2, 1], [0, 0, 10, 0]]


def random_motif(seed: int, width: int = 9) -> Motif:
    rng = np.random.default_rng(seed)
    return Motif("m", rng.dirichlet(np.full(4, 0.4), width), nsites=40, background=np.array([0.3, 0.2, 0.2, 0.3]))


def test_information_by_hand() -> None:
    bits = Motif.from_counts("m", COUNTS).information_content()
    h = -sum(p * math.log2(p) for p in (0.4, 0.3, 0.2, 0.1))
    np.testing.assert_allclose(bits, [2, 1, 1, 2 - h, 2], atol=1e-12)


def test_small_sample_correction_is_schneiders_and_never_below_zero() -> None:
    motif = Motif.from_counts("m", COUNTS)
    corrected = motif.information_content(small_sample=True)
    assert corrected[0] == pytest.approx(2 - 3 / (2 * math.log(2) * 10))
    assert corrected[3] == 0.0
    unknown = Motif("m", motif.probabilities)
    np.testing.assert_array_equal(unknown.information_content(small_sample=True), unknown.information_content())


def test_relative_entropy_equals_information_under_a_flat_background() -> None:
    motif = Motif("m", random_motif(1).probabilities)
    np.testing.assert_allclose(motif.relative_entropy(), motif.information_content(), atol=1e-12)


def test_consensus() -> None:
    motif = Motif.from_counts("m", COUNTS)
    assert motif.consensus() == "AYMNG"
    assert motif.consensus(iupac=False) == "ACAAG"
    assert Motif("m", np.array([[0.34, 0.33, 0.33, 0.0], [0.25] * 4])).consensus() == "VN"
    assert Motif("m", np.full((2, 4), 0.25)).consensus(iupac=False) == "NN"


@pytest.mark.parametrize("seed", range(5))
def test_reverse_complement_is_an_involution_that_keeps_information(seed: int) -> None:
    motif = random_motif(seed)
    turned = motif.reverse_complement()
    np.testing.assert_array_equal(turned.reverse_complement().probabilities, motif.probabilities)
    np.testing.assert_allclose(turned.information_content(), motif.information_content()[::-1])
    np.testing.assert_allclose(turned.pwm(), motif.pwm()[::-1, ::-1])


def test_reverse_complement_turns_counts_and_consensus() -> None:
    turned = Motif.from_counts("m", COUNTS).reverse_complement()
    assert turned.consensus() == "CNKRT"
    np.testing.assert_array_equal(turned.count_matrix()[0], [0, 10, 0, 0])


def test_pwm_by_hand() -> None:
    motif = Motif.from_counts("m", COUNTS)
    pwm = motif.pwm(pseudocount=1.0)
    assert pwm[0, 0] == pytest.approx(math.log2((10 + 0.25) / 11 / 0.25))
    assert pwm[0, 1] == pytest.approx(math.log2(0.25 / 11 / 0.25))
    assert np.isneginf(motif.pwm(pseudocount=0.0)[0, 1])
    assert np.isfinite(motif.pwm()).all()


def test_pwm_takes_another_background() -> None:
    motif = Motif.from_counts("m", COUNTS)
    b = np.array([0.4, 0.1, 0.1, 0.4])
    assert motif.pwm(1.0, b)[0, 0] == pytest.approx(math.log2((10 + 0.4) / 11 / 0.4))


def test_trim_cuts_flanks_only() -> None:
    flat = [[5, 5, 5, 5]]
    motif = Motif.from_counts("m", flat * 3 + COUNTS + flat)
    trimmed = motif.trim(0.5)
    np.testing.assert_array_equal(trimmed.count_matrix(), np.array(COUNTS, dtype=float))
    assert motif.trim(2.1, min_width=4).width == 4


def test_counts_default_and_nsites() -> None:
    motif = Motif.from_counts("m", [[1, 2, 3, 4], [0, 0, 0, 8]])
    assert motif.nsites == 10
    np.testing.assert_allclose(motif.probabilities.sum(axis=1), 1)
    assert Motif("m", motif.probabilities).count_matrix().sum() == pytest.approx(40)


@pytest.mark.parametrize(
    "bad",
    [np.zeros((0, 4)), np.full((3, 3), 1 / 3), np.full((2, 4), 0.3), np.array([[0.5, 0.5, np.nan, 0]]),
     np.array([[1.5, -0.5, 0, 0]])],
)  # fmt: skip
def test_a_broken_matrix_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="'m'"):
        Motif("m", bad)


@pytest.mark.parametrize("seed", range(5))
def test_a_motif_aligns_with_a_shifted_turned_copy_of_itself(seed: int) -> None:
    motif = random_motif(seed)
    piece = Motif("p", motif.probabilities[2:8]).reverse_complement()
    score, offset, reverse = aligned_correlation(motif, piece)
    assert score == pytest.approx(1.0)
    assert (offset, reverse) == (2, True)


def test_flat_columns_correlate_with_nothing() -> None:
    assert aligned_correlation(Motif("f", np.full((6, 4), 0.25)), random_motif(0))[0] == 0.0
