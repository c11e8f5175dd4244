"""One batch of every architecture: its gradients, running statistics and loss, by one process or by a gang."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from cislex_models.onehot import one_hot
from cislex_models.registry import ARCHITECTURES, build
from cislex_runtime.working.gang import Rank
from cislex_trainer.losses import Objective
from cislex_trainer.ranks import ALONE, Ranks, joined
from cislex_trainer.seeds import Randomness
from cislex_trainer.synchronised import synchronised

WINDOW_BP = 200
OPTIONS: dict[str, dict[str, Any]] = {
    "wtko_cnn": {"batch_norm": True}, "explainn": {"units": 10}, "danq": {"dropout_lstm": 0.5},
}  # fmt: skip
NAMES = [name for name in ARCHITECTURES if name != "unit_transfer"]


def one_batch(name: str, n: int, ranks: Ranks) -> dict[str, torch.Tensor]:
    """What a batch of ``n`` sequences leaves: gradients, buffers, the next random number, and the unused parameters."""
    randomness = Randomness(7, torch.device("cpu"))
    model = build(name, WINDOW_BP, OPTIONS.get(name, {}), 2, seed=7).train()
    codes = torch.randint(0, 5, (n, WINDOW_BP), generator=randomness.data, dtype=torch.uint8)
    targets = torch.randint(0, 2, (n,), generator=randomness.data)
    objective, part = Objective(weights=torch.tensor([0.5, 2.0])), ranks.part(n)
    with synchronised(model, ranks):
        if ranks.begin_batch(n):
            loss = objective.total(model(one_hot(codes[part])), targets[part]) / objective.weight(targets)
            loss.backward()
        unused = sum(parameter.grad is None for parameter in model.parameters())
        ranks.end_batch(model)
    ranks.sum_gradients(model.parameters())
    found = {f"gradient.{key}": value.grad for key, value in model.named_parameters() if value.grad is not None}
    found |= {f"buffer.{key}": value.clone() for key, value in model.named_buffers()}
    return found | {"next": torch.rand(1), "unused": torch.tensor(unused)}


def every_batch(rank: Rank, payload: dict[str, Any]) -> None:
    """Each rank writes what it ends with: all must be alike."""
    torch.set_num_threads(1)
    with joined(torch.device("cpu"), False) as gang:
        found = {f"{name}/{n}": one_batch(name, n, gang) for name in NAMES for n in payload["sizes"]}
    torch.save(found, Path(payload["folder"]) / f"{rank.index}.pt")


def alone(sizes: list[int]) -> dict[str, dict[str, torch.Tensor]]:
    """The same by one process."""
    return {f"{name}/{n}": one_batch(name, n, ALONE) for name in NAMES for n in sizes}
