"""How much memory a process may still take: what the machine has free, or what its control group leaves, if less."""

from __future__ import annotations

from pathlib import Path

_GROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available_bytes(default: int = 4 * 2**30) -> int:
    """Bytes a process may take without swapping; ``default`` where the system does not say (no /proc)."""
    free = _machine_free()
    for limit, used in _GROUPS:
        left = _group_free(limit, used)
        if left is not None:
            free = left if free is None else min(free, left)
    return default if free is None else max(free, 0)


def readable(n_bytes: float) -> str:
    """``1.5 GiB``, ``300 MiB``: for messages."""
    return f"{n_bytes / 2**30:.1f} GiB" if n_bytes >= 2**30 else f"{max(1, round(n_bytes / 2**20))} MiB"


def _machine_free() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return None


def _group_free(limit: Path, used: Path) -> int | None:
    """What a control group leaves; None where there is none, or no limit ("max", or a number beyond any machine)."""
    try:
        most = int(limit.read_text())
        return most - int(used.read_text()) if most < 2**60 else None
    except (OSError, ValueError):
        return None
