"""A gang: N ranks of one function that work on one attempt together, as processes here or Ray actors on many nodes.

A rank finds itself as under torchrun, by RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR and
MASTER_PORT, so that torchrun can start the same function too::

    torchrun --nproc-per-node 2 -m cislex_runtime.working.gang module:function payload.json

The gang lives and dies as one: when a rank is lost the others are stopped and WORKER_LOST is raised; the next attempt
goes on from what rank 0 had published. Progress and cancellation pass through the process that called ``run_ranks``.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cislex_core.settings import Settings

from cislex_runtime.working.children import Children, Line, blas_environment, load

OnReport = Callable[[Any], None]


def _nobody(_: Any) -> None:
    return


@dataclass(frozen=True)
class Rank:
    """One of ``count`` ranks. ``folders`` are the caller's folders as this rank sees them: the same ones on the
    caller's machine, copies elsewhere. Only rank 0 may write into them, and says so with ``publish``.
    """

    index: int
    count: int
    local_index: int = 0
    local_count: int = 1
    folders: Mapping[str, Path] = field(default_factory=dict)
    _report: OnReport = _nobody
    _publish: Callable[[str, str], None] | None = None

    def report(self, value: Any) -> None:
        """Tell the caller something; heard from rank 0 alone."""
        if self.index == 0:
            self._report(value)

    def publish(self, folder: str, name: str) -> None:
        """Bring a file that rank 0 wrote, whole, to the caller's folder."""
        if self.index == 0 and self._publish is not None:
            self._publish(folder, name)


def run_ranks(
    function: str,
    count: int,
    payload: dict[str, Any],
    folders: Mapping[str, Path],
    check_cancel: Callable[[], None],
    on_report: OnReport = _nobody,
    gpus: int = 0,
) -> Any:
    """Run ``function(rank, payload)`` (``module:name``) as ``count`` ranks; answers what rank 0 answered.

    ``payload`` is JSON. ``gpus``: those this process sees, 0 = a CPU gang. Ranks are spread over nodes when
    ``spread`` says so (settings), or, inside a Ray job, when there are more of them than this machine has GPUs (or
    cores). Raises what a rank raises, what ``check_cancel`` raises, and WORKER_LOST.
    """
    if spreads(count, gpus or _cores()):
        from cislex_runtime.working.gang_ray import run_on_nodes

        return run_on_nodes(function, count, payload, folders, check_cancel, on_report, bool(gpus))
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port("127.0.0.1"))}
    answer: Any = None
    with Children() as ranks:
        for index in range(count):
            rank = Rank(index, count, index, count, folders)
            ranks.start(
                index, f"rank {index} of {count}", f"{__name__}:run_rank", function, payload, rank,
                environment=rank_environment(rank, address, one_thread=not gpus),
            )  # fmt: skip
        while len(ranks):
            for news in ranks.news():
                if not news.done:
                    on_report(news.value)
                elif news.key == 0:
                    answer = news.value
            check_cancel()
    return answer


def spreads(count: int, places_here: int) -> bool:
    """Whether ``count`` processes of this attempt run on several nodes."""
    spread = Settings.from_env().spread
    return spread == "ray" or (spread == "auto" and in_ray_job() and count > places_here)


def in_ray_job() -> bool:
    """True in the driver of a Ray job."""
    return "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ


def rank_environment(rank: Rank, address: Mapping[str, str], one_thread: bool) -> dict[str, str]:
    """What torchrun would set, and one thread on a CPU: the number of threads decides the order of sums."""
    values = {
        "RANK": rank.index, "WORLD_SIZE": rank.count, "LOCAL_RANK": rank.local_index,
        "LOCAL_WORLD_SIZE": rank.local_count,
    }  # fmt: skip
    environment = {name: str(value) for name, value in values.items()} | dict(address)
    if address["MASTER_ADDR"] == "127.0.0.1" and sys.platform == "linux" and "GLOO_SOCKET_IFNAME" not in os.environ:
        environment["GLOO_SOCKET_IFNAME"] = "lo"  # else gloo looks the host's name up, which containers may not have
    return environment | (blas_environment(1) if one_thread else {})


def free_port(host: str) -> int:
    """A port that is free now. Should another program take it first, the gang fails and the next attempt finds one."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def run_rank(line: Line, function: str, payload: dict[str, Any], rank: Rank) -> Any:
    """The process of one local rank."""
    here = Rank(rank.index, rank.count, rank.local_index, rank.local_count, rank.folders, line.report)
    return load(function)(here, payload)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main(arguments: list[str]) -> None:
    """A rank that torchrun started: ``module:function payload.json [name=folder …]``; rank 0 prints reports as JSON."""
    function, path, *folders = arguments
    index, count, local_index, local_count = (
        int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    )
    named = {name: Path(folder) for name, _, folder in (text.partition("=") for text in folders)}
    rank = Rank(index, count, local_index, local_count, named, lambda value: print(json.dumps(value), flush=True))
    load(function)(rank, json.loads(Path(path).read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
