"""Where the seeds of one request train: side by side on a CPU, or one after another by a gang of ranks.

Side by side, each seed has one process and one thread. A network of this size gains little from a second thread (8 % at
200 bp) and all of a second core when that core has a seed of its own. One thread always: the number of threads decides
the order of sums, so a seed ends with the same bits whatever its neighbours and however many cores there are.

With ``data_parallel`` above one the gang takes the seeds in a row, all its ranks on the same one: the request has said
what the cores or GPUs are for.

Processes share nothing but the seeds' checkpoint files: a finished checkpoint holds the kept weights, so the caller
reads the result exactly as it resumes after a kill. They read the dataset by its digest, wherever they run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from cislex_core.datasets import Dataset
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Progress
from cislex_runtime.working.children import Children, Line
from cislex_runtime.working.gang import Rank, run_ranks
from cislex_runtime.working.recipes import inputs_from

from cislex_trainer.data import TrainingData
from cislex_trainer.devices import Place, choose
from cislex_trainer.loop import train_seed
from cislex_trainer.ranks import joined
from cislex_trainer.specs import TrainModelSpec
from cislex_trainer.starts import Start

OnEpoch = Callable[[int, dict[str, Any]], None]


def checkpoint_of(folder: Path, seed: int) -> Path:
    """Where a seed's training stands."""
    return folder / f"seed_{seed}.safetensors"


def n_processes(n_seeds: int) -> int:
    """How many seeds train at once: as many as torch was given threads (OMP_NUM_THREADS, else the cores)."""
    return max(1, min(n_seeds, torch.get_num_threads()))


@contextmanager
def one_thread() -> Iterator[None]:
    """Training in this process, as the processes of ``train_side_by_side`` do it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Opened:
    """What a process trains with."""

    spec: TrainModelSpec
    place: Place
    data: TrainingData
    start: Start


def train_side_by_side(
    spec: TrainModelSpec, inputs: Inputs, start: Start, progress: Progress, on_epoch: OnEpoch
) -> None:
    """Bring every seed's checkpoint to its end on a CPU. ``on_epoch`` gets (seed, history row).

    Raises what ``train_seed`` raises; WORKER_LOST when a process dies, what ``check_cancel`` raises: the others are
    then stopped, and their checkpoints stay.
    """
    payload = _payload(spec.model_copy(update={"device": "cpu"}), inputs)
    waiting = list(spec.seeds)
    with Children() as children:
        while waiting or len(children):
            while waiting and len(children) < n_processes(len(spec.seeds)):
                seed = waiting.pop(0)
                children.start(
                    seed, f"seed {seed}", f"{__name__}:train_one", seed, payload, start.folder, progress.checkpoint_dir
                )
            for news in children.news():
                if not news.done:
                    on_epoch(news.key, news.value)
            progress.check_cancel()


def train_by_ranks(
    spec: TrainModelSpec, inputs: Inputs, start: Start, place: Place, progress: Progress, on_epoch: OnEpoch
) -> None:
    """The same by ``spec.data_parallel`` processes that train each seed together, on this machine or on several.

    An attempt that lost a rank raises WORKER_LOST; the next one goes on from the last epoch, with any number of ranks.
    """
    progress.checkpoint_dir.mkdir(parents=True, exist_ok=True)
    folders = {"checkpoints": progress.checkpoint_dir}
    if start.folder is not None:
        folders["start"] = start.folder
    asked = {"device": place.device.type, "amp": place.amp}
    gpus = torch.cuda.device_count() if place.device.type == "cuda" else 0
    run_ranks(
        f"{__name__}:train_rank", spec.data_parallel, _payload(spec.model_copy(update=asked), inputs), folders,
        progress.check_cancel, lambda news: on_epoch(*news), gpus,
    )  # fmt: skip


def train_one(line: Line, seed: int, payload: dict[str, Any], start: Path | None, checkpoints: Path) -> None:
    """The process of one seed."""
    torch.set_num_threads(1)
    _train(seed, _open(payload, start), checkpoint_of(checkpoints, seed), line.report)


def train_rank(rank: Rank, payload: dict[str, Any]) -> None:
    """The process of one rank, for ``run_ranks`` and for torchrun: every seed in turn, together with the others."""
    own_gpu = False
    if payload["spec"]["device"] == "cuda":
        own_gpu = rank.local_count <= torch.cuda.device_count()
        torch.cuda.set_device(rank.local_index % torch.cuda.device_count())
    else:
        torch.set_num_threads(1)
    opened = _open(payload, rank.folders.get("start"))
    with joined(opened.place.device, own_gpu) as gang:
        for seed in opened.spec.seeds:

            def on_epoch(row: dict[str, Any], seed: int = seed) -> None:
                rank.publish("checkpoints", checkpoint_of(Path(), seed).name)
                rank.report([seed, row])

            _train(seed, opened, checkpoint_of(rank.folders["checkpoints"], seed), on_epoch, ranks=gang)


def _payload(spec: TrainModelSpec, inputs: Inputs) -> dict[str, Any]:
    return {"spec": spec.model_dump(mode="json"), "inputs": inputs.recipe()}


def _open(payload: dict[str, Any], start_folder: Path | None) -> Opened:
    spec = TrainModelSpec.model_validate(payload["spec"])
    dataset = Dataset.from_artifact(inputs_from(payload["inputs"]).artifact(spec.dataset), TARGET_TYPES)
    place = choose(spec.device, spec.amp, paper=spec.protocol == "paper")
    start = Start(start_folder)
    return Opened(spec, place, start.data(TrainingData.of(spec, dataset, place)), start)


def _train(
    seed: int, opened: Opened, checkpoint: Path, on_epoch: Callable[[dict[str, Any]], None], **more: Any
) -> None:
    data = opened.data
    train_seed(
        seed, opened.spec, data.train, data.selection, opened.place, checkpoint, lambda: None, on_epoch,
        data.objective, opened.start, **more,
    )  # fmt: skip
