"""A dataset's rows as tensors: codes stay one byte a base until they are on the device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_models.onehot import one_hot, reverse_complement_codes
from torch import Tensor

from cislex_trainer.seeds import Randomness

# codes of a split are kept on the GPU when they take less than this; otherwise batches are copied one by one
RESIDENT_BYTES = 8 << 30


@dataclass(frozen=True)
class Rows:
    """Some rows of a dataset: codes (n, window) uint8, targets (n,) int64, and their dataset row numbers."""

    codes: Tensor
    targets: Tensor
    index: np.ndarray

    def __len__(self) -> int:
        return int(self.targets.shape[0])

    @classmethod
    def of(cls, dataset: Dataset, index: np.ndarray, device: torch.device) -> Rows:
        """Copy rows out of the memory map, on to the GPU when they fit."""
        codes = torch.from_numpy(np.ascontiguousarray(dataset.codes[index]))
        targets = torch.from_numpy(dataset.targets[index].astype(np.int64))
        if device.type == "cuda" and codes.numel() < RESIDENT_BYTES:
            codes, targets = codes.to(device), targets.to(device)
        return cls(codes, targets, index)

    def batch(self, rows: Tensor, device: torch.device, flip: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """One-hot (b, 4, window) float32 and targets (b,) on the device; rows with ``flip`` reverse-complemented."""
        where = rows.to(self.codes.device)
        codes = self.codes[where].to(device, non_blocking=True)
        if flip is not None:
            codes = torch.where(flip.to(device)[:, None], reverse_complement_codes(codes), codes)
        return one_hot(codes), self.targets[where].to(device, non_blocking=True)


def training_batches(
    rows: Rows, randomness: Randomness, batch_size: int, rc_augmentation: bool, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch in random order, each sequence once, on a strand drawn at random when augmenting."""
    order = randomness.order(len(rows))
    strands = randomness.strands(len(rows)) if rc_augmentation else None
    for start in range(0, len(rows), batch_size):
        chosen = order[start : start + batch_size]
        yield rows.batch(chosen, device, None if strands is None else strands[start : start + batch_size])


def split_indices(dataset: Dataset, protocol: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(train, validation, test) row indices as the protocol uses them.

    default: the dataset's own splits; both train and validation must hold every class. paper: the test rows choose
    the epoch and all others are trained on, validation rows included, as WTKO-CNN does.
    Raises EMPTY_SPLIT and ONE_CLASS naming what to change.
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
        counts = np.bincount(dataset.targets[index], minlength=len(dataset.classes))
        for label, count in zip(dataset.classes, counts, strict=True):
            if count == 0:
                raise UserError(
                    Reason.ONE_CLASS,
                    f"the {name} split holds {len(index)} sequences but none of class {label}; choose other "
                    "chromosomes for the split or add sequences",
                    split=name,
                    class_name=label,
                )
    return train, validation, test
