"""ComputeAttributions in shards: the same artifact from any number of them, of processes, and after a lost attempt."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cislex_core.errors import Reason, RetryableError, UserError
from cislex_core.manifests import Artifact
from cislex_explainer import attribution_shards
from cislex_runtime.working import shards

METHODS: dict[str, dict[str, Any]] = {
    "saliency": {},
    "input_x_gradient": {},
    "integrated_gradients": {"steps": 3, "baseline": "dinucleotide_shuffle", "n_baselines": 2},
    "deeplift_shap": {"n_baselines": 3, "max_convergence_delta": 1.0},
    "ism": {"max_rows": 40},
}


@pytest.fixture
def run(desk: Any, make_dataset: Callable, make_model: Callable, monkeypatch: Any) -> Callable[..., Artifact]:
    """``run(n_shards, fan_out, **fields)``: without anything kept from a run before."""
    dataset, model = make_dataset(), make_model()

    def compute(n_shards: int, fan_out: int = 1, keep: bool = False, **fields: Any) -> Artifact:
        if not keep:
            for folder in desk.scratch.glob("shards-*"):
                shutil.rmtree(folder)
        monkeypatch.setenv("CISLEX_FAN_OUT", str(fan_out))
        monkeypatch.setattr(attribution_shards, "plan", lambda n, block, least: shards.plan(n, block, 1, most=n_shards))
        given = {"model": model.digest, "dataset": dataset.digest, "batch_size": 5}
        artifact = desk.run("ComputeAttributions", **(given | fields))
        assert len(list(desk.scratch.glob("shards-*/*/done.json"))) == n_shards
        return artifact

    return compute


@pytest.mark.parametrize("method", list(METHODS))
def test_the_number_of_shards_changes_no_byte(run: Callable[..., Artifact], method: str) -> None:
    digests = {run(count, method=method, **METHODS[method]).digest for count in (1, 2, 3, 7)}
    assert len(digests) == 1


@pytest.mark.parametrize(
    "method", ["saliency", *(pytest.param(m, marks=pytest.mark.slow) for m in METHODS if m != "saliency")]
)
def test_the_fan_out_changes_no_byte(run: Callable[..., Artifact], method: str) -> None:
    alone = run(1, method=method, **METHODS[method])
    assert run(7, 2, method=method, **METHODS[method]).digest == alone.digest
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_attempt_after_a_killed_process_goes_on(run: Callable[..., Artifact], desk: Any, monkeypatch: Any) -> None:
    fields = {"method": "ism", "max_rows": 40}
    whole = run(1, **fields)
    monkeypatch.setattr(shards.Board, "hear", _kill_when_the_first_is_done(shards.Board.hear))
    with pytest.raises(RetryableError) as caught:
        run(7, 2, **fields)
    assert caught.value.reason is Reason.WORKER_LOST
    monkeypatch.undo()
    kept = {path: path.stat().st_mtime_ns for path in desk.scratch.glob("shards-*/*/done.json")}
    assert 0 < len(kept) < 7
    assert run(7, 2, keep=True, **fields).digest == whole.digest
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "finished shards were computed again"


def _kill_when_the_first_is_done(hear: Any) -> Any:
    def spy(board: Any, shard: Any, kind: str, value: Any) -> None:
        hear(board, shard, kind, value)
        if kind == "finished":
            for child in multiprocessing.active_children():
                child.kill()

    return spy


def test_the_gate_sees_all_shards_in_order(run: Callable[..., Artifact]) -> None:
    """What is refused, and with which words, does not hang on the shards."""
    texts = set()
    for count, fan_out in ((1, 1), (3, 1), (3, 2)):
        with pytest.raises(UserError) as caught:
            run(count, fan_out, method="deeplift_shap", n_baselines=2, max_convergence_delta=1e-9)
        assert caught.value.reason is Reason.NOT_CONVERGED
        texts.add(caught.value.message)
    assert len(texts) == 1


def test_progress_counts_the_sequences_of_all_shards(
    desk: Any, make_dataset: Callable, make_model: Callable, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(attribution_shards, "plan", lambda n, block, least: shards.plan(n, block, 1, most=3))
    reports: list[dict[str, Any]] = []
    dataset, model = make_dataset(), make_model()
    desk.run(
        "ComputeAttributions", desk.progress(reports), model=model.digest, dataset=dataset.digest, batch_size=4
    )  # fmt: skip
    last = reports[-1]["progress"]
    assert (last["done"], last["total"], last["unit"]) == (64, 64, "sequences")
