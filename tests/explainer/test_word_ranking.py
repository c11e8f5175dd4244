"""The sliding-window ranking against a plain loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import pytest
from cislex_core.sequences import decode, encode, encode_batch, reverse_complement_str
from cislex_explainer.ranking import KmerRanking, word_indices, word_strings


def test_a_hand_counted_case() -> None:
    codes = encode_batch(["AACCAACC", "NGGTTNNN"])
    importance = np.ones((2, 8))
    importance[0, 4:] = 2.0
    signed = -importance
    ranking = KmerRanking(4, rc_aware=True)
    ranking.add(codes, importance, signed, np.array([True, False]))
    answer = ranking.ranking()
    assert answer.kmers == ["AACC", "CAAC", "ACCA", "CCAA"] or answer.kmers[0] == "AACC"
    row = {word: i for i, word in enumerate(answer.kmers)}
    at = row["AACC"]  # twice in WT (4 and 8), once in KO as GGTT (4)
    assert (answer.score_sum[at], answer.signed_sum[at]) == (16.0, -16.0)
    assert (answer.n[at], answer.n_wt[at], answer.n_ko[at]) == (3, 2, 1)
    assert (answer.n_wt_sequences[at], answer.n_ko_sequences[at]) == (1, 1)
    # ACCA is the lesser of ACCA and TGGT, CCAA of CCAA and TTGG, CAAC of CAAC and GTTG
    assert set(row) == {"AACC", "ACCA", "CCAA", "CAAC"}
    assert answer.score_sum[row["CAAC"]] == 7.0


@pytest.mark.parametrize("rc_aware", [True, False])
def test_like_a_plain_loop_whatever_the_blocks(sequences: Callable, rc_aware: bool) -> None:
    codes, targets = sequences(20)
    rng = np.random.default_rng(2)
    importance, signed = rng.random(codes.shape), rng.normal(size=codes.shape)
    k = 5
    expected: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(4))
    holders: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row, text in enumerate(decode(c) for c in codes):
        for start in range(len(text) - k + 1):
            word = text[start : start + k]
            if "N" in word:
                continue
            name = min(word, reverse_complement_str(word)) if rc_aware else word
            wt = int(targets[row] == 1)
            expected[name] += [
                importance[row, start : start + k].sum(),
                signed[row, start : start + k].sum(),
                wt,
                1 - wt,
            ]
            holders[name, wt].add(row)
    ranking = KmerRanking(k, rc_aware)
    for part in (slice(0, 7), slice(7, 20)):
        ranking.add(codes[part], importance[part], signed[part], targets[part] == 1)
    answer = ranking.ranking()
    assert len(answer.kmers) == len(expected)
    for i, word in enumerate(answer.kmers):
        got = [answer.score_sum[i], answer.signed_sum[i], answer.n_wt[i], answer.n_ko[i]]
        np.testing.assert_allclose(got, expected[word], atol=1e-9)
        assert answer.n_wt_sequences[i] == len(holders[word, 1])
        assert answer.n_ko_sequences[i] == len(holders[word, 0])
    assert (np.diff(answer.score_sum) <= 1e-12).all()
    assert (answer.n == answer.n_wt + answer.n_ko).all()


def test_words_and_numbers() -> None:
    words, clean = word_indices(encode("ACGTN")[None], 2)
    assert words.tolist() == [[1, 6, 11, 0]]
    assert clean.tolist() == [[True, True, True, False]]
    assert word_strings(np.array([1, 6, 11]), 2) == ["AC", "CG", "GT"]


def test_sequences_shorter_than_the_word_are_left_out() -> None:
    ranking = KmerRanking(8, rc_aware=True)
    ranking.add(encode("ACGT")[None], np.ones((1, 4)), np.ones((1, 4)), np.array([True]))
    assert ranking.ranking().kmers == []
