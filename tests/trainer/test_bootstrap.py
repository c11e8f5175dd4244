"""Intervals by blocks: which blocks, and that the intervals behave."""

from __future__ import annotations

import numpy as np
import pytest
from cislex_trainer.bootstrap import blocks, intervals, replicate_weights


def test_three_chromosomes_are_the_blocks() -> None:
    found = blocks(np.array(["chr1", "chr2", "chr1", "chr3"], dtype=object), np.array([5, 1, 2, 9]))
    assert found.kind == "chromosomes"
    assert found.n == 3
    assert found.of.tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize("chroms", [["chr1", "chr2"] * 50, [""] * 100, ["chr1", "chr2", "chr3", ""] * 25])
def test_fewer_known_chromosomes_fall_back_to_runs_and_say_so(chroms: list[str]) -> None:
    found = blocks(np.array(chroms, dtype=object), np.arange(100))
    assert found.kind == "contiguous"
    assert found.n == 20
    assert np.bincount(found.of).tolist() == [5] * 20
    assert "fewer than 3 known chromosomes" in found.text


def test_runs_are_neighbours_on_one_chromosome() -> None:
    rng = np.random.default_rng(0)
    chroms = rng.choice(["chrA", "chrB"], 200).astype(object)
    starts = rng.integers(0, 10**6, 200)
    found = blocks(chroms, starts)
    order = np.lexsort((starts, chroms.astype(str)))
    assert (np.diff(found.of[order]) >= 0).all()


def test_few_rows_are_their_own_blocks() -> None:
    assert blocks(np.array(["c"] * 7, dtype=object), np.arange(7)).n == 7


def test_each_replicate_draws_as_many_blocks_as_there_are() -> None:
    found = blocks(np.array(["a", "b", "c", "d", "c"], dtype=object), np.arange(5))
    weights = np.concatenate(list(replicate_weights(found, 100, seed=1)))
    assert weights.shape == (100, 5)
    assert (weights[:, 2] == weights[:, 4]).all()  # one chromosome moves as one
    per_block = weights[:, [0, 1, 2, 3]].sum(1)
    assert (per_block == 4).all()


def test_the_interval_of_a_mean_has_the_width_of_its_block_means() -> None:
    rng = np.random.default_rng(2)
    values, chroms = rng.normal(size=2000), np.repeat([f"c{i}" for i in range(200)], 10).astype(object)
    found = blocks(chroms, np.arange(2000))
    result = intervals(lambda w: {"mean": (w * values).sum(1) / w.sum(1)}, found, 2000, seed=0)
    low, high = result["mean"]
    spread = values.reshape(200, 10).mean(1).std() / np.sqrt(200)
    assert high - low == pytest.approx(2 * 1.96 * spread, rel=0.05)
    assert low < values.mean() < high


def test_correlated_blocks_widen_the_interval() -> None:
    rng = np.random.default_rng(3)
    effect = np.repeat(rng.normal(size=40), 50)
    chroms = np.repeat([f"c{i}" for i in range(40)], 50).astype(object)

    def width(names: np.ndarray) -> float:
        metric = {"mean": lambda w: (w * effect).sum(1) / w.sum(1)}["mean"]
        low, high = intervals(lambda w: {"mean": metric(w)}, blocks(names, np.arange(2000)), 500, seed=0)["mean"]
        return high - low

    singly = np.array([f"c{i}" for i in range(2000)], dtype=object)
    assert width(chroms) > 4 * width(singly)


def test_same_seed_same_interval_and_undefined_replicates_are_left_out() -> None:
    found = blocks(np.array(["a", "b", "c"], dtype=object), np.arange(3))

    def metric(w: np.ndarray) -> dict[str, np.ndarray]:
        often = np.where(w[:, 0] > 2, np.nan, w[:, 0])
        rarely = np.where(w[:, 0] > 2, 1.0, np.nan)
        return {"often": often, "rarely": rarely}

    first, second = (intervals(metric, found, 300, seed=5) for _ in range(2))
    assert first == second
    assert set(first) == {"often"}
