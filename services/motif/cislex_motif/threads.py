"""Work on all cores with one BLAS thread each.

Our own threads already fill the cores. BLAS threads on top of them wait for one another by spinning: on a busy machine
that is tens of times slower than none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cislex_core.settings import Settings

Item = TypeVar("Item")
MOST_THREADS = 8


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_beside() -> int:
    """Threads of one shard where CISLEX_FAN_OUT of them run side by side on these cores."""
    return max(1, min(cores() // Settings.from_env().fan_out, MOST_THREADS))


def for_each(
    function: Callable[[Item], None],
    items: Sequence[Item],
    on_batch: Callable[[int], None] | None = None,
    threads: int | None = None,
) -> None:
    """Call ``function`` with every item, on ``threads`` (default: this process's cores, at most MOST_THREADS).

    ``on_batch(done)`` is called first and after every four items a thread; what it raises ends the work.
    """
    from threadpoolctl import threadpool_limits

    workers = threads or min(cores(), MOST_THREADS)
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(max_workers=workers) as pool:
        if on_batch is not None:
            on_batch(0)
        # Leaving the loop by an exception closes ``map``, which cancels what has not begun.
        for done, _ in enumerate(pool.map(function, items), start=1):
            if on_batch is not None and done % (4 * workers) == 0:
                on_batch(done)
