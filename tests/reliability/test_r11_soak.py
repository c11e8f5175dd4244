"""R11: half an hour at five operations a second: memory and descriptors of the server stay flat."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cislex_runtime.calling.client import metadata_of, state_name

MINUTES = float(os.environ.get("CISLEX_SOAK_MINUTES", "30"))
PER_S = 5
WARM_UP_S = 300 if MINUTES >= 20 else 30
MOST_GROWTH_PER_10_MIN = 0.02

pytestmark = [pytest.mark.reliability, pytest.mark.timeout(int(MINUTES * 60) + 600)]


def rss_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def slope(points: list[tuple[float, float]]) -> float:
    """Least-squares growth per second."""
    n = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def test_soak(make_server: Callable[..., Any], record: Callable[..., None]) -> None:
    with make_server() as server, ThreadPoolExecutor(32) as pool:

        def one() -> bool:
            name = server.submit(n=2, label=uuid.uuid4().hex).name
            return state_name(metadata_of(server.connection.wait(name))) == "SUCCEEDED"

        pid = server.process.pid
        began = time.monotonic()
        futures, memory, files = [], [], []
        while (now := time.monotonic() - began) < MINUTES * 60:
            if len(futures) < now * PER_S:
                futures.append(pool.submit(one))
            else:
                time.sleep(0.02)
            if now >= WARM_UP_S and (not memory or now - memory[-1][0] >= 5):
                memory.append((now, float(rss_bytes(pid))))
                files.append((now, float(descriptors(pid))))
        assert all(future.result(timeout=120) for future in futures)
    level = sum(value for _, value in memory) / len(memory)
    growth = slope(memory) * 600 / level
    most_files, first_files = max(value for _, value in files), files[0][1]
    record(minutes=MINUTES, operations=len(futures), rss_mb_first=memory[0][1] / 1e6, rss_mb_last=memory[-1][1] / 1e6,
           rss_growth_percent_per_10_min=100 * growth, descriptors_first=first_files,
           descriptors_most=most_files, descriptors_last=files[-1][1])  # fmt: skip
    assert growth < MOST_GROWTH_PER_10_MIN
    assert abs(slope(files)) * 600 < 2, "descriptors are not flat"
