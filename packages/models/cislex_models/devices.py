"""The device policy: a request says auto, cpu or cuda; the answer names the device and why it was taken."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from cislex_core.errors import Reason, UserError

REQUESTS = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class DeviceChoice:
    """``device`` is ``cpu`` or ``cuda``; ``reason`` is one line for people."""

    device: str
    reason: str


def choose_device(requested: str = "auto") -> DeviceChoice:
    """Choose where to compute. ``cuda`` asked for and not there raises DEVICE_UNAVAILABLE: never a silent CPU run."""
    if requested not in REQUESTS:
        raise UserError(
            Reason.INVALID_REQUEST, f"device {requested!r} is none of {', '.join(REQUESTS)}", field="device"
        )
    if requested == "cpu":
        return DeviceChoice("cpu", "cpu was asked for")
    available = torch.cuda.is_available()
    if requested == "cuda" and not available:
        raise UserError(
            Reason.DEVICE_UNAVAILABLE,
            f"device cuda was asked for, but {_why_no_gpu()}; ask for device auto or cpu, or run where a GPU is",
            field="device",
            requested=requested,
        )
    if available:
        asked = "cuda was asked for" if requested == "cuda" else "auto: a GPU is there"
        return DeviceChoice("cuda", f"{asked} ({torch.cuda.get_device_name()})")
    return DeviceChoice("cpu", f"auto: {_why_no_gpu()}")


def _why_no_gpu() -> str:
    if torch.version.cuda is None and getattr(torch.version, "hip", None) is None:
        return "this torch was built without GPU support"
    return "torch finds no GPU"
