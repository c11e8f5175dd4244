"""Which device and number format a task uses, and why. Asked for CUDA and not got is a failure, never a CPU run."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from cislex_core.errors import Reason, UserError
from cislex_models.devices import choose_device


@dataclass(frozen=True)
class Place:
    """A chosen device with its number format. ``reason`` is a sentence for people; ``amp`` is off, bf16 or fp16."""

    device: torch.device
    amp: str
    reason: str

    @property
    def name(self) -> str:
        """``cpu``, or the device with its product name such as ``cuda:0 NVIDIA H200``."""
        if self.device.type == "cuda":
            return f"{self.device} {torch.cuda.get_device_name(self.device)}"
        return "cpu"

    @property
    def dtype(self) -> str:
        """The number format of the heavy products: float32, bfloat16 or float16."""
        return {"off": "float32", "bf16": "bfloat16", "fp16": "float16"}[self.amp]

    def autocast(self) -> AbstractContextManager[object]:
        """The context for a forward pass."""
        if self.amp == "off":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.dtype))

    def scaler(self) -> torch.amp.GradScaler:
        """Loss scaling, which only fp16 needs; otherwise it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.amp == "fp16")

    def peak_memory_bytes(self) -> int:
        """Highest memory torch held on the GPU; on a CPU the highest resident memory of any one process of the task."""
        if self.device.type == "cuda":
            return int(torch.cuda.max_memory_allocated(self.device))
        import resource

        who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        return max(resource.getrusage(one).ru_maxrss for one in who) * 1024


def choose(requested: str, amp: str = "off", *, paper: bool = False) -> Place:
    """The device policy: ``auto`` takes a GPU when there is one and says so; ``cuda`` without a GPU is an error.

    ``amp`` "auto" is off on a CPU; on a GPU fp16 under the paper protocol, else bf16 where the GPU has it.
    Raises DEVICE_UNAVAILABLE, and INVALID_REQUEST for fp16 on a CPU.
    """
    chosen = choose_device(requested)
    device = torch.device("cpu") if chosen.device == "cpu" else torch.device("cuda", torch.cuda.current_device())
    return Place(device, _amp(amp, device, paper), chosen.reason)


def _amp(amp: str, device: torch.device, paper: bool) -> str:
    if device.type == "cpu":
        if amp == "fp16":
            raise UserError(
                Reason.INVALID_REQUEST, "amp fp16 needs a GPU; on a CPU use amp off or bf16", field="amp", amp=amp
            )
        return "off" if amp == "auto" else amp
    if amp != "auto":
        return amp
    return "bf16" if torch.cuda.is_bf16_supported() and not paper else "fp16"
