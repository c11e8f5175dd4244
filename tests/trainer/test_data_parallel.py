"""One training by several processes: the result of one process, resumed with any number of them, stopped as one."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.canonical import digest_file
from cislex_core.errors import Cancelled, Reason, RetryableError, UserError
from cislex_core.manifests import Artifact
from cislex_models.checkpoint import load_model
from cislex_models.onehot import one_hot
from cislex_runtime.working.gang import free_port
from cislex_runtime.working.task_io import WorkerInputs
from cislex_trainer.specs import TrainModelSpec
from safetensors import safe_open

SMALL = {"filters": "8", "filters_2": "8", "kernel_size": "8", "hidden": "8"}
FIELDS: dict[str, Any] = {"seeds": [3], "epochs": 3, "patience": 0, "options": SMALL, "device": "cpu"}
# What was measured is in docs/methods.md, "Several processes"; these leave room for another machine's order of sums.
LOSS_TOLERANCE, LOGIT_TOLERANCE, WEIGHT_TOLERANCE = 1e-3, 1e-2, 1e-5
# Weights without influence on the loss (a constant under a softmax, a bias before a norm): their gradient is rounding,
# which Adam makes as large as any other.
FREE = ("attention_score.bias", "projections.bias")
ARCHITECTURES: dict[str, dict[str, str]] = {
    "wtko_cnn": {**SMALL, "dropout": "0.3"},
    "explainn": {"units": "6"},
    "cnn_transformer": {"filters": "8", "filters_2": "8", "layers": "1", "heads": "2", "feed_forward": "16"},
    "danq": {"filters": "8", "lstm_hidden": "8", "hidden": "8"},
    "deep_cnn": {
        "filters": "8",
        "filters_2": "8",
        "filters_3": "8",
        "kernel_size": "7",
        "pool_size": "2",
        "hidden": "16",
    },
}


QUICK = ("explainn", "cnn_transformer")


def clear(desk: Any) -> None:
    for path in desk.scratch.glob("seed_*"):
        path.unlink()


def weights(model: Artifact, seed: int = 3) -> str:
    return digest_file(model.path(f"seed_{seed}/model.safetensors"))


def networks(*models: Artifact) -> list[Any]:
    return [load_model(model.path("seed_3/model.json").parent) for model in models]


def logit_difference(a: Artifact, b: Artifact, dataset: Artifact) -> float:
    x = one_hot(torch.from_numpy(np.array(dataset.array("codes.npy"))))
    with torch.no_grad():
        one, other = (network(x) for network in networks(a, b))
    return float((one - other).abs().max())


def weight_difference(a: Artifact, b: Artifact) -> float:
    """Largest difference of a weight that has an influence."""
    one, other = (network.state_dict() for network in networks(a, b))
    return max(float((one[name] - other[name]).abs().max()) for name in one if not name.endswith(FREE))


def history(model: Artifact) -> list[dict[str, Any]]:
    return model.table("history.parquet").drop_columns("seconds").to_pylist()


@pytest.fixture
def dataset(make_dataset: Callable[..., Artifact]) -> Artifact:
    return make_dataset(210)  # 126 training sequences: the last batch of 32 holds 30, of 25 holds one more than 5 · 25


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in ARCHITECTURES],
)
def test_two_processes_train_what_one_does(desk: Any, dataset: Artifact, architecture: str) -> None:
    fields = {**FIELDS, "architecture": architecture, "options": ARCHITECTURES[architecture]}
    one = desk.run("TrainModel", dataset=dataset.digest, **fields)
    clear(desk)
    two = desk.run("TrainModel", dataset=dataset.digest, data_parallel=2, **fields)
    assert logit_difference(one, two, dataset) < LOGIT_TOLERANCE
    has_norm = any("running_mean" in name for name in networks(one)[0].state_dict())
    if not has_norm:
        assert weight_difference(one, two) < WEIGHT_TOLERANCE
    for alone, together in zip(history(one), history(two), strict=True):
        for name in ("validation_loss", "train_loss"):
            assert together[name] == pytest.approx(alone[name], abs=LOSS_TOLERANCE)
        assert together["learning_rate"] == alone["learning_rate"]


@pytest.mark.slow
def test_batches_smaller_than_the_gang_and_uneven_slices(desk: Any, dataset: Artifact) -> None:
    """126 sequences in batches of 31 over three ranks: slices of 10 and 11, and a last batch of 2 for rank 0 alone."""
    fields = {**FIELDS, "options": {**SMALL, "dropout": "0.3"}, "batch_size": 31, "accumulation": 2, "epochs": 4}
    one = desk.run("TrainModel", dataset=dataset.digest, **fields)
    clear(desk)
    three = desk.run("TrainModel", dataset=dataset.digest, data_parallel=3, **fields)
    assert weight_difference(one, three) < WEIGHT_TOLERANCE
    clear(desk)
    fields["options"]["batch_norm"] = "true"
    one = desk.run("TrainModel", dataset=dataset.digest, **fields)
    clear(desk)
    three = desk.run("TrainModel", dataset=dataset.digest, data_parallel=3, **fields)
    assert logit_difference(one, three, dataset) < LOGIT_TOLERANCE


@pytest.mark.slow
def test_weighted_classes_both_strands_and_masked_tasks(desk: Any) -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (120, 60)).astype(np.uint8)
    targets = rng.integers(-1, 2, (120, 3)).astype(np.int8)
    tasks = desk.targets_dataset(codes, targets, "multilabel", ["a", "b", "c"])
    fields = {**FIELDS, "strands": "both", "class_weights": "balanced", "batch_size": 25, "epochs": 2}
    one = desk.run("TrainModel", dataset=tasks.digest, **fields)
    clear(desk)
    two = desk.run("TrainModel", dataset=tasks.digest, data_parallel=2, **fields)
    assert weight_difference(one, two) < WEIGHT_TOLERANCE
    for alone, together in zip(history(one), history(two), strict=True):
        for name in ("validation_loss", "train_loss", "train_score", "validation_score"):
            assert together[name] == pytest.approx(alone[name], abs=LOSS_TOLERANCE)


@pytest.mark.slow
def test_a_gang_repeats_itself_bit_for_bit_and_takes_the_seeds_in_a_row(desk: Any, dataset: Artifact) -> None:
    reports: list[dict[str, Any]] = []
    fields = {**FIELDS, "seeds": [3, 4], "data_parallel": 2}
    first = desk.run("TrainModel", desk.progress(reports), dataset=dataset.digest, **fields)
    clear(desk)
    again = desk.run("TrainModel", dataset=dataset.digest, **fields)
    assert [weights(first, s) for s in (3, 4)] == [weights(again, s) for s in (3, 4)]
    assert weights(first, 3) != weights(first, 4)
    assert reports[-1]["progress"]["done"] == reports[-1]["progress"]["total"] == 6
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_run_is_resumed_with_another_number_of_processes(desk: Any, dataset: Artifact) -> None:
    one = desk.run("TrainModel", dataset=dataset.digest, **FIELDS)
    clear(desk)
    for data_parallel, epochs in ((2, 1), (1, 2), (3, 3)):
        progress = desk.progress()
        stop_after(progress, epochs)
        try:
            model = desk.run("TrainModel", progress, dataset=dataset.digest, data_parallel=data_parallel, **FIELDS)
        except Cancelled:
            assert epochs < 3
    assert weight_difference(one, model) < WEIGHT_TOLERANCE
    assert [row["epoch"] for row in history(model)] == [1, 2, 3]


def stop_after(progress: Any, epochs: int) -> None:
    """Cancel once so many epochs were reported (the run of three ends by itself)."""
    update = progress.update

    def spy(done: float, total: float, unit: str = "", **metrics: float) -> None:
        update(done, total, unit, **metrics)
        if epochs <= done < total:
            progress.cancelled.set()

    progress.update = spy


@pytest.mark.slow
@pytest.mark.chaos
def test_a_killed_rank_loses_the_attempt_and_the_next_one_ends_with_the_same_bits(desk: Any, dataset: Artifact) -> None:
    fields = {**FIELDS, "epochs": 6, "data_parallel": 2}
    straight = desk.run("TrainModel", dataset=dataset.digest, **fields)
    clear(desk)
    for rank in ("rank 1", "rank 0"):
        progress = desk.progress()
        update = progress.update

        def kill(done: float, total: float, unit: str = "", rank: str = rank, update: Any = update, **m: float) -> None:
            update(done, total, unit, **m)
            for child in multiprocessing.active_children():
                if child.name.startswith(rank):
                    child.kill()

        progress.update = kill
        with pytest.raises(RetryableError) as caught:
            desk.run("TrainModel", progress, dataset=dataset.digest, **fields)
        assert caught.value.reason is Reason.WORKER_LOST
        assert multiprocessing.active_children() == []
    resumed = desk.run("TrainModel", dataset=dataset.digest, **fields)
    assert weights(resumed) == weights(straight)


def test_an_error_of_a_rank_arrives_as_it_was(desk: Any, dataset: Artifact) -> None:
    blocked = desk.scratch / "seed_3.safetensors"
    blocked.mkdir()  # the checkpoint cannot be written
    (blocked / "in the way").touch()
    with pytest.raises(OSError, match="seed_3"):
        desk.run("TrainModel", dataset=dataset.digest, data_parallel=2, **FIELDS)
    assert multiprocessing.active_children() == []


def test_more_processes_than_sequences_are_refused(desk: Any, dataset: Artifact) -> None:
    with pytest.raises(UserError, match="126 training sequences"):
        desk.run("TrainModel", dataset=dataset.digest, data_parallel=127, batch_size=200, **FIELDS)
    with pytest.raises(ValueError, match="data_parallel 64"):
        TrainModelSpec.model_validate({"dataset": "d", "batch_size": 32, "data_parallel": 64})


def test_one_process_leaves_the_digest_as_it_was() -> None:
    spec = TrainModelSpec.model_validate({"dataset": "d"})
    assert "data_parallel" not in spec.digestable()
    two = TrainModelSpec.model_validate({"dataset": "d", "data_parallel": 2})
    assert two.digestable() == {**spec.digestable(), "data_parallel": 2}


@pytest.mark.slow
def test_torchrun_starts_the_same_ranks(desk: Any, dataset: Artifact, tmp_path: Path) -> None:
    gang = desk.run("TrainModel", dataset=dataset.digest, data_parallel=2, **FIELDS)
    spec = TrainModelSpec.model_validate({"dataset": dataset.digest, "data_parallel": 2, **FIELDS})
    payload = {"spec": spec.model_dump(mode="json"), "inputs": WorkerInputs(desk.store, {}).recipe()}
    (tmp_path / "payload.json").write_text(json.dumps(payload))
    (tmp_path / "checkpoints").mkdir()
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1",
            "--master-port", str(free_port("127.0.0.1")), "-m", "cislex_runtime.working.gang",
            "cislex_trainer.parallel:train_rank", str(tmp_path / "payload.json"),
            f"checkpoints={tmp_path / 'checkpoints'}",
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert [(seed, row["epoch"]) for seed, row in told] == [(3, 1), (3, 2), (3, 3)]
    with safe_open(tmp_path / "checkpoints" / "seed_3.safetensors", framework="pt") as file:
        best = {name.removeprefix("best."): file.get_tensor(name) for name in file.keys() if name.startswith("best.")}  # noqa: SIM118
    trained = networks(gang)[0].state_dict()
    assert all(torch.equal(best[name], trained[name]) for name in trained)
