"""Filters as motifs: a planted filter's golden matrix, thresholds, nullification, padding."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from cislex_core.sequences import decode, encode
from cislex_explainer.filters import argmax_consensus, filter_activity
from cislex_explainer.nullify import evenly_chosen, logit_changes, mean_effects
from cislex_explainer.ranking import word_strings
from cislex_models.onehot import one_hot

WORD = "TGACTCA"


def _batches(codes: np.ndarray, labels: np.ndarray, size: int = 16) -> Callable[[], Iterator]:
    def give() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(codes), size):
            yield codes[start : start + size], labels[start : start + size]

    return give


def _always(model: torch.nn.Module, logits: tuple[float, float]) -> None:
    """Make a model answer the same logits whatever it reads."""
    with torch.no_grad():
        model.output.weight.zero_()  # type: ignore[union-attr, operator]
        model.output.bias.copy_(torch.tensor(logits))  # type: ignore[union-attr, operator]


def _planted() -> tuple[np.ndarray, np.ndarray]:
    """WT holds WORD once at row position 5 + i; one WT sequence in two also holds it with its 4th base changed."""
    codes = np.full((8, 60), 0, dtype=np.uint8)
    codes[:] = encode("CG" * 30)
    for row in range(0, 8, 2):
        codes[row, 5 + row : 12 + row] = encode(WORD)
    for row in (0, 4):
        codes[row, 30:37] = encode("TGAGTCA")
    return codes, np.array([1, 0] * 4)


def test_a_planted_filter_gives_its_words_and_nothing_else(small_model: Callable, plant_filter: Callable) -> None:
    model = small_model(0)
    plant_filter(model, 2, WORD)
    _always(model, (0.0, 1.0))  # all predicted WT: only WT sequences are correct
    codes, labels = _planted()
    activity = filter_activity(model, _batches(codes, labels, 3), 1, 0.5)
    assert activity.n_correct == 4
    assert activity.maximum[2] == 1.0
    assert activity.nsites[2] == 4
    golden = np.zeros((4, 7), dtype=np.int64)
    for position, base in enumerate(encode(WORD)):
        golden[int(base), position] = 4
    np.testing.assert_array_equal(activity.counts[2], golden)
    assert (activity.frequency_wt[2], activity.frequency_ko[2]) == (1.0, 0.0)
    assert [word_strings(np.array([w]), 7)[0] for w, *_ in activity.kmers[2].best(5)] == [WORD]
    assert activity.kmers[2].best(5)[0][1:] == (4, 0, 1.0)


def test_the_threshold_lets_weaker_words_in(small_model: Callable, plant_filter: Callable) -> None:
    model = small_model(0)
    plant_filter(model, 0, WORD)
    with torch.no_grad():
        model.first_layer.bias[0] = -5.0  # the word answers 2, a word with one base changed 1
    _always(model, (0.0, 1.0))
    codes, labels = _planted()
    low, half = (filter_activity(model, _batches(codes, labels), 1, t) for t in (0.4, 0.5))
    assert half.nsites[0] == 4, "exactly half of the maximum is not above it"
    assert low.nsites[0] == 6
    assert low.counts[0][:, 3].tolist() == [0, 4, 2, 0]
    assert low.frequency_wt[0] == 1.0
    assert low.kmers[0].best(1)[0][3] == 2.0
    assert low.kmers[0].best(2)[1][1:] == (2, 0, 1.0)


def test_only_correct_sequences_give_sites_but_all_give_frequencies(
    small_model: Callable, plant_filter: Callable
) -> None:
    model = small_model(0)
    plant_filter(model, 1, WORD)
    _always(model, (0.0, 1.0))
    codes, labels = _planted()
    labels = labels.copy()
    labels[0] = 0  # holds the word, is KO, is predicted WT
    activity = filter_activity(model, _batches(codes, labels), 1, 0.5)
    assert activity.nsites[1] == 3
    assert activity.frequency_ko[1] == pytest.approx(1 / 5)
    assert activity.frequency_wt[1] == 1.0


def test_no_correct_sequence_no_sites(small_model: Callable) -> None:
    model = small_model(0)
    _always(model, (1.0, 0.0))
    codes, _ = _planted()
    activity = filter_activity(model, _batches(codes, np.ones(8, dtype=np.int64)), 1, 0.5)
    assert activity.n_correct == 0
    assert activity.nsites.tolist() == [0] * 6
    assert activity.frequency_wt.tolist() == [0.0] * 6


def test_a_silent_filter_has_no_sites(small_model: Callable) -> None:
    model = small_model(0)
    with torch.no_grad():
        model.first_layer.weight[3] = 0.0
        model.first_layer.bias[3] = -1.0
    _always(model, (0.0, 1.0))
    activity = filter_activity(model, _batches(*_planted()), 1, 0.5)
    assert activity.nsites[3] == 0
    assert activity.frequency_wt[3] == 0.0
    assert activity.kmers[3].best(3) == []


def test_words_with_n_are_no_sites(small_model: Callable, plant_filter: Callable) -> None:
    model = small_model(0)
    plant_filter(model, 0, WORD)
    with torch.no_grad():
        model.first_layer.bias[0] = -5.0
    _always(model, (0.0, 1.0))
    codes, labels = _planted()
    codes[0, 6] = 4  # the word of row 0 now has an N and answers 1
    activity = filter_activity(model, _batches(codes, labels), 1, 0.4)
    assert activity.nsites[0] == 5
    assert (activity.counts[0].sum(axis=0) == 5).all()


@pytest.mark.parametrize("padding", ["none", "same"])
def test_sites_lie_where_the_filter_looked(small_model: Callable, plant_filter: Callable, padding: str) -> None:
    model = small_model(0, padding=padding)
    plant_filter(model, 0, WORD)
    _always(model, (0.0, 1.0))
    codes = np.tile(encode("CG" * 30), (3, 1))
    for row, at in enumerate((0, 20, 53)):
        codes[row, at : at + 7] = encode(WORD)
        assert decode(codes[row])[at : at + 7] == WORD
    activity = filter_activity(model, _batches(codes, np.ones(3, dtype=np.int64)), 1, 0.5)
    assert activity.nsites[0] == 3
    assert activity.counts[0].max(axis=0).tolist() == [3] * 7


def test_eq4_reads_the_largest_weight() -> None:
    weight = np.array([[[1, 0, 0, 9], [2, 0, 5, 0], [0, 7, 0, 0], [0, 0, 0, -1.0]]])
    assert argmax_consensus(weight) == ["CGCA"]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_nullifying_is_zeroing_the_activation(small_model: Callable, sequences: Callable, batch_norm: bool) -> None:
    model = small_model(4, batch_norm=batch_norm)
    codes = sequences(10)[0]
    changes = logit_changes(model, codes, ["KO", "WT"])
    with torch.no_grad():
        x = one_hot(torch.from_numpy(codes))
        whole = model(x)
        for index in range(6):
            activations = model.filter_activations(x).clone()
            activations[:, index] = 0
            logits = model.from_filter_activations(activations)
            expected = (logits[:, 1] - logits[:, 0]) - (whole[:, 1] - whole[:, 0])
            np.testing.assert_allclose(changes[:, index], expected.numpy(), atol=1e-6)
    assert np.abs(changes).max() > 1e-4


def test_nullifying_is_silencing_the_filters_weights(small_model: Callable, sequences: Callable) -> None:
    """Without batch normalisation, zero weights and bias give the same network."""
    model = small_model(4)
    codes, targets = sequences(30)
    measured = mean_effects(logit_changes(model, codes, ["KO", "WT"]), targets == 1)
    with torch.no_grad():
        x = one_hot(torch.from_numpy(codes))
        before = model(x)
        model.first_layer.weight[5] = 0
        model.first_layer.bias[5] = 0
        after = model(x)
    change = ((after - before)[:, 1] - (after - before)[:, 0]).numpy()
    assert measured.wt[5] == pytest.approx(change[targets == 1].mean(), abs=1e-6)
    assert measured.ko[5] == pytest.approx(change[targets == 0].mean(), abs=1e-6)
    assert measured.both[5] == pytest.approx((measured.wt[5] + measured.ko[5]) / 2)
    assert measured.absolute[5] >= abs(measured.both[5])


def test_each_class_weighs_the_same() -> None:
    changes = np.array([[1.0], [1.0], [1.0], [-3.0]], dtype=np.float32)
    found = mean_effects(changes, np.array([True, True, True, False]))
    assert (found.wt[0], found.ko[0], found.both[0], found.absolute[0]) == (1.0, -3.0, -1.0, 2.0)
    alone = mean_effects(changes[:3], np.array([True] * 3))
    assert (alone.wt[0], alone.ko[0]) == (1.0, 0.0)


def test_sequences_are_chosen_evenly_by_class() -> None:
    labels = np.array([1] * 10 + [0] * 3)
    assert evenly_chosen(labels, 1, 4).tolist() == [0, 9, 10, 12]
    assert evenly_chosen(labels, 1, 100).tolist() == list(range(13))
    assert evenly_chosen(np.zeros(5, dtype=np.int64), 1, 4).tolist() == [0, 4]
