"""What a batch of attributions takes, estimated before it starts: one sequence's saved activations, times what the
method keeps of them.

The estimate comes from a backward pass through one sequence: torch is asked what it saves for it. It is an upper bound
within a factor of two; a device that runs out after all halves the batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from cislex_core.errors import Reason, UserError
from cislex_core.memory import available_bytes, readable
from torch import Tensor, nn

#: How often a method holds a sequence's activations: the gradient's own copy beside them; DeepLIFT passes sequence and
#: reference, and keeps input and output of each non-linearity beside what autograd keeps; mutagenesis keeps nothing.
_FACTOR = {"saliency": 2.0, "input_x_gradient": 2.0, "integrated_gradients": 2.0, "deeplift_shap": 8.0, "ism": 1.0}
_DEFAULT_BATCH = {"cpu": 32, "cuda": 512}


@dataclass(frozen=True)
class BatchPlan:
    """``size`` sequences at once take about ``estimated_bytes`` of the ``limit_bytes`` they may."""

    size: int
    estimated_bytes: int
    limit_bytes: int

    def text(self, method: str) -> str:
        """For people."""
        return (
            f"{method}: batches of {self.size} sequences, about {readable(self.estimated_bytes)} of the "
            f"{readable(self.limit_bytes)} they may take"
        )


def bytes_per_sequence(model: nn.Module, window_bp: int, device: torch.device) -> int:
    """Bytes that a backward pass saves for one one-hot sequence of this width."""
    own = {parameter.data_ptr() for parameter in model.parameters()}
    seen: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if tensor.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    x = torch.full((2, 4, window_bp), 0.25, device=device, requires_grad=True)
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = model(x)
    return (sum(seen.values()) + output.nbytes) // 2 + 4 * 4 * window_bp


def plan_batches(
    model: nn.Module,
    method: str,
    window_bp: int,
    device: torch.device,
    requested: int | None,
    limit_bytes: int | None,
) -> BatchPlan:
    """The batch: as requested, else what suits the device (32 keeps a CPU's caches warm, a GPU wants 512) and fits.

    Raises OUT_OF_MEMORY where the limit does not hold one sequence.
    """
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else available_bytes()
    limit = limit_bytes or free // 2
    each = max(1, round(bytes_per_sequence(model, window_bp, device) * _FACTOR[method]))
    if each > limit:
        raise UserError(
            Reason.OUT_OF_MEMORY,
            f"{method} of one sequence of {window_bp} bp takes about {readable(each)}, and {readable(limit)} are "
            "allowed; raise memory_limit_bytes, or run where more memory is free",
            field="memory_limit_bytes",
            needed_bytes=each,
            limit_bytes=limit,
        )
    size = requested or min(_DEFAULT_BATCH.get(device.type, 32), limit // each)
    return BatchPlan(int(size), int(size * each), int(limit))
