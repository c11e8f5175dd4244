"""Which GPUs are there, found without torch: the API process never loads it."""

from __future__ import annotations

import os
import shutil
import subprocess


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
