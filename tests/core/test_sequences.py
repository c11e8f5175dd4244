"""Codes, complements, shares, one-hot and shuffles."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import (
    N_CODE,
    decode,
    decode_batch,
    dinucleotide_counts,
    dinucleotide_shuffle,
    encode,
    encode_batch,
    fit,
    from_one_hot,
    gc,
    n_fraction,
    one_hot,
    reverse_complement,
    reverse_complement_str,
)
from hypothesis import given
from hypothesis import strategies as st

DNA = st.text(alphabet="ACGTN", max_size=300)


def test_letters_become_codes_whatever_their_case() -> None:
    assert encode("ACGTN").tolist() == [0, 1, 2, 3, 4]
    assert encode("acgtu").tolist() == [0, 1, 2, 3, 3]
    assert set(encode("RYSWKMBDHVnryswkmbdhv").tolist()) == {N_CODE}


@pytest.mark.parametrize(("text", "letter", "position"), [("ACGE", "E", 4), ("AC GT", " ", 3), ("ACÅ", "Å", 3)])
def test_another_letter_is_named_with_its_position(text: str, letter: str, position: int) -> None:
    with pytest.raises(UserError, match=f"position {position} ") as caught:
        encode(text)
    assert caught.value.reason is Reason.INVALID_FASTA
    assert caught.value.metadata == {"letter": letter, "position": str(position)}


def test_lenient_encoding_makes_n_of_other_letters() -> None:
    assert decode(encode("AC*T", strict=False)) == "ACNT"


@given(DNA)
def test_decode_undoes_encode(text: str) -> None:
    assert decode(encode(text)) == text


@given(DNA)
def test_reverse_complement_twice_is_the_sequence(text: str) -> None:
    assert reverse_complement_str(reverse_complement_str(text)) == text


def test_reverse_complement_of_a_known_sequence() -> None:
    assert reverse_complement_str("AACGTN") == "NACGTT"
    both = reverse_complement(np.stack([encode("AACG"), encode("TTTN")]))
    assert decode_batch(both) == ["CGTT", "NAAA"]


@given(st.lists(st.text(alphabet="ACGTN", min_size=13, max_size=13), min_size=1, max_size=9))
def test_gc_and_n_shares_equal_plain_counting(texts: list[str]) -> None:
    codes = encode_batch(texts)
    for text, share, unknown in zip(texts, gc(codes), n_fraction(codes), strict=True):
        known = len(text) - text.count("N")
        assert unknown == text.count("N") / 13
        if known:
            assert share == (text.count("G") + text.count("C")) / known
        else:
            assert np.isnan(share)


@pytest.mark.parametrize(
    ("pad", "length", "expected"),
    [("center", 7, "NACGTNN"), ("end", 7, "ACGTNNN"), ("center", 2, "CG"), ("end", 2, "AC"), ("center", 4, "ACGT")],
)
def test_fitting_pads_and_cuts(pad: str, length: int, expected: str) -> None:
    assert decode(fit(encode("ACGT"), length, pad)) == expected


def test_a_batch_of_unequal_lengths_is_padded_to_the_longest() -> None:
    assert decode_batch(encode_batch(["AC", "ACGTA"], pad="end")) == ["ACNNN", "ACGTA"]


def test_a_bad_letter_in_a_batch_counts_from_its_own_sequence() -> None:
    with pytest.raises(UserError, match="position 2 "):
        encode_batch(["ACGT", "AJGT"])


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, np.float64])
@pytest.mark.parametrize("shape", [(70_000,), (3, 70_000), (700, 200), (0, 5)])
def test_one_hot_equals_the_definition(dtype: type, shape: tuple[int, ...]) -> None:
    codes = np.random.default_rng(0).integers(0, 5, shape).astype(np.uint8)
    result = one_hot(codes, dtype)
    expected = (codes[..., None, :] == np.arange(4)[:, None]).astype(dtype)
    assert result.dtype == dtype
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(result, expected)


def test_one_hot_of_another_channel_order_is_permuted_back() -> None:
    codes = encode_batch(["ACGTN"])
    atgc = one_hot(codes)[:, [0, 3, 2, 1]]
    np.testing.assert_array_equal(from_one_hot(atgc, "ATGC"), codes)


@pytest.mark.parametrize("seed", range(5))
def test_shuffles_keep_dinucleotides_ends_and_n(seed: int) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.choice(4, size=(40, 120), p=[0.4, 0.1, 0.1, 0.4]).astype(np.uint8)
    codes[3, 20:40] = codes[5, 0] = codes[7, -1] = codes[9, 10:118] = N_CODE
    codes[11] = 0
    codes[12, :] = np.tile([0, 3], 60)
    shuffled = dinucleotide_shuffle(codes, rng)
    assert shuffled.shape == codes.shape
    for before, after in zip(codes, shuffled, strict=True):
        np.testing.assert_array_equal(dinucleotide_counts(before), dinucleotide_counts(after))
        np.testing.assert_array_equal(before == N_CODE, after == N_CODE)
        assert before[0] == after[0]
        assert before[-1] == after[-1]
    assert (codes[0] != shuffled[0]).any()


def test_shuffles_are_uniform_over_all_possible_sequences() -> None:
    text, n = "ACAGATCA", 12_000
    same_letters = {"A" + "".join(rest) for rest in permutations(text[1:])}
    possible = {other for other in same_letters if _pairs(other) == _pairs(text)}
    shuffled = dinucleotide_shuffle(np.tile(encode(text), (n, 1)), np.random.default_rng(3))
    seen, counts = np.unique(decode_batch(shuffled), return_counts=True)
    assert set(seen.tolist()) == possible
    assert len(possible) > 5
    expected = n / len(possible)
    assert ((counts - expected) ** 2 / expected).sum() < 3 * len(possible)


def _pairs(text: str) -> list[str]:
    return sorted(text[i : i + 2] for i in range(len(text) - 1))
