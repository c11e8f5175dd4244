"""The training loop of one seed, to be read from top to bottom.

Each epoch: every training sequence once in random order, Adam on the mean cross-entropy of ``accumulation`` batches,
then the selection split. The weights of the best epoch are kept. After each epoch everything that decides the next
one is stored, so a killed run goes on and ends, on a CPU, with the same bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from cislex_core.canonical import digest_json
from cislex_core.errors import Reason, UserError
from cislex_models.base import Architecture
from cislex_models.registry import build
from torch import Tensor
from torch.nn.functional import cross_entropy

from cislex_trainer import checkpoints
from cislex_trainer.data import Rows, training_batches
from cislex_trainer.devices import Place
from cislex_trainer.seeds import Randomness
from cislex_trainer.specs import TrainModelSpec

# a validation loss must fall by this much to count as better: below it lies noise of the last digits
MIN_IMPROVEMENT = 1e-4
EVALUATION_BATCH = 512

Batch = tuple[Tensor, Tensor]
CheckCancel = Callable[[], None]
OnEpoch = Callable[[dict[str, Any]], None]


@dataclass
class Position:
    """Where a run stands after an epoch. ``best`` is a loss (lower wins) or, under paper, an accuracy (higher wins)."""

    epoch: int = 0
    best: float = math.nan
    best_epoch: int = 0
    without_improvement: int = 0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Trained:
    """The model of the best epoch (on the CPU, evaluation mode) and one history row per epoch."""

    seed: int
    model: Architecture
    position: Position


def train_seed(
    seed: int,
    spec: TrainModelSpec,
    train: Rows,
    selection: Rows,
    place: Place,
    checkpoint: Path,
    check_cancel: CheckCancel,
    on_epoch: OnEpoch,
    n_classes: int = 2,
) -> Trained:
    """Train one seed, resuming from ``checkpoint`` when it is of the same run.

    ``selection`` is the validation split, or the test split under protocol paper. ``check_cancel`` is called before
    each batch and may raise; ``on_epoch`` gets the history row. Raises TRAINING_DIVERGED.
    """
    assert spec.epochs is not None, "the task fills the number of epochs in"
    window_bp = int(train.codes.shape[1])
    model = build(spec.architecture, window_bp, spec.options, n_classes, seed=seed).to(place.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=spec.learning_rate, weight_decay=spec.weight_decay)
    # the rate stays constant: halving it on plateaus did not help on the yeast data (docs/methods.md)
    scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=0)
    scaler = place.scaler()
    randomness = Randomness(seed, place.device)
    position = Position()
    best_weights = checkpoints.weights(model, "best")

    fingerprint = fingerprint_of(spec, seed, train, selection, place)
    if stored := checkpoints.load(checkpoint, fingerprint):
        tensors, state = stored
        model.load_state_dict(checkpoints.under(tensors, "model"))
        checkpoints.restore_optimizer(optimizer, tensors, state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        scaler.load_state_dict(state["scaler"])
        randomness.restore(tensors)
        position = Position(**state["position"])
        best_weights = {name: value for name, value in tensors.items() if name.startswith("best.")}

    while not position.finished:
        started = time.perf_counter()
        train_loss, train_accuracy = _train_epoch(
            model,
            train,
            spec,
            optimizer,
            scaler,
            randomness,
            place,
            check_cancel,
            where=f"seed {seed}, epoch {position.epoch + 1}",
        )
        rate = float(optimizer.param_groups[0]["lr"])
        scheduler.step()
        loss, accuracy = evaluate(model, selection, place, check_cancel)

        position.epoch += 1
        if _better(spec, loss, accuracy, position.best):
            position.best = accuracy if spec.protocol == "paper" else loss
            position.best_epoch = position.epoch
            position.without_improvement = 0
            best_weights = checkpoints.weights(model, "best")
        else:
            position.without_improvement += 1
        stopped = 0 < spec.patience <= position.without_improvement
        position.finished = stopped or position.epoch >= spec.epochs
        row = _history_row(spec, seed, position.epoch, train_loss, train_accuracy, loss, accuracy, rate)
        position.history.append({**row, "seconds": time.perf_counter() - started})

        checkpoints.save(
            checkpoint,
            {
                **checkpoints.weights(model, "model"),
                **best_weights,
                **checkpoints.optimizer_tensors(optimizer),
                **randomness.state(),
            },
            {
                "fingerprint": fingerprint,
                "optimizer": checkpoints.optimizer_groups(optimizer),
                "scheduler": scheduler.state_dict(),
                "scaler": scaler.state_dict(),
                "position": vars(position),
            },
        )
        on_epoch(position.history[-1])

    model.load_state_dict(checkpoints.under(best_weights, "best"))
    return Trained(seed, model.cpu().eval(), position)


def _train_epoch(
    model: Architecture,
    rows: Rows,
    spec: TrainModelSpec,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    randomness: Randomness,
    place: Place,
    check_cancel: CheckCancel,
    where: str,
) -> tuple[float, float]:
    """One epoch; mean loss and accuracy over the sequences as they were trained on (dropout on)."""
    model.train()
    total_loss = torch.zeros((), dtype=torch.float64, device=place.device if place.device.type == "cuda" else None)
    correct = torch.zeros((), dtype=torch.int64, device=total_loss.device)
    batches = training_batches(rows, randomness, spec.batch_size, spec.rc_augmentation, place.device)
    checked = _checked(batches, check_cancel)
    while group := list(islice(checked, spec.accumulation)):
        in_group = sum(len(y) for _, y in group)
        for x, y in group:
            with place.autocast():
                logits = model(x)
            loss = cross_entropy(logits.float(), y, reduction="sum")
            # the mean over the whole group, so that a short last batch weighs as much as its sequences
            scaler.scale(loss / in_group).backward()
            total_loss += loss.detach()
            correct += (logits.argmax(1) == y).sum()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
    mean_loss = float(total_loss) / len(rows)
    if not math.isfinite(mean_loss):
        raise UserError(
            Reason.TRAINING_DIVERGED,
            f"the training loss is {mean_loss} at {where}; lower learning_rate (now {spec.learning_rate:g})"
            + (" or switch amp off" if place.amp != "off" else ""),
            field="learning_rate",
        )
    return mean_loss, int(correct) / len(rows)


@torch.no_grad()
def evaluate(
    model: Architecture, rows: Rows, place: Place, check_cancel: CheckCancel = lambda: None
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy in evaluation mode, in float32 whatever the training used."""
    model.eval()
    logits, targets = [], []
    for start in range(0, len(rows), EVALUATION_BATCH):
        check_cancel()
        x, y = rows.batch(torch.arange(start, min(start + EVALUATION_BATCH, len(rows))), place.device)
        logits.append(model(x))
        targets.append(y)
    all_logits, all_targets = torch.cat(logits), torch.cat(targets)
    loss = float(cross_entropy(all_logits, all_targets))
    return loss, float((all_logits.argmax(1) == all_targets).double().mean())


def _checked(batches: Iterator[Batch], check_cancel: CheckCancel) -> Iterator[Batch]:
    for batch in batches:
        check_cancel()
        yield batch


def _better(spec: TrainModelSpec, loss: float, accuracy: float, best: float) -> bool:
    if math.isnan(best):
        return True
    return accuracy > best if spec.protocol == "paper" else loss < best - MIN_IMPROVEMENT


def _history_row(
    spec: TrainModelSpec,
    seed: int,
    epoch: int,
    train_loss: float,
    train_accuracy: float,
    loss: float,
    accuracy: float,
    rate: float,
) -> dict[str, Any]:
    paper = spec.protocol == "paper"
    return {
        "seed": seed,
        "epoch": epoch,
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "validation_loss": None if paper else loss,
        "validation_accuracy": None if paper else accuracy,
        "test_accuracy": accuracy if paper else None,
        "learning_rate": rate,
    }


def fingerprint_of(spec: TrainModelSpec, seed: int, train: Rows, selection: Rows, place: Place) -> str:
    """What a checkpoint must share with a run to be continued by it: spec, seed, rows, device kind, versions."""
    held: dict[str, Any] = {
        "spec": spec.model_dump(mode="json", exclude={"seeds", "device", "amp"}),
        "seed": seed,
        "rows": [len(train), len(selection)],
        "device": place.device.type,
        "amp": place.amp,
        "torch": torch.__version__,
    }
    return digest_json(held)
