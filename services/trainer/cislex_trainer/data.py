"""A dataset's rows as tensors, checked for what they are to teach; codes stay one byte a base until on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.targets import UNRESOLVED
from cislex_models.onehot import one_hot, reverse_complement_codes
from torch import Tensor

from cislex_trainer.devices import Place
from cislex_trainer.losses import Objective, choose_loss, objective_for
from cislex_trainer.seeds import Randomness
from cislex_trainer.specs import Strands, TrainModelSpec

# codes of a split are kept on the GPU when they take less than this; otherwise batches are copied one by one
RESIDENT_BYTES = 8 << 30


@dataclass(frozen=True)
class Rows:
    """Some rows of a dataset: codes (n, window) uint8, targets as ``Dataset`` has them, and which rows they are."""

    codes: Tensor
    targets: Tensor
    index: np.ndarray

    def __len__(self) -> int:
        return int(self.targets.shape[0])

    @classmethod
    def of(cls, dataset: Dataset, index: np.ndarray, device: torch.device) -> Rows:
        """Copy rows out of the memory map, on to the GPU when they fit."""
        codes = torch.from_numpy(np.ascontiguousarray(dataset.codes[index]))
        targets = torch.from_numpy(np.ascontiguousarray(dataset.targets[index]))
        if device.type == "cuda" and codes.numel() < RESIDENT_BYTES:
            codes, targets = codes.to(device), targets.to(device)
        return cls(codes, targets, index)

    def batch(self, rows: Tensor, device: torch.device, flip: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One-hot (b, 4, window) float32 and targets on the device; rows with ``flip`` reverse-complemented."""
        where = rows.to(self.codes.device)
        codes = self.codes[where].to(device, non_blocking=True)
        if flip is not None:
            codes = torch.where(flip.to(device)[:, None], reverse_complement_codes(codes), codes)
        return one_hot(codes), self.targets[where].to(device, non_blocking=True)


def training_batches(
    rows: Rows,
    randomness: Randomness,
    batch_size: int,
    strands: Strands,
    device: torch.device,
    part: Callable[[int], slice] = lambda n: slice(0, n),
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch in random order. random: each sequence once, on a strand drawn at random. forward: once, as it is.
    both: each sequence and its reverse complement, as two sequences of one order. A last batch of a single sequence
    joins the one before it: batch normalisation cannot take one alone.

    Yields the input of the slice ``part(n)`` of a batch of n, and the targets of the whole batch.
    """
    n = len(rows)
    order = randomness.order(2 * n if strands == "both" else n)
    if strands == "random":
        flips = randomness.strands(n)
    edges = [*range(0, len(order), batch_size), len(order)]
    if len(edges) > 2 and edges[-1] - edges[-2] == 1 < batch_size:
        del edges[-2]
    for start, end in pairwise(edges):
        chosen, flip = order[start:end], None
        if strands == "both":
            chosen, flip = chosen % n, chosen >= n
        elif strands == "random":
            flip = flips[start:end]
        own = part(len(chosen))
        x, targets = rows.batch(chosen[own], device, None if flip is None else flip[own])
        if len(targets) < len(chosen):
            targets = rows.targets[chosen.to(rows.targets.device)].to(device, non_blocking=True)
        yield x, targets


def split_indices(dataset: Dataset, protocol: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(train, validation, test) row indices as the protocol uses them.

    paper: the test rows choose the epoch and all others are trained on, validation rows included, as WTKO-CNN does.
    Else the dataset's own splits. Rows of which no task is resolved are left out: they say nothing to learn from.
    Raises EMPTY_SPLIT, ONE_CLASS and NO_RESOLVED_TARGET naming what to change.
    """
    train, validation, test = (dataset.split(name) for name in ("train", "validation", "test"))
    if protocol == "paper":
        train, validation = np.sort(np.concatenate([train, validation])), validation[:0]
    needed = {"train": train, **({"test": test} if protocol == "paper" else {"validation": validation})}
    for name, index in needed.items():
        if not len(index):
            raise UserError(
                Reason.EMPTY_SPLIT,
                f"the {name} split holds no sequence; build the dataset with chromosomes for it "
                f"({'test_chroms' if name == 'test' else 'validation_chroms'})",
                split=name,
            )
        if dataset.target_type == "class_index":
            check_classes(dataset, index, name)
    if dataset.target_type == "multilabel":
        check_tasks(dataset, train)
        train, validation, test = (_resolved(dataset, index) for index in (train, validation, test))
        if not len(validation):
            raise UserError(
                Reason.NO_RESOLVED_TARGET,
                "no entry of the validation split is resolved: nothing could choose the epoch; resolve entries there "
                "or choose other chromosomes for the split",
                split="validation",
            )
    return train, validation, test


@dataclass(frozen=True)
class TrainingData:
    """What a seed is trained with: the rows, the rows that choose the epoch, and what is minimised."""

    train: Rows
    selection: Rows
    objective: Objective

    @classmethod
    def of(cls, spec: TrainModelSpec, dataset: Dataset, place: Place) -> TrainingData:
        """Rows and objective of a request; the same wherever it is called. Raises what ``split_indices`` raises and
        INVALID_REQUEST for a loss, weights or protocol that do not go with the targets.
        """
        loss = choose_loss(spec.loss, dataset.target_type)
        if spec.protocol == "paper" and dataset.target_type != "class_index":
            raise UserError(
                Reason.INVALID_REQUEST,
                f"protocol paper keeps the epoch of the best test accuracy, and {dataset.target_type} targets have no "
                "accuracy; use protocol default or explainn",
                field="protocol",
            )
        train, validation, test = split_indices(dataset, spec.protocol)
        objective = objective_for(loss, spec.class_weights, dataset.targets[train], dataset.outputs).on(place.device)
        selection = test if spec.protocol == "paper" else validation
        if loss == "poisson":  # a negative count must not hide in the rows that choose the epoch
            objective_for(loss, "none", dataset.targets[selection], dataset.outputs)
        return cls(Rows.of(dataset, train, place.device), Rows.of(dataset, selection, place.device), objective)


def check_classes(dataset: Dataset, index: np.ndarray, split: str) -> None:
    """Raise ONE_CLASS when rows ``index`` lack a class."""
    counts = np.bincount(dataset.targets[index], minlength=len(dataset.outputs))
    for label, count in zip(dataset.outputs, counts, strict=True):
        if count == 0:
            raise UserError(
                Reason.ONE_CLASS,
                f"the {split} split holds {len(index)} sequences but none of class {label}; choose other "
                "chromosomes for the split or add sequences",
                split=split,
                class_name=label,
            )


def check_tasks(dataset: Dataset, index: np.ndarray) -> None:
    """Raise NO_RESOLVED_TARGET or ONE_CLASS, naming every such task, when training rows cannot teach a task."""
    targets = dataset.targets[index]
    positives, negatives = (targets == 1).sum(0), (targets == 0).sum(0)
    unresolved = [name for name, n in zip(dataset.outputs, positives + negatives, strict=True) if n == 0]
    if unresolved:
        raise UserError(
            Reason.NO_RESOLVED_TARGET,
            f"no entry of {_listed(unresolved)} is resolved in the {len(index)} training sequences; leave such tasks "
            "out of the matrix or resolve entries of theirs",
            field="dataset",
            tasks=",".join(unresolved),
        )
    one_class = [name for name, p, n in zip(dataset.outputs, positives, negatives, strict=True) if not (p and n)]
    if one_class:
        first = dataset.outputs.index(one_class[0])
        only = "positive" if positives[first] else "negative"
        raise UserError(
            Reason.ONE_CLASS,
            f"{_listed(one_class)} {'has' if len(one_class) == 1 else 'have'} one class in the training sequences (the "
            f"resolved entries of {one_class[0]} are all {only}); leave such tasks out of the matrix, or add sequences "
            "of the other class, such as sampled negatives",
            field="dataset",
            tasks=",".join(one_class),
        )


def _resolved(dataset: Dataset, index: np.ndarray) -> np.ndarray:
    return index[(dataset.targets[index] != UNRESOLVED).any(1)]


def _listed(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"task{'s' if len(names) > 1 else ''} {', '.join(names[:most])}{more}"
