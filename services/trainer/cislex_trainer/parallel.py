"""On a CPU the seeds of one request train side by side, one process and one thread each.

A network of this size gains little from a second thread (8 % at 200 bp) and all of a second core when that core has a
seed of its own. One thread always: the number of threads decides the order of sums, so a seed ends with the same bits
whatever its neighbours and however many cores there are. The processes share nothing but the seeds' checkpoint files:
a finished checkpoint holds the kept weights, so the caller reads the result exactly as it resumes after a kill.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from cislex_core.artifacts import Artifact, Manifest
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, RetryableError
from cislex_core.targets import TARGET_TYPES

from cislex_trainer.data import TrainingData
from cislex_trainer.devices import choose
from cislex_trainer.loop import train_seed
from cislex_trainer.specs import TrainModelSpec
from cislex_trainer.starts import Start

POLL_S = 0.2


@dataclass(frozen=True)
class Run:
    """What a training process needs: plain values, so that a fresh interpreter can take them."""

    seed: int
    spec: dict[str, Any]
    dataset_dir: str
    dataset_digest: str
    checkpoint: str
    start_dir: str | None = None


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


def train_side_by_side(
    spec: TrainModelSpec,
    dataset: Dataset,
    start: Start,
    checkpoint_of: Callable[[int], Path],
    check_cancel: Callable[[], None],
    on_epoch: Callable[[int, dict[str, Any]], None],
) -> None:
    """Bring every seed's checkpoint to its end. ``on_epoch`` gets (seed, history row).

    Raises what ``train_seed`` raises; WORKER_LOST when a process dies, what ``check_cancel`` raises: the others are
    then stopped, and their checkpoints stay.
    """
    at_once = n_processes(len(spec.seeds))
    fields = spec.model_dump(mode="json")
    start_dir = None if start.folder is None else str(start.folder)
    waiting = [
        Run(seed, fields, str(dataset.artifact.dir), dataset.digest, str(checkpoint_of(seed)), start_dir)
        for seed in spec.seeds
    ]
    running: dict[Connection, tuple[Run, BaseProcess]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                run = waiting.pop(0)
                connection, process = _start(run)
                running[connection] = (run, process)
            for ready in wait(list(running), timeout=POLL_S):
                assert isinstance(ready, Connection)
                run, process = running[ready]
                if _hear(ready, run, process, on_epoch):
                    process.join()
                    ready.close()
                    del running[ready]
            check_cancel()
    finally:
        for connection, (_, process) in running.items():
            process.terminate()
            process.join(5)
            if process.is_alive():
                process.kill()
                process.join()
            connection.close()


def _start(run: Run) -> tuple[Connection, BaseProcess]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_train, args=(run, theirs), name=f"seed {run.seed}", daemon=True)
    process.start()
    theirs.close()
    return ours, process


def _hear(
    connection: Connection, run: Run, process: BaseProcess, on_epoch: Callable[[int, dict[str, Any]], None]
) -> bool:
    """Take one message; True when the seed is done."""
    try:
        kind, value = connection.recv()
    except EOFError:
        process.join()
        raise RetryableError(
            Reason.WORKER_LOST,
            f"the process that trained seed {run.seed} ended with status {process.exitcode} before its last epoch"
            + ("; the system may have run out of memory" if process.exitcode == -9 else ""),
            seed=run.seed,
            status=process.exitcode,
        ) from None
    if kind == "error":
        raise value
    if kind == "epoch":
        on_epoch(run.seed, value)
    return bool(kind == "done")


def _train(run: Run, connection: Connection) -> None:
    """The process of one seed."""
    torch.set_num_threads(1)
    try:
        folder = Path(run.dataset_dir)
        manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
        dataset = Dataset.from_artifact(Artifact(run.dataset_digest, folder, manifest), TARGET_TYPES)
        spec = TrainModelSpec.model_validate(run.spec)
        place = choose("cpu", spec.amp, paper=spec.protocol == "paper")
        start = Start(None if run.start_dir is None else Path(run.start_dir))
        data = start.data(TrainingData.of(spec, dataset, place))
        train_seed(
            run.seed,
            spec,
            data.train,
            data.selection,
            place,
            Path(run.checkpoint),
            check_cancel=lambda: None,
            on_epoch=lambda row: connection.send(("epoch", row)),
            objective=data.objective,
            start=start,
        )
        connection.send(("done", None))
    except Exception as error:  # the caller raises it: a user's error stays one, a full disk stays an OSError
        connection.send(("error", error))
