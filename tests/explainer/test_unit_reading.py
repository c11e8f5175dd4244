"""Reading units: site counts against a plain loop, correctness by target, columns on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.sequences import encode
from cislex_explainer.columns import ColumnFile
from cislex_explainer.correctness import CorrectRule, Verdicts
from cislex_explainer.sites import (
    above,
    clean_words,
    count_sites,
    counts_by_product,
    counts_by_site,
    site_counts,
)
from cislex_explainer.units import open_seeds, require_units, thresholds
from cislex_models.registry import build
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_scenes import word_units


def _plain_counts(codes: np.ndarray, sites: np.ndarray, width: int, left: int) -> np.ndarray:
    counts = np.zeros((sites.shape[1], 4, width), dtype=np.int64)
    for row, unit, position in np.argwhere(sites):
        for offset in range(width):
            counts[unit, codes[row, position - left + offset], offset] += 1
    return counts


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(0, 3), st.integers(12, 30))
def test_counts_are_those_of_a_plain_loop(seed: int, width: int, left: int, length: int) -> None:
    """Also with padding and N: only whole known words are sites."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(5, (6, length), p=[0.24, 0.24, 0.24, 0.24, 0.04]).astype(np.uint8)
    positions = length + 2 * left - width + 1
    clean = clean_words(codes, width, left, positions)
    sites = rng.random((6, 3, positions)) < 0.3
    kept = sites & clean[:, None]
    batch, mask = torch.from_numpy(codes), torch.from_numpy(kept)
    wanted = _plain_counts(codes, kept, width, left)
    for found in (
        site_counts(batch, torch.from_numpy(sites), torch.from_numpy(clean), width, left),
        counts_by_product(batch, mask, width, left),
        counts_by_site(batch, mask.nonzero(as_tuple=True), 3, width, left),
    ):
        assert found.dtype == torch.int64
        np.testing.assert_array_equal(found.numpy(), wanted)


def test_a_clean_word_has_no_n_and_does_not_reach_out() -> None:
    codes = np.array([[0, 1, 4, 3, 0, 1]], dtype=np.uint8)
    assert clean_words(codes, 2, 0, 5).tolist() == [[True, False, False, True, True]]
    assert clean_words(codes, 2, 1, 7).tolist() == [[False, True, False, False, True, True, False]]
    assert not clean_words(codes, 7, 0, 1).any()


def test_at_the_threshold() -> None:
    activations, cut = torch.tensor([[[0.5, 0.49, 1.0]]]), torch.tensor([0.5])
    assert above(activations, cut, inclusive=True).tolist() == [[[True, False, True]]]
    assert above(activations, cut, inclusive=False).tolist() == [[[False, False, True]]]
    assert thresholds(np.array([2.0, 0.0, -1.0, -np.inf]), 0.5).tolist() == [1.0, np.inf, np.inf, np.inf]


def test_wide_filters_are_counted_too() -> None:
    """No word is ever a number here, so a filter may be wider than 31 bp."""
    model = word_units(["ACGTACGTAC"], window=60, kernel_size=40)
    codes = np.random.default_rng(0).integers(0, 4, (5, 60)).astype(np.uint8)
    codes[2, 12:22] = encode("ACGTACGTAC")
    counts = count_sites(model, [codes], np.array([0.99]))
    assert counts.shape == (1, 4, 40)
    assert counts.sum(axis=1).tolist() == [[1] * 40]
    assert counts[0].argmax(axis=0)[2:12].tolist() == encode("ACGTACGTAC").tolist()


def test_batches_do_not_matter_to_counts() -> None:
    model = word_units(["ACGTA", "TTGCA"], window=40, kernel_size=9)
    codes = np.random.default_rng(1).integers(0, 5, (30, 40)).astype(np.uint8)
    cut = np.array([0.05, 0.1])
    whole = count_sites(model, [codes], cut)
    parts = count_sites(model, [codes[i : i + 7] for i in range(0, 30, 7)] + [codes[:0]], cut)
    assert whole.sum() > 0
    np.testing.assert_array_equal(whole, parts)


@pytest.mark.parametrize("block", [1, 3, 100])
def test_columns_are_what_was_appended(tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cislex_explainer.columns._BLOCK_ROWS", 4)
    values = np.random.default_rng(0).normal(size=(11, 3)).astype(np.float32)
    with ColumnFile(tmp_path / "c.f4", 11, 3) as file:
        for start in range(0, 11, block):
            file.append(values[start : start + block])
        with pytest.raises(ValueError, match="of 11 rows written"):
            file.column(0 if block < 100 else 3)
        file.flush()
        for index in range(3):
            np.testing.assert_array_equal(file.column(index), values[:, index])
    assert not (tmp_path / "c.f4").exists()


def test_correct_by_class_and_by_task() -> None:
    classes = Verdicts(CorrectRule("class_index", 3), 3)
    classes.add(np.array([[0.0, 2, 1], [0, 2, 1]]), np.array([1, 2]))
    classes.add(np.array([[5.0, 2, 1]]), np.array([0]))
    assert classes.sequences().tolist() == [True, False, True]
    assert classes.entries() is None
    tasks = Verdicts(CorrectRule("multilabel", 3), 3)
    logits = np.array([[1.0, -1, 1], [1, -1, 1], [1, 1, 1]])
    tasks.add(logits, np.array([[1, 0, -1], [1, 1, -1], [-1, -1, -1]], dtype=np.int8))
    assert tasks.sequences().tolist() == [True, False, False], "an unresolved entry is neither right nor wrong"
    entries = tasks.entries()
    assert entries is not None
    assert entries.tolist() == [[True, True, False], [True, False, False], [False, False, False]]


def test_correct_by_correlation_and_by_error() -> None:
    several = Verdicts(CorrectRule("regression", 4, correlation=0.75), 3)
    targets = np.array([[1.0, 2, 3, 4], [1, 2, 3, 4], [1, 1, 1, 1]], dtype=np.float32)
    several.add(np.array([[10.0, 20, 30, 45], [4, 3, 2, 1], [1, 2, 3, 4]]), targets)
    assert several.sequences().tolist() == [True, False, False], "a constant row correlates with nothing"
    one = Verdicts(CorrectRule("regression", 1, percentile=50), 4)
    one.add(np.array([[0.0], [0.1], [3.0], [-2.0]]), np.zeros((4, 1), dtype=np.float32))
    assert one.sequences().tolist() == [True, True, False, False]
    assert CorrectRule("regression", 1).by_rank
    assert "lowest 50 %" in CorrectRule("regression", 2).describe()
    with pytest.raises(ValueError, match="all sequences"):
        CorrectRule("regression", 2).limit()


def test_models_without_units_are_told_what_to_do(tmp_path: Path) -> None:
    model = build("wtko_cnn", 60, {"filters": 3}, seed=0)
    with pytest.raises(UserError, match=r"has no units.*ExplainFilters.*explainn") as caught:
        require_units(model)
    assert caught.value.reason is Reason.INVALID_REQUEST
    assert caught.value.violations[0].field == "model"
    with pytest.raises(UserError):
        open_seeds([model], [0], CorrectRule("class_index", 2), 3, tmp_path)
