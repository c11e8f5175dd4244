"""ExplaiNN's training step against its form with grouped convolutions, the layout of its authors' code."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from cislex_models.import_explainn import convert
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

BATCH, WINDOW, OUTPUTS, KERNEL, POOL, HIDDEN = 100, 200, 50, 19, 7, 100
ROUNDS = 7
GPU_SEQUENCES = 100_000


class _Lambda(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


class Grouped(nn.Module):
    """The paper's unit (two fully connected layers), all units as groups of convolutions over the repeated sequence."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units
        pooled = (WINDOW - KERNEL + 1 - POOL) // POOL + 1
        self.linears = nn.Sequential(
            nn.Conv1d(4 * units, units, KERNEL, groups=units),
            nn.BatchNorm1d(units),
            _Lambda(torch.exp),
            nn.MaxPool1d(POOL),
            nn.Flatten(),
            _Lambda(lambda x: x.unsqueeze(-1)),
            nn.Conv1d(pooled * units, HIDDEN * units, 1, groups=units),
            nn.BatchNorm1d(HIDDEN * units),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Conv1d(HIDDEN * units, units, 1, groups=units),
            nn.BatchNorm1d(units),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.final = nn.Linear(units, OUTPUTS)

    def forward(self, x: Tensor) -> Tensor:
        return self.final(self.linears(x.repeat(1, self.units, 1)))


def _data(device: str) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = one_hot(torch.randint(0, 4, (BATCH, WINDOW), generator=generator), 4).transpose(1, 2).float().contiguous()
    return x.to(device), (torch.rand(BATCH, OUTPUTS, generator=generator) < 0.1).float().to(device)


def _stepper(model: nn.Module, x: Tensor, y: Tensor) -> Callable[[], float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()

    def step() -> float:
        started = time.perf_counter()
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(model(x), y).backward()
        optimizer.step()
        if x.is_cuda:
            torch.cuda.synchronize()
        return time.perf_counter() - started

    return step


def _both_forms(units: int, device: str) -> tuple[float, float]:
    """Median seconds of a step, ours and grouped, taking turns; both start from the same weights."""
    torch.manual_seed(0)
    grouped = Grouped(units)
    ours = convert(grouped.state_dict(), WINDOW)
    x, y = _data(device)
    with torch.no_grad():
        difference = (ours.to(device)(x) - grouped.eval().to(device)(x)).abs().max()
    assert float(difference) < 1e-3, "the two forms do not compute the same"  # TF32 on a GPU; the tests have 1e-5
    steps = _stepper(ours, x, y), _stepper(grouped, x, y)
    times: tuple[list[float], list[float]] = ([], [])
    for repeat in range(ROUNDS + 2):
        for taken, step in zip(times, steps, strict=True):
            seconds = step()
            if repeat >= 2:  # the first rounds warm both up
                taken.append(seconds)
    return statistics.median(times[0]), statistics.median(times[1])


def explainn_step() -> list[dict[str, Any]]:
    """One training step (forward, backward, Adam) on the CPU: one thread, as a seed is trained, and all cores."""
    rows = []
    before = torch.get_num_threads()
    try:
        for threads in sorted({1, os.cpu_count() or 1}):
            torch.set_num_threads(threads)
            for units in (100, 300):
                ours, theirs = _both_forms(units, "cpu")
                rows.append(
                    {
                        "name": f"ExplaiNN training step, {units} units, {BATCH} × {WINDOW} bp × {OUTPUTS} outputs, "
                        f"CPU, {threads} thread(s), against grouped convolutions",
                        "ours": ours * 1e3,
                        "theirs": theirs * 1e3,
                        "unit": "ms",
                        "ratio": theirs / ours,
                        "bar": ">= 4x",
                        "met": theirs / ours >= 4,
                    }
                )
    finally:
        torch.set_num_threads(before)
    return rows


def explainn_on_a_gpu() -> list[dict[str, Any]]:
    """An epoch of 300 units over 100,000 sequences on a GPU, from the time of a step. No GPU: no row."""
    if not torch.cuda.is_available():
        return []
    ours, theirs = _both_forms(300, "cuda")
    steps = GPU_SEQUENCES // BATCH
    return [
        {
            "name": f"ExplaiNN epoch, 300 units, {GPU_SEQUENCES:,} × {WINDOW} bp, {torch.cuda.get_device_name()}, from "
            f"{ROUNDS} steps of {BATCH}, against grouped convolutions",
            "ours": ours * steps,
            "theirs": theirs * steps,
            "unit": "s",
            "ratio": theirs / ours,
            "bar": None,
            "met": None,
        }
    ]


BENCHMARKS = [explainn_step, explainn_on_a_gpu]
