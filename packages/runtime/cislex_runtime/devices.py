"""Which GPUs are there, found without torch: the API process never loads it."""

from __future__ import annotations

import os
import shutil
import subprocess


def cuda_is_impossible() -> bool:
    """True when no task on this machine can have CUDA: no GPU is listed and no driver's device is there either.

    A container may lack nvidia-smi and still have the GPU, so its absence alone proves nothing.
    """
    if gpu_ids():
        return False
    if os.environ.get("CUDA_VISIBLE_DEVICES") is not None:
        return True
    return not any(os.path.exists(place) for place in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg"))


def gpu_ids() -> list[str]:
    """Identifiers for CUDA_VISIBLE_DEVICES, one per usable NVIDIA GPU; honours the variable when it is set."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [item.strip() for item in visible.split(",") if item.strip() and item.strip() != "-1"]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        answer = subprocess.run(
            [program, "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip().isdigit()]
