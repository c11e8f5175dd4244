"""A gang whose ranks are Ray actors, spread over the cluster's nodes. Loaded only when a gang is spread.

The caller's folders travel as bytes: ranks on other machines get a copy when they start, and what rank 0 publishes
comes back, so that a checkpoint lies where the next attempt looks for it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import ray
from cislex_core.errors import Reason, RetryableError, first_line
from ray.exceptions import RayActorError, RayTaskError
from ray.util.placement_group import placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from cislex_runtime.working.children import POLL_S, load
from cislex_runtime.working.gang import OnReport, Rank, free_port, rank_environment

Packed = dict[str, dict[str, bytes]]


class Seat:
    """The actor of one rank: ``run`` in one thread, ``drain`` in another."""

    def __init__(self) -> None:
        self._news: SimpleQueue[tuple[str, Any]] = SimpleQueue()

    def address(self) -> dict[str, str]:
        """Where rank 0 can be found by the others."""
        host = ray.util.get_node_ip_address()
        return {"MASTER_ADDR": host, "MASTER_PORT": str(free_port(host))}

    def run(self, function: str, payload: dict[str, Any], index: int, count: int, packed: Packed,
            address: dict[str, str], one_thread: bool) -> Any:  # fmt: skip
        """The rank itself, with copies of the caller's folders."""
        with tempfile.TemporaryDirectory(prefix="cislex-rank-") as home:
            folders = unpack(packed, Path(home))
            # an actor sees its own GPU alone, so each is the first of its place
            rank = Rank(
                index, count, 0, 1, folders, lambda value: self._news.put(("report", value)),
                partial(self._publish, folders),
            )  # fmt: skip
            os.environ.update(rank_environment(rank, address, one_thread))
            return load(function)(rank, payload)

    def drain(self) -> list[tuple[str, Any]]:
        """What came since the last call: reports, and published files as (folder, name, bytes)."""
        return [self._news.get() for _ in range(self._news.qsize())]

    def _publish(self, folders: Mapping[str, Path], folder: str, name: str) -> None:
        self._news.put(("file", (folder, name, (folders[folder] / name).read_bytes())))


def run_on_nodes(
    function: str,
    count: int,
    payload: dict[str, Any],
    folders: Mapping[str, Path],
    check_cancel: Callable[[], None],
    on_report: OnReport,
    gpu: bool,
) -> Any:
    """See ``gang.run_ranks``: one actor of one core (and one GPU) for each rank, spread over the nodes."""
    connect()
    needs = {"CPU": 1.0, **({"GPU": 1.0} if gpu else {})}
    group = placement_group([needs] * count, strategy="SPREAD")
    seats: list[Any] = []
    try:
        _await(group.ready(), check_cancel)
        actor = ray.remote(Seat)
        seats = [
            actor.options(
                num_cpus=1,
                num_gpus=1 if gpu else 0,
                max_concurrency=2,
                max_restarts=0,
                scheduling_strategy=PlacementGroupSchedulingStrategy(group, placement_group_bundle_index=index),
            ).remote()
            for index in range(count)
        ]
        address = ray.get(seats[0].address.remote())
        packed = ray.put(pack(folders))
        running = [
            seat.run.remote(function, payload, index, count, packed, address, not gpu)
            for index, seat in enumerate(seats)
        ]
        left = list(running)
        while left:
            finished, left = ray.wait(left, num_returns=len(left), timeout=POLL_S)
            _hear(ray.get(seats[0].drain.remote()), folders, on_report)
            for one in finished:
                ray.get(one)
            check_cancel()
        _hear(ray.get(seats[0].drain.remote()), folders, on_report)
        return ray.get(running[0])
    except RayTaskError as error:
        raise error.cause from None
    except RayActorError as error:
        raise RetryableError(
            Reason.WORKER_LOST, f"a rank of {count} was lost with its process or node: {first_line(error)}",
            ranks=count,
        ) from None  # fmt: skip
    finally:
        for seat in seats:
            ray.kill(seat)
        remove_placement_group(group)


def connect() -> None:
    """Join the cluster of the job that this process drives."""
    if not ray.is_initialized():
        ray.init(address="auto", log_to_driver=False)


def pack(folders: Mapping[str, Path]) -> Packed:
    """The files of each folder (not of folders in it) as bytes."""
    return {
        name: {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        for name, folder in folders.items()
        if folder.is_dir()
    }


def unpack(packed: Packed, home: Path) -> dict[str, Path]:
    """Inverse of ``pack``, below ``home``."""
    folders = {}
    for name, files in packed.items():
        folders[name] = home / name
        folders[name].mkdir()
        for file, data in files.items():
            (folders[name] / file).write_bytes(data)
    return folders


def _hear(news: list[tuple[str, Any]], folders: Mapping[str, Path], on_report: OnReport) -> None:
    for kind, value in news:
        if kind == "report":
            on_report(value)
        else:
            folder, name, data = value
            target = folders[folder] / name
            partial_file = target.with_suffix(".arriving")
            partial_file.write_bytes(data)
            partial_file.replace(target)


def _await(ready: Any, check_cancel: Callable[[], None]) -> None:
    while not ray.wait([ready], timeout=POLL_S)[0]:
        check_cancel()
