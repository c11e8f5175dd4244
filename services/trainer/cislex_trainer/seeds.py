"""Everything random in a training run, from one seed: initial weights, order of sequences, strands, dropout."""

from __future__ import annotations

import torch
from torch import Tensor


class Randomness:
    """Two streams. ``data`` (a generator of its own, on the CPU) draws the order and the strands; torch's global
    generators draw the dropout masks. ``state`` and ``restore`` carry both over a kill, bit for bit.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.data = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)  # CPU and every GPU

    def order(self, n: int) -> Tensor:
        """A random permutation of range(n)."""
        return torch.randperm(n, generator=self.data)

    def strands(self, n: int) -> Tensor:
        """(n,) booleans: True = take the reverse complement."""
        return torch.rand(n, generator=self.data) < 0.5

    def state(self) -> dict[str, Tensor]:
        """All generator states as byte tensors."""
        state = {"rng.data": self.data.get_state(), "rng.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            state["rng.cuda"] = torch.cuda.get_rng_state(self.device)
        return state

    def restore(self, state: dict[str, Tensor]) -> None:
        """Set the generators to what ``state`` gave."""
        self.data.set_state(state["rng.data"])
        torch.set_rng_state(state["rng.cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["rng.cuda"], self.device)
