"""Training one network by several processes as if by one: who takes which sequences, and what is summed over all.

Every rank draws the same batches and takes its slice of each. The loss of a slice is divided by the weight of the
whole batch, so the sum of the ranks' gradients is the gradient of one process; dropout masks are drawn for the whole
batch and sliced, batch normalisation takes its statistics over all ranks (``synchronised``). What differs is the order
in which float32 numbers are added (docs/methods.md has the measured difference).

The gradients are summed in one flat tensor of fixed order. torch's DistributedDataParallel is not used: it sorts its
buckets anew after its first step, so that a resumed run would add in another order than one that went through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from cislex_core.errors import Reason, RetryableError, first_line
from torch import Tensor, nn

#: A rank that waits so long for the others gives up. A lost rank is noticed at once by who started the gang.
TIMEOUT = timedelta(minutes=30)


class Ranks:
    """One process alone: every batch is its own and nothing has to be summed."""

    index = 0
    count = 1

    @property
    def first(self) -> bool:
        """True for the rank that writes checkpoints and reports."""
        return self.index == 0

    def part(self, n: int) -> slice:
        """This rank's slice of a batch of ``n`` sequences."""
        return slice(0, n)

    def begin_batch(self, n: int) -> bool:
        """Announce a batch of ``n`` sequences; False when this rank takes none of it."""
        return True

    def end_batch(self, model: nn.Module) -> None:
        """After the backward pass of a batch."""

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every rank the sum of all ranks' gradients, before a step."""

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all ranks, in place."""
        return tensor


ALONE = Ranks()


class Gang(Ranks):
    """One of the processes of a torch.distributed group, which must be open."""

    def __init__(self, device: torch.device) -> None:
        self.index = dist.get_rank()
        self.count = dist.get_world_size()
        self.device = device
        self.batch = 0
        self.whole_here = True
        """True outside of batches, and for a batch too small to be divided, which rank 0 takes alone."""

    def part(self, n: int) -> slice:
        """A contiguous near-equal share; all of a batch of fewer sequences than ranks goes to rank 0."""
        if n < self.count:
            return slice(0, n if self.first else 0)
        return slice(n * self.index // self.count, n * (self.index + 1) // self.count)

    def begin_batch(self, n: int) -> bool:
        """See the base."""
        self.batch = n
        self.whole_here = n < self.count
        return self.first or not self.whole_here

    def end_batch(self, model: nn.Module) -> None:
        """After a batch that rank 0 took alone the others take over what it changed: statistics, and generators."""
        if self.whole_here:
            for buffer in model.buffers():
                self._follow(buffer)
            torch.set_rng_state(self._follow(torch.get_rng_state()))
            if self.device.type == "cuda":
                torch.cuda.set_rng_state(self._follow(torch.cuda.get_rng_state(self.device)), self.device)
        self.whole_here = True

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """See the base. A parameter without a gradient counts as zeros."""
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        for parameter in trained:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in trained if parameter.grad is not None]
        flat = self.sum(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, summed in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(summed.view_as(gradient))

    def sum(self, tensor: Tensor) -> Tensor:
        """See the base."""
        dist.all_reduce(tensor)
        return tensor

    def _follow(self, tensor: Tensor) -> Tensor:
        """Rank 0's values of a tensor of any number format."""
        there = tensor.contiguous().to(self.device)
        dist.broadcast(there, src=0)
        tensor.copy_(there)
        return tensor


@contextmanager
def joined(device: torch.device, own_gpu: bool) -> Iterator[Gang]:
    """Join the group that RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT name: nccl where each rank has a GPU of its
    own, else gloo. Raises UNAVAILABLE when the ranks do not find each other, WORKER_LOST when one of them goes away.
    """
    backend = "nccl" if device.type == "cuda" and own_gpu else "gloo"
    try:
        dist.init_process_group(backend, init_method="env://", timeout=TIMEOUT)
    except (dist.DistError, RuntimeError, ValueError) as error:
        raise RetryableError(
            Reason.UNAVAILABLE, f"the processes of one training could not find each other ({backend}): {error}"
        ) from None
    try:
        yield Gang(device)
    except RuntimeError as error:
        if not (isinstance(error, dist.DistError) or "gloo" in str(error)):
            raise
        lost = f"the processes of one training lost each other: {first_line(error)}"
        raise RetryableError(Reason.WORKER_LOST, lost) from None
    finally:
        dist.destroy_process_group()
