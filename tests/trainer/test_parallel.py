"""Seeds side by side on a CPU: the same bits as in a row, errors and cancellation cross the process boundary."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from cislex_core.canonical import digest_file
from cislex_core.errors import Cancelled, Reason, RetryableError
from cislex_core.manifests import Artifact
from cislex_trainer.parallel import n_processes

FIELDS: dict[str, Any] = {
    "seeds": [0, 5, 9],
    "epochs": 3,
    "patience": 0,
    "options": {"filters": "8", "filters_2": "8", "kernel_size": "8", "hidden": "8"},
    "device": "cpu",
}


@pytest.fixture
def dataset(make_dataset: Callable[..., Artifact]) -> Artifact:
    return make_dataset()


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _weights(model: Artifact) -> list[str]:
    return [digest_file(model.path(f"seed_{seed}/model.safetensors")) for seed in FIELDS["seeds"]]


def test_never_more_processes_than_seeds_or_threads(two_threads: None) -> None:
    assert [n_processes(n) for n in (1, 2, 5)] == [1, 2, 2]


def test_side_by_side_gives_the_bits_of_one_after_the_other(desk: Any, dataset: Artifact, two_threads: None) -> None:
    reports: list[dict[str, Any]] = []
    beside = desk.run("TrainModel", desk.progress(reports), dataset=dataset.digest, **FIELDS)
    for path in desk.scratch.glob("seed_*"):
        path.unlink()
    torch.set_num_threads(1)
    in_a_row = desk.run("TrainModel", dataset=dataset.digest, **FIELDS)
    assert _weights(beside) == _weights(in_a_row)
    for path in desk.scratch.glob("seed_*"):
        path.unlink()
    torch.set_num_threads(2)
    alone = desk.run("TrainModel", dataset=dataset.digest, **{**FIELDS, "seeds": [5]})
    assert digest_file(alone.path("seed_5/model.safetensors")) == _weights(beside)[1]
    assert torch.get_num_threads() == 2
    assert len(set(_weights(beside))) == 3
    history = beside.table("history.parquet").to_pylist()
    assert [(row["seed"], row["epoch"]) for row in history] == [(s, e) for s in (0, 5, 9) for e in (1, 2, 3)]
    assert reports[-1]["progress"]["done"] == reports[-1]["progress"]["total"] == 9


def _kill_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()


def _on_first_epoch(progress: Any, action: Callable[[], None]) -> list[float]:
    """Do ``action`` when the first epoch is reported; answers the list of what was reported."""
    heard: list[float] = []
    update = progress.update

    def spy(done: float, total: float, unit: str = "", **metrics: float) -> None:
        update(done, total, unit, **metrics)
        heard.append(done)
        if len(heard) == 1:
            action()

    progress.update = spy
    return heard


def test_an_error_of_a_process_arrives_as_it_was(desk: Any, dataset: Artifact, two_threads: None) -> None:
    blocked = desk.scratch / "seed_5.safetensors"
    blocked.mkdir()  # the checkpoint of one seed cannot be written
    (blocked / "in the way").touch()
    with pytest.raises(OSError, match="seed_5"):
        desk.run("TrainModel", dataset=dataset.digest, **{**FIELDS, "seeds": [0, 5]})
    assert multiprocessing.active_children() == []


def test_a_killed_process_is_a_lost_worker_and_what_was_done_stays(
    desk: Any, dataset: Artifact, two_threads: None
) -> None:
    progress = desk.progress()
    _on_first_epoch(progress, _kill_children)
    with pytest.raises(RetryableError) as caught:
        desk.run("TrainModel", progress, dataset=dataset.digest, **{**FIELDS, "seeds": [0, 5], "epochs": 500})
    assert caught.value.reason is Reason.WORKER_LOST
    assert multiprocessing.active_children() == []
    assert list(desk.scratch.glob("seed_*.safetensors"))


def test_cancel_stops_every_process(desk: Any, dataset: Artifact, two_threads: None) -> None:
    progress = desk.progress()
    heard = _on_first_epoch(progress, progress.cancelled.set)
    with pytest.raises(Cancelled):
        desk.run("TrainModel", progress, dataset=dataset.digest, **{**FIELDS, "seeds": [0, 5], "epochs": 5000})
    assert 1 <= sum(heard) < 5000
    assert multiprocessing.active_children() == []
