"""Layers that look at the whole batch, when a batch is divided among ranks: batch normalisation and dropout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from cislex_models.dropout import Dropout
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from cislex_trainer.ranks import Gang, Ranks


@contextmanager
def synchronised(model: nn.Module, ranks: Ranks) -> Iterator[None]:
    """Let the batch norms and dropouts of ``model`` see the whole batch; for one process nothing changes."""
    if not isinstance(ranks, Gang):
        yield
        return
    patched = []
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.__dict__["forward"] = partial(_normalise, module, ranks)
        elif isinstance(module, Dropout):
            module.__dict__["forward"] = partial(_drop, module, ranks)
        else:
            continue
        patched.append(module)
    try:
        yield
    finally:
        for module in patched:
            del module.__dict__["forward"]


def _drop(module: Dropout, gang: Gang, x: Tensor) -> Tensor:
    """This rank's slice of the mask that one process would draw for the whole batch."""
    if not module.training or gang.whole_here or module.p == 0:
        return Dropout.forward(module, x)
    whole = torch.empty_strided((gang.batch, *x.shape[1:]), _strides(x, gang.batch), dtype=x.dtype, device=x.device)
    return x * module.mask(whole)[gang.part(gang.batch)]


def _strides(x: Tensor, n: int) -> tuple[int, ...]:
    """Strides of a dense tensor with the layout of ``x`` and ``n`` rows; rows need not be the outermost dimension."""
    shape = (n, *x.shape[1:])
    # from the innermost outwards; where strides tie, a dimension of one element is the innermost
    order = sorted(range(x.dim()), key=lambda d: (x.stride(d), x.shape[d] > 1, -d))
    strides, size = [0] * x.dim(), 1
    for dimension in order:
        strides[dimension] = size
        size *= max(shape[dimension], 1)
    return tuple(strides)


def _normalise(module: _BatchNorm, gang: Gang, x: Tensor) -> Tensor:
    """Batch normalisation over the sequences of all ranks."""
    if not module.training or gang.whole_here:
        return type(module).forward(module, x)
    assert module.running_mean is not None, "it keeps running statistics"
    assert module.running_var is not None, "it keeps running statistics"
    assert module.momentum is not None, "its running statistics are a moving mean"
    total = gang.batch * x[0].numel() // x.shape[1]
    y, mean, variance = _Normalise.apply(x, module.weight, module.bias, module.running_mean.clone(), module.eps, total)
    with torch.no_grad():
        module.running_mean.lerp_(mean.to(module.running_mean.dtype), module.momentum)
        unbiased = variance * (total / (total - 1))
        module.running_var.lerp_(unbiased.to(module.running_var.dtype), module.momentum)
        if module.num_batches_tracked is not None:
            module.num_batches_tracked += 1
    return y


class _Normalise(torch.autograd.Function):
    """x (n, channels, …) → normalised x, and mean and variance (channels,) float64 of all ranks' x.

    The sums are those of x − ``shift`` in float64, so that a mean far from zero costs no digits.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, shift: Tensor, eps: float, total: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        dims = [d for d in range(x.dim()) if d != 1]
        h = x.float() - _along(shift, x)
        sums = torch.stack([h.sum(dims, dtype=torch.float64), h.square().sum(dims, dtype=torch.float64)])
        dist.all_reduce(sums)
        mean, square = sums / total
        variance = (square - mean.square()).clamp(min=0)
        inverse = (variance + eps).rsqrt().float()
        h = (h - _along(mean.float(), x)) * _along(inverse, x)
        ctx.save_for_backward(h, weight, inverse)
        ctx.total = total
        y = (h * _along(weight, x) + _along(bias, x)).to(x.dtype)
        mean = mean + shift
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        h, weight, inverse = ctx.saved_tensors
        dy = gradients[0].float()
        dims = [d for d in range(h.dim()) if d != 1]
        own = torch.stack([dy.sum(dims, dtype=torch.float64), (dy * h).sum(dims, dtype=torch.float64)])
        # of bias and weight: this rank's share, which is summed with all other gradients before the step
        d_bias, d_weight = own.float()
        summed = own.clone()
        dist.all_reduce(summed)
        mean_dy, mean_dy_h = (summed / ctx.total).float()
        dx = (dy - _along(mean_dy, h) - h * _along(mean_dy_h, h)) * _along(weight * inverse, h)
        return dx.to(gradients[0].dtype), d_weight, d_bias, None, None, None


def _along(values: Tensor, x: Tensor) -> Tensor:
    """(channels,) shaped so that it meets axis 1 of x."""
    return values.view(1, -1, *[1] * (x.dim() - 2))
