"""Motifs as first-layer filters: their width, orientation and weight; frozen ones do not move."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.motifs import Motif
from cislex_models.filter_init import both_orientations, freeze_filters, initial_matrices, resized, set_filters
from cislex_models.registry import build
from torch.nn.functional import cross_entropy

from tests.models.cases import SMALL, WINDOW, small_input

WITH_FILTERS = [name for name in SMALL if name not in ("transformer", "unit_transfer")]


def _motif(word: str, share: float = 0.91) -> Motif:
    matrix = np.full((len(word), 4), (1 - share) / 3)
    matrix[np.arange(len(word)), ["ACGT".index(base) for base in word]] = share
    return Motif(word, matrix)


def test_a_narrow_motif_is_centred_among_flat_columns() -> None:
    motif = _motif("ACGT")
    matrix = resized(motif, 9)
    np.testing.assert_array_equal(matrix[2:6], motif.probabilities)
    assert (matrix[[0, 1, 6, 7, 8]] == 0.25).all()
    np.testing.assert_array_equal(resized(motif, 4), motif.probabilities)


def test_a_wide_motif_keeps_its_most_informative_stretch() -> None:
    matrix = np.full((24, 4), 0.25)
    matrix[3:22] = _motif("ACGTACGTACGTACGTACG").probabilities
    wide = Motif("wide", matrix)
    np.testing.assert_array_equal(resized(wide, 19), matrix[3:22])
    np.testing.assert_allclose(resized(wide.reverse_complement(), 19), matrix[3:22][::-1, ::-1])


def test_weights_are_probabilities_less_a_quarter_in_both_orientations() -> None:
    motifs = [_motif("TGACTCA"), _motif("CCACTAGGGGGCGCTA")]
    model = build("explainn", WINDOW, {"units": 6}, seed=0)
    before = model.require_first_layer().weight.clone()
    matrices = set_filters(model, both_orientations(motifs))
    weight = model.require_first_layer().weight.detach()
    assert matrices.shape == (4, 19, 4)
    np.testing.assert_allclose(weight[:4].numpy(), matrices.transpose(0, 2, 1) - 0.25, atol=1e-7)
    assert torch.equal(weight[4:], before[4:])
    assert torch.equal(model.require_first_layer().bias[:4], torch.zeros(4))
    # with as many flat columns on both sides the other strand is the mirror image
    np.testing.assert_allclose(matrices[1], matrices[0][::-1, ::-1])
    np.testing.assert_allclose(initial_matrices(both_orientations(motifs), 19), matrices)


def test_a_filter_answers_most_where_its_motif_lies() -> None:
    model = build("explainn", 60, {"units": 2}, seed=0).eval()
    set_filters(model, both_orientations([_motif("TGACTCAGCA")]))
    codes = np.full(60, 0)
    codes[20:30] = ["ACGT".index(base) for base in "TGACTCAGCA"]
    x = torch.nn.functional.one_hot(torch.from_numpy(codes), 4).T[None].float()
    for filter_index, onehot in ((0, x), (1, x.flip(1, 2))):
        found = int(model.filter_activations(onehot)[0, filter_index].argmax())
        assert found == (20 if filter_index == 0 else 30) - 4  # of nine flat columns four stand before the motif


@pytest.mark.parametrize("name", WITH_FILTERS)
def test_frozen_filters_stay_while_the_rest_learns(name: str) -> None:
    model = build(name, WINDOW, SMALL[name][0], 3, seed=0)
    set_filters(model, [_motif("TGACTCA")])
    freeze_filters(model)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        cross_entropy(model(small_input(12)), torch.arange(12) % 3).backward()
        optimizer.step()
    layer = model.require_first_layer()
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    frozen = {key for key in before if before[key].data_ptr() and model.state_dict()[key] is layer.weight}
    assert not frozen & changed
    assert torch.equal(layer.weight, next(v for k, v in before.items() if v.shape == layer.weight.shape))
    assert changed
    assert layer.weight.grad is None
    statistics = {key for key in before if key.endswith("running_mean")}
    assert statistics <= changed  # what the filters say is still measured


def test_an_explainn_built_frozen_stays_so_when_rebuilt() -> None:
    model = build("explainn", WINDOW, {"units": 6, "frozen_filters": True})
    assert not model.require_first_layer().weight.requires_grad
    free = build("explainn", WINDOW, {"units": 6})
    assert free.n_parameters - model.n_parameters == 6 * 4 * 19 + 6


@pytest.mark.parametrize("n", [0, 7])
def test_more_motifs_than_filters_or_none(n: int) -> None:
    with pytest.raises(UserError, match=f"{n} motifs cannot start the 6 filters of explainn") as caught:
        set_filters(build("explainn", WINDOW, {"units": 6}), [_motif("ACGT")] * n)
    assert caught.value.reason is Reason.INVALID_REQUEST


def test_without_a_first_layer() -> None:
    with pytest.raises(UserError, match="transformer has no first convolution"):
        set_filters(build("transformer", WINDOW), [_motif("ACGT")])
