"""Training speed against the way the paper's code trains: small batches collated from per-item tensors."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import torch
from cislex_models.onehot import one_hot
from cislex_models.registry import build
from cislex_trainer.data import Rows, training_batches
from cislex_trainer.seeds import Randomness
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

N, WINDOW, REPEATS = 1024, 600, 3
CPU = torch.device("cpu")


class PlainTable3(nn.Module):
    """Table 3 as one writes it with torch's own layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(4, 64, 10), nn.Conv1d(64, 128, 10)
        self.pool, self.dropout = nn.MaxPool1d(2), nn.Dropout(0.3)
        self.score, self.hidden, self.output = nn.Linear(128, 1), nn.Linear(128, 64), nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.dropout(self.pool(torch.relu(self.conv1(x))))
        h = self.dropout(self.pool(torch.relu(self.conv2(h)))).transpose(1, 2)
        weights = torch.softmax(self.score(h), dim=1)
        return self.output(torch.relu(self.hidden((h * weights).sum(1))))


class PerItem(torch.utils.data.Dataset[tuple[Tensor, Tensor]]):
    """One tensor made per sequence asked for, as a plain torch Dataset does."""

    def __init__(self, onehot: np.ndarray, targets: np.ndarray) -> None:
        self.onehot, self.targets = onehot, targets

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        return torch.tensor(self.onehot[i], dtype=torch.float32), torch.tensor(self.targets[i], dtype=torch.long)


def _paper_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, data: PerItem) -> float:
    started = time.perf_counter()
    model.train()
    for i, (x, y) in enumerate(torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)):
        (cross_entropy(model(x.permute(0, 2, 1)), y) / 4).backward()
        if (i + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
    return time.perf_counter() - started


def _our_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, rows: Rows, randomness: Randomness) -> float:
    started = time.perf_counter()
    model.train()
    for x, y in training_batches(rows, randomness, 64, "random", CPU):
        cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - started


def epoch_vs_paper() -> list[dict[str, Any]]:
    """One epoch of WTKO-CNN over 1,024 × 600 bp on the CPU, same number of updates (64 sequences each) on both sides.

    Ours includes encoding from codes and reverse complements; the paper's side is given ready one-hot. The sides take
    turns; the medians are compared.
    """
    rng = np.random.default_rng(0)
    codes, targets = rng.integers(0, 4, (N, WINDOW)).astype(np.uint8), rng.integers(0, 2, N)
    onehot = one_hot(torch.from_numpy(codes)).transpose(1, 2).contiguous().numpy()  # (n, length, 4), as the code has it
    rows = Rows(torch.from_numpy(codes), torch.from_numpy(targets), np.arange(N))
    ours, theirs = build("wtko_cnn", WINDOW, seed=0), PlainTable3()
    optimizers = [torch.optim.Adam(m.parameters(), lr=1e-3) for m in (ours, theirs)]
    randomness, data = Randomness(0, CPU), PerItem(onehot, targets)
    times: tuple[list[float], list[float]] = ([], [])
    for repeat in range(REPEATS + 1):
        took = (_our_epoch(ours, optimizers[0], rows, randomness), _paper_epoch(theirs, optimizers[1], data))
        if repeat:  # the first round warms both up
            times[0].append(took[0])
            times[1].append(took[1])
    a, b = (statistics.median(t) for t in times)
    threads = torch.get_num_threads()
    return [
        {
            "name": f"WTKO-CNN epoch, 1,024 × 600 bp, CPU, {threads} thread(s), against the paper's 16 × 4 per item",
            "ours": a,
            "theirs": b,
            "unit": "s",
            "ratio": b / a,
            "bar": ">= 1.5x",
            "met": b / a >= 1.5,
        }
    ]


BENCHMARKS = [epoch_vs_paper]
