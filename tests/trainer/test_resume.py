"""A killed training goes on from its last epoch and ends with the bits it would have had."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from cislex_core.canonical import digest_file
from cislex_core.errors import Cancelled
from cislex_core.manifests import Artifact
from cislex_trainer import checkpoints

FIELDS = {"seeds": [0, 5], "epochs": 6, "patience": 0, "options": {"filters": "16", "filters_2": "16"}, "device": "cpu"}

# a worker's life in a process of its own: train from a store, slowly enough to be killed between two epochs
WORKER = """
import json, sys, time
from pathlib import Path
from cislex_core.stores.local import LocalStore
from cislex_runtime.working.task_io import WorkerInputs, WorkerOut, WorkerProgress
from cislex_trainer.specs import SPECS
from cislex_trainer.tasks import TASKS
store, scratch = LocalStore(Path(sys.argv[1])), Path(sys.argv[2])
fields, pause_s = json.loads(sys.argv[3]), float(sys.argv[4])
out = WorkerOut(store.stage(), "model")
progress = WorkerProgress(lambda report: None, scratch, scratch)
update = progress.update
def slow(done, total, unit="", **metrics):
    update(done, total, unit, **metrics)
    print("epoch", done, flush=True)
    time.sleep(pause_s)
progress.update = slow
TASKS["trainer.TrainModel"](SPECS["trainer.TrainModel"].spec(**fields), WorkerInputs(store, {}), out, progress)
"""


def _start(desk: Any, scratch: Path, dataset: Artifact, pause_s: float) -> subprocess.Popen[str]:
    scratch.mkdir(exist_ok=True)
    arguments = [str(desk.store.root), str(scratch), json.dumps({"dataset": dataset.digest, **FIELDS}), str(pause_s)]
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True,
    )  # fmt: skip


def _digests(model: Artifact) -> list[str]:
    return [digest_file(model.path(f"seed_{seed}/model.safetensors")) for seed in (0, 5)]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """The number of threads decides the order of sums: the killed process and this one use one each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.chaos
@pytest.mark.usefixtures("one_thread")
def test_kill_and_resume_gives_the_same_bits(desk: Any, make_dataset: Callable[..., Artifact], tmp_path: Path) -> None:
    dataset = make_dataset(300)
    straight = _digests(desk.run("TrainModel", dataset=dataset.digest, **FIELDS))
    killed = _start(desk, tmp_path / "killed", dataset, 0.05)
    assert killed.stdout is not None
    # the first seed and two epochs of the second
    while "epoch 8" not in (line := killed.stdout.readline()):
        assert line, "the worker ended by itself"
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    killed.stdout.close()
    desk.scratch = tmp_path / "killed"
    reports: list[dict[str, Any]] = []
    resumed = desk.run("TrainModel", desk.progress(reports), dataset=dataset.digest, **FIELDS)
    assert _digests(resumed) == straight
    # the finished seed and the stored epochs were not trained again
    assert min(report["progress"]["done"] for report in reports if report["progress"]) >= 6


def test_cancelled_within_an_epoch_resumes_from_its_beginning(desk: Any, make_dataset: Callable[..., Artifact]) -> None:
    dataset = make_dataset(200)
    fields = {**FIELDS, "seeds": [0], "epochs": 4, "dataset": dataset.digest}
    straight = desk.run("TrainModel", **fields)
    (desk.scratch / "seed_0.safetensors").unlink()
    # an epoch is four batches and one evaluation: stopped within the second, the third and the fourth epoch
    for stop_after in (7, 6, 8):
        progress, calls = desk.progress(), 0

        def check(stop_after: int = stop_after) -> None:
            nonlocal calls
            calls += 1
            if calls > stop_after:
                raise Cancelled

        progress.check_cancel = check
        with pytest.raises(Cancelled):
            desk.run("TrainModel", progress, **fields)
    resumed = desk.run("TrainModel", **fields)
    name = "seed_0/model.safetensors"
    assert digest_file(resumed.path(name)) == digest_file(straight.path(name))
    assert resumed.table("history.parquet").drop_columns("seconds") == straight.table("history.parquet").drop_columns(
        "seconds"
    )


def test_a_checkpoint_of_another_run_is_not_continued(desk: Any, make_dataset: Callable[..., Artifact]) -> None:
    dataset = make_dataset()
    fields = {**FIELDS, "seeds": [0], "epochs": 2, "dataset": dataset.digest}
    first = desk.run("TrainModel", **fields)
    other = desk.run("TrainModel", **fields, learning_rate=0.01)  # same checkpoint folder
    name = "seed_0/model.safetensors"
    assert digest_file(first.path(name)) != digest_file(other.path(name))
    (desk.scratch / "seed_0.safetensors").unlink()
    fresh = desk.run("TrainModel", **fields, learning_rate=0.01)
    assert digest_file(fresh.path(name)) == digest_file(other.path(name))


def test_a_damaged_checkpoint_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    checkpoints.save(path, {"model.w": torch.ones(3)}, {"fingerprint": "f", "position": {}})
    found = checkpoints.load(path, "f")
    assert found is not None
    assert found[0]["model.w"].tolist() == [1, 1, 1]
    assert checkpoints.load(path, "another run") is None
    path.write_bytes(path.read_bytes()[:-4])
    assert checkpoints.load(path, "f") is None
    assert checkpoints.load(tmp_path / "absent", "f") is None


def test_optimizer_state_survives_exactly(tmp_path: Path) -> None:
    def fresh() -> tuple[torch.nn.Linear, torch.optim.Adam]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = torch.nn.Linear(3, 2)
        return model, torch.optim.Adam(model.parameters(), lr=1e-2, weight_decay=0.1)

    def step(model: torch.nn.Linear, optimizer: torch.optim.Adam) -> None:
        optimizer.zero_grad()
        model(torch.arange(6.0).reshape(2, 3)).square().sum().backward()
        optimizer.step()

    model, optimizer = fresh()
    for _ in range(3):
        step(model, optimizer)
    path = tmp_path / "c.safetensors"
    tensors = {**checkpoints.weights(model, "model"), **checkpoints.optimizer_tensors(optimizer)}
    checkpoints.save(path, tensors, {"fingerprint": "", "optimizer": checkpoints.optimizer_groups(optimizer)})
    again, optimizer_again = fresh()
    stored = checkpoints.load(path, "")
    assert stored is not None
    again.load_state_dict(checkpoints.under(stored[0], "model"))
    checkpoints.restore_optimizer(optimizer_again, stored[0], stored[1]["optimizer"])
    for m, o in ((model, optimizer), (again, optimizer_again)):
        step(m, o)
    assert torch.equal(model.weight, again.weight)
    assert optimizer_again.param_groups[0]["weight_decay"] == 0.1
