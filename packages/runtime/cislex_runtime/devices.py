"""Which GPUs and CPUs are there, found without torch: the API process never loads it; and what workers are told."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


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


def usable_cpus() -> int:
    """CPUs that this process may use: its affinity, and the limit of its container (cgroup v2), rounded up."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cpus = min(cpus, math.ceil(int(quota) / int(period)))  # "max": no limit
    return max(1, cpus)


def worker_environment(environ: Mapping[str, str], threads: int, cache: Path) -> dict[str, str]:
    """Variables that a process running tasks needs before it loads numerical libraries; what is set stays."""
    wanted = {
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "NUMBA_NUM_THREADS": str(threads),
        "NUMBA_CACHE_DIR": str(cache / "numba"),
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        # cuBLAS is deterministic only with a fixed workspace.
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
    return {name: environ.get(name, value) for name, value in wanted.items()}
