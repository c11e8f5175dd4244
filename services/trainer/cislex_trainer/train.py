"""trainer.TrainModel: the seeds of one request into one model artifact (``parallel`` says which processes train)."""

from __future__ import annotations

import time
from contextlib import nullcontext
from functools import partial
from typing import Any

import pyarrow as pa
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress
from cislex_models.checkpoint import save_model
from cislex_models.registry import check_options, check_window
from cislex_runtime.working.gang import spreads

from cislex_trainer.data import TrainingData
from cislex_trainer.devices import Place, choose
from cislex_trainer.link import ACTIVATION_OF
from cislex_trainer.loop import Trained, train_seed
from cislex_trainer.losses import LossName
from cislex_trainer.parallel import checkpoint_of, n_processes, one_thread, train_by_ranks, train_side_by_side
from cislex_trainer.scores import SCORE_OF
from cislex_trainer.specs import TrainModelSpec, epochs_for
from cislex_trainer.starts import Start, resolve

HISTORY = pa.schema(
    [
        ("seed", pa.int64()),
        ("epoch", pa.int64()),
        ("train_loss", pa.float64()),
        ("train_accuracy", pa.float64()),
        ("train_score", pa.float64()),
        ("validation_loss", pa.float64()),
        ("validation_accuracy", pa.float64()),
        ("validation_score", pa.float64()),
        ("test_accuracy", pa.float64()),
        ("learning_rate", pa.float64()),
        ("seconds", pa.float64()),
        ("chosen", pa.bool_()),
    ]
)


def train_model(spec: TrainModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Train every seed and write weights, history and the record of the run. Raises what ``train_seed`` raises,
    DEVICE_UNAVAILABLE, EMPTY_SPLIT, ONE_CLASS, WINDOW_TOO_SHORT, and what opening its start raises.
    """
    started = time.perf_counter()
    dataset = Dataset.from_artifact(inputs.artifact(spec.dataset), TARGET_TYPES)
    spec, start = resolve(spec, inputs, progress.scratch_dir / "start", progress)
    check_window(spec.architecture, check_options(spec.architecture, start.options(spec.options)), dataset.window_bp)
    paper = spec.protocol == "paper"
    place = choose(spec.device, spec.amp, paper=paper)
    data = TrainingData.of(spec, dataset, place)
    if spec.epochs is None:
        shown = len(data.train) * (2 if spec.strands == "both" else 1)
        spec = spec.model_copy(update={"epochs": epochs_for(shown, spec.batch_size, spec.accumulation)})
    together = f", {spec.data_parallel} processes each seed" if spec.data_parallel > 1 else ""
    progress.message(f"training on {place.name} in {place.dtype} ({place.reason}){together}")
    _check_ranks(spec, len(data.train), place, progress)
    if paper:
        progress.warn(
            "SELECTED_ON_TEST",
            "protocol paper keeps the epoch with the best test accuracy: that accuracy is optimistic",
        )
    if place.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(place.device)

    start.compute_features(spec, data, place, progress)
    trained = _train_all(spec, inputs, start.data(data), start, place, progress)
    start.record(out)
    loss = data.objective.loss
    for result in trained:
        folder = out.path(f"seed_{result.seed}/model.json").parent
        save_model(result.model, folder, dataset.outputs, result.seed, target_type=dataset.target_type, loss=loss)
    out.write_table("history.parquet", history_table(trained))
    record = {
        "spec": spec.model_dump(mode="json"),
        "dataset": dataset.digest,
        "device": place.name,
        "device_reason": place.reason,
        "dtype": place.dtype,
        "peak_memory_bytes": place.peak_memory_bytes(),
        "seconds": time.perf_counter() - started,
        "selection": "test" if paper else "validation",
        "n_train": len(data.train),
        "n_selection": len(data.selection),
        "n_parameters": trained[0].model.n_parameters,
        "target_type": dataset.target_type,
        "loss": loss,
        "score": SCORE_OF[loss],
        "torch": torch.__version__,
    }
    out.write_json("training.json", record)
    out.kind = "model"
    out.seeds = list(spec.seeds)
    out.tools = {"torch": torch.__version__}
    out.genome_digest = dataset.genome_digest
    out.semantics = {
        "input": {"tensor": "one_hot", "layout": "n,4,length", "alphabet": "ACGT", "N": "zeros"},
        "output": {
            "tensor": "logits",
            "classes": dataset.outputs,
            "target_type": dataset.target_type,
            "activation": ACTIVATION_OF[loss],
        },
    }
    out.summary = summary(spec, dataset, loss, trained, place)


class _Board:
    """The progress of all seeds together: their epochs are counted in a row, a seed that stopped early counts whole."""

    def __init__(self, spec: TrainModelSpec, progress: Progress) -> None:
        self._epochs = spec.epochs or 0
        self._done = dict.fromkeys(spec.seeds, 0)
        self._progress = progress

    def epoch(self, seed: int, row: dict[str, Any]) -> None:
        """One epoch of a seed."""
        self._done[seed] = row["epoch"]
        metrics = {key: float(value) for key, value in row.items() if value is not None and key != "seconds"}
        self._update(**metrics)

    def finished(self, result: Trained) -> None:
        """A seed is done."""
        self._done[result.seed] = self._epochs
        self._update(seed=float(result.seed))
        position = result.position
        best = position.history[position.best_epoch - 1]
        named = ("validation_loss", "validation_score", "test_accuracy")
        shown = ", ".join(f"{key} {best[key]:.4f}" for key in named if best[key] is not None)
        self._progress.message(f"seed {result.seed}: epoch {position.best_epoch} of {position.epoch} kept, {shown}")

    def _update(self, **metrics: float) -> None:
        self._progress.update(sum(self._done.values()), self._epochs * len(self._done), unit="epochs", **metrics)


def _check_ranks(spec: TrainModelSpec, n_train: int, place: Place, progress: Progress) -> None:
    if spec.data_parallel > n_train:
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{n_train} training sequences cannot be divided among {spec.data_parallel} processes; use data_parallel "
            f"{n_train} or less",
            field="data_parallel",
        )
    if place.device.type == "cuda" and not spreads(spec.data_parallel, torch.cuda.device_count()):
        n_gpus = torch.cuda.device_count()
        if n_gpus < spec.data_parallel:
            progress.warn(
                "GPU_SHARED",
                f"{spec.data_parallel} processes share {n_gpus} GPU{'s' if n_gpus > 1 else ''}, which is slower than "
                f"data_parallel {n_gpus}",
            )


def _train_all(
    spec: TrainModelSpec, inputs: Inputs, data: TrainingData, start: Start, place: Place, progress: Progress
) -> list[Trained]:
    board = _Board(spec, progress)

    def one(seed: int) -> Trained:
        checkpoint, on_epoch = checkpoint_of(progress.checkpoint_dir, seed), partial(board.epoch, seed)
        return train_seed(
            seed, spec, data.train, data.selection, place, checkpoint, progress.check_cancel, on_epoch,
            data.objective, start,
        )  # fmt: skip

    on_cpu = place.device.type == "cpu"
    if spec.data_parallel > 1:
        train_by_ranks(spec, inputs, start, place, progress, board.epoch)
    elif on_cpu and n_processes(len(spec.seeds)) > 1:
        train_side_by_side(spec, inputs, start, progress, board.epoch)
    trained = []
    with one_thread() if on_cpu else nullcontext():
        for seed in spec.seeds:  # checkpoints that are finished are only read
            result = one(seed)
            board.finished(result)
            trained.append(result)
    return trained


def history_table(trained: list[Trained]) -> pa.Table:
    """history.parquet: one row per seed and epoch; ``chosen`` marks the kept epoch of each seed."""
    rows = [
        {**row, "chosen": row["epoch"] == result.position.best_epoch}
        for result in trained
        for row in result.position.history
    ]
    return pa.Table.from_pylist(rows, schema=HISTORY)


def summary(
    spec: TrainModelSpec, dataset: Dataset, loss: LossName, trained: list[Trained], place: Place
) -> dict[str, Any]:
    """The fields of the Model message; no time and no host, since the manifest is hashed."""
    return {
        "architecture": spec.architecture,
        "window_bp": dataset.window_bp,
        "classes": dataset.outputs,
        "n_parameters": trained[0].model.n_parameters,
        "protocol": f"PROTOCOL_{spec.protocol.upper()}",
        "selection": "test" if spec.protocol == "paper" else "validation",
        "device": place.device.type,
        "dtype": place.dtype,
        "dataset": dataset.digest,
        "seeds": [_seed_summary(result) for result in trained],
        "target_type": dataset.target_type,
        "loss": loss,
        "score": SCORE_OF[loss],
    }


def _seed_summary(result: Trained) -> dict[str, Any]:
    best = result.position.history[result.position.best_epoch - 1]
    held = {key: best[key] for key in ("validation_loss", "validation_accuracy", "test_accuracy", "validation_score")}
    return {
        "seed": result.seed,
        "best_epoch": result.position.best_epoch,
        "n_epochs": result.position.epoch,
        **{key: value for key, value in held.items() if value is not None},
    }
