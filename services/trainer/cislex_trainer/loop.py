"""The training loop of one seed, to be read from top to bottom.

Each epoch: every training sequence once (or both strands of each) in random order, Adam on the mean loss of
``accumulation`` batches, then the selection split. The weights of the best epoch are kept. After each epoch everything
that decides the next one is stored, so a killed run goes on and ends, on a CPU, with the same bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from cislex_core.canonical import digest_json
from cislex_core.errors import Reason, UserError
from cislex_models.base import Architecture
from cislex_models.registry import build
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cislex_trainer import checkpoints
from cislex_trainer.data import Rows, training_batches
from cislex_trainer.devices import Place
from cislex_trainer.losses import Objective
from cislex_trainer.ranks import ALONE, Ranks
from cislex_trainer.scores import SCORE_OF, score
from cislex_trainer.seeds import Randomness
from cislex_trainer.specs import TrainModelSpec
from cislex_trainer.starts import Start
from cislex_trainer.synchronised import synchronised

# a validation loss must fall by this much to count as better: below it lies noise of the last digits. A loss that has
# the scale of the data must fall by this share of the best one.
MIN_IMPROVEMENT = 1e-4
EVALUATION_BATCH = 512
# the training score of several tasks is that of the first sequences of the epoch, which are a random sample: sorting
# every answer of a large matrix after each epoch would take longer than the epoch
SCORED_ENTRIES = 2_000_000

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


class Measured(NamedTuple):
    """Mean loss, and the score of the kind of target (``scores``); a score that is undefined is None."""

    loss: float
    score: float | None


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
    objective: Objective = Objective(),  # noqa: B008 - frozen
    start: Start = Start(),  # noqa: B008 - frozen
    ranks: Ranks = ALONE,
) -> Trained:
    """Train one seed for ``objective`` from ``start``, resuming from ``checkpoint`` when it is of the same run.

    ``selection`` is the validation split, or the test split under protocol paper. ``check_cancel`` is called before
    each batch and may raise; ``on_epoch`` gets the history row. With several ``ranks`` all call this alike; the first
    writes the checkpoint, which any number of ranks can resume, and calls ``on_epoch``. Raises TRAINING_DIVERGED.
    """
    assert spec.epochs is not None, "the task fills the number of epochs in"
    window_bp = int(train.codes.shape[1])
    whole = build(spec.architecture, window_bp, start.options(spec.options), objective.n_outputs, seed=seed)
    model = start.prepare(whole.to(place.device), freeze=spec.freeze_filters)
    _check_batch(model, spec, len(train))
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
        where = f"seed {seed}, epoch {position.epoch + 1}"
        with synchronised(model, ranks):
            trained = _train_epoch(
                model, train, spec, objective, optimizer, scaler, randomness, place, check_cancel, where, ranks
            )
        rate = float(optimizer.param_groups[0]["lr"])
        scheduler.step()
        selected = evaluate(model, selection, place, objective, spec.strands == "both", check_cancel, ranks)

        position.epoch += 1
        if _better(spec, objective, selected, position.best):
            position.best = _criterion(spec, selected)
            position.best_epoch = position.epoch
            position.without_improvement = 0
            best_weights = checkpoints.weights(model, "best")
        else:
            position.without_improvement += 1
        stopped = 0 < spec.patience <= position.without_improvement
        position.finished = stopped or position.epoch >= spec.epochs
        row = _history_row(spec, objective, seed, position.epoch, trained, selected, rate)
        position.history.append({**row, "seconds": time.perf_counter() - started})

        if ranks.first:
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
    return Trained(seed, whole.cpu().eval(), position)


def _check_batch(model: nn.Module, spec: TrainModelSpec, n_train: int) -> None:
    """Batch normalisation takes the spread over the batch: one sequence has none."""
    if min(spec.batch_size, n_train) < 2 and any(isinstance(part, _BatchNorm) for part in model.modules()):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"{spec.architecture} normalises over the sequences of a batch and cannot train on one at a time; use "
            "batch_size 2 or more, and at least two training sequences",
            field="batch_size",
        )


def _train_epoch(
    model: nn.Module,
    rows: Rows,
    spec: TrainModelSpec,
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    scaler: torch.amp.GradScaler,
    randomness: Randomness,
    place: Place,
    check_cancel: CheckCancel,
    where: str,
    ranks: Ranks,
) -> Measured:
    """One epoch; its loss and score over the sequences as they were trained on (dropout on, weights moving)."""
    model.train()
    tally = _Tally(objective, place.device, ranks)
    batches = training_batches(rows, randomness, spec.batch_size, spec.strands, place.device, ranks.part)
    checked = _checked(batches, check_cancel)
    while group := list(islice(checked, spec.accumulation)):
        # the mean over the whole group, so that a short last batch weighs as much as its sequences
        weight = sum(objective.weight(y) for _, y in group)
        divisor = weight.clamp(min=1e-12) if isinstance(weight, Tensor) else weight
        for x, y in group:
            if ranks.begin_batch(len(y)):
                with place.autocast():
                    logits = model(x)
                loss = objective.total(logits, y[ranks.part(len(y))])
                scaler.scale(loss / divisor).backward()
                tally.add(loss.detach(), logits.detach(), y)
            else:
                tally.skip(y)
            ranks.end_batch(model)
        ranks.sum_gradients(model.parameters())
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
    measured = tally.result()
    if not math.isfinite(measured.loss):
        raise UserError(
            Reason.TRAINING_DIVERGED,
            f"the training loss is {measured.loss} at {where}; lower learning_rate (now {spec.learning_rate:g})"
            + (" or switch amp off" if place.amp != "off" else ""),
            field="learning_rate",
        )
    return measured


@torch.no_grad()
def evaluate(
    model: nn.Module,
    rows: Rows,
    place: Place,
    objective: Objective = Objective(),  # noqa: B008 - frozen
    both_strands: bool = False,
    check_cancel: CheckCancel = lambda: None,
    ranks: Ranks = ALONE,
) -> Measured:
    """Mean loss and score in evaluation mode, in float32 whatever the training used.

    ``both_strands``: the reverse complement of each sequence counts as a sequence of its own. Ranks take turns with the
    batches, and all get the same answer, which does not hang on their number.
    """
    model.eval()
    strands = 2 if both_strands else 1
    n = len(rows)
    all_logits = torch.zeros(strands * n, objective.n_outputs, device=place.device)
    pieces = [(strand, start) for strand in range(strands) for start in range(0, n, EVALUATION_BATCH)]
    for strand, start in pieces[ranks.index :: ranks.count]:
        check_cancel()
        chosen = torch.arange(start, min(start + EVALUATION_BATCH, n))
        x, _ = rows.batch(chosen, place.device, torch.ones(len(chosen), dtype=torch.bool) if strand else None)
        all_logits[strand * n + start : strand * n + start + len(chosen)] = model(x)
    ranks.sum(all_logits)  # each row is of one rank, and zeros of the others
    all_targets = rows.targets.to(place.device).repeat(strands, *[1] * (rows.targets.dim() - 1))
    weight = float(objective.weight(all_targets))
    loss = float(objective.total(all_logits, all_targets)) / weight if weight else math.nan
    return Measured(loss, score(objective.loss, all_logits.cpu().numpy(), all_targets.cpu().numpy()))


class _Tally:
    """Loss and score of an epoch, summed on the device: nothing waits for a batch to end. Batches come with the targets
    of all ranks and the logits of this one; ``result`` is that of all.
    """

    def __init__(self, objective: Objective, device: torch.device, ranks: Ranks) -> None:
        self._ranks = ranks
        self._objective = objective
        self._loss = torch.zeros((), dtype=torch.float64, device=device)
        self._weight: Tensor | float = 0
        self._correct = torch.zeros((), dtype=torch.int64, device=device)
        self._n = 0
        self._kept: list[tuple[Tensor, Tensor]] = []

    def add(self, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        """A batch: this rank's summed loss and logits, the targets of all."""
        self._loss += loss
        if self._objective.loss == "cross_entropy":
            self._correct += (logits.argmax(1) == targets[self._ranks.part(len(targets))]).sum()
        self._count(logits, targets)

    def skip(self, targets: Tensor) -> None:
        """A batch of which this rank has nothing."""
        self._count(torch.zeros(0, self._objective.n_outputs, device=targets.device), targets)

    def _count(self, logits: Tensor, targets: Tensor) -> None:
        self._weight = self._weight + self._objective.weight(targets)
        if self._objective.loss != "cross_entropy" and self._n * self._objective.n_outputs < SCORED_ENTRIES:
            self._kept.append((logits, targets))
        self._n += len(targets)

    def result(self) -> Measured:
        """The epoch's mean loss and its score."""
        weight = float(self._weight)
        loss = float(self._ranks.sum(self._loss)) / weight if weight else math.nan
        if self._objective.loss == "cross_entropy":
            return Measured(loss, int(self._ranks.sum(self._correct)) / self._n)
        targets = torch.cat([y for _, y in self._kept])
        logits = torch.zeros(len(targets), self._objective.n_outputs, device=targets.device)
        at = 0
        for own, y in self._kept:
            logits[at : at + len(y)][self._ranks.part(len(y))] = own.float()
            at += len(y)
        self._ranks.sum(logits)
        return Measured(loss, score(self._objective.loss, logits.cpu().numpy(), targets.cpu().numpy()))


def _checked(batches: Iterator[Batch], check_cancel: CheckCancel) -> Iterator[Batch]:
    for batch in batches:
        check_cancel()
        yield batch


def _criterion(spec: TrainModelSpec, selected: Measured) -> float:
    """What chooses the epoch: the loss, or under paper the (test) accuracy."""
    if spec.protocol != "paper":
        return selected.loss
    assert selected.score is not None
    return selected.score


def _better(spec: TrainModelSpec, objective: Objective, selected: Measured, best: float) -> bool:
    if math.isnan(best):
        return True
    if spec.protocol == "paper":
        return _criterion(spec, selected) > best
    return selected.loss < best - MIN_IMPROVEMENT * (abs(best) if objective.relative else 1.0)


def _history_row(
    spec: TrainModelSpec,
    objective: Objective,
    seed: int,
    epoch: int,
    trained: Measured,
    held: Measured,
    rate: float,
) -> dict[str, Any]:
    paper = spec.protocol == "paper"
    accuracy = SCORE_OF[objective.loss] == "accuracy"
    return {
        "seed": seed,
        "epoch": epoch,
        "train_loss": trained.loss,
        "train_accuracy": trained.score if accuracy else None,
        "train_score": trained.score,
        "validation_loss": None if paper else held.loss,
        "validation_accuracy": held.score if accuracy and not paper else None,
        "validation_score": None if paper else held.score,
        "test_accuracy": held.score if paper else None,
        "learning_rate": rate,
    }


def fingerprint_of(spec: TrainModelSpec, seed: int, train: Rows, selection: Rows, place: Place) -> str:
    """What a checkpoint must share with a run to be continued by it: spec, seed, rows, device kind, versions."""
    held: dict[str, Any] = {
        "spec": spec.model_dump(mode="json", exclude={"seeds", "device", "amp", "data_parallel"}),
        "seed": seed,
        "rows": [len(train), len(selection)],
        "device": place.device.type,
        "amp": place.amp,
        "torch": torch.__version__,
    }
    return digest_json(held)
