"""Shards as Ray tasks over the cluster's nodes. Loaded only inside a Ray job, or where the settings ask for it."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import ray
from cislex_core.errors import Reason, RetryableError, first_line
from cislex_core.tasks import Inputs
from ray.exceptions import RayError, RayTaskError

from cislex_runtime.working.children import POLL_S, blas_environment, load
from cislex_runtime.working.gang_ray import connect, pack
from cislex_runtime.working.recipes import inputs_from
from cislex_runtime.working.shards import Board, Shard, Work, folder_of, run_shard

Told = list[tuple[str, Any]]


def on_nodes(
    work: Work, missing: list[Shard], inputs: Inputs, home: Path, board: Board, at_once: int
) -> Generator[Shard, None, None]:
    """See ``shards.map_shards``: at most ``at_once`` tasks; Ray itself repeats one whose node is lost."""
    connect()
    task = ray.remote(
        num_cpus=work.threads, num_gpus=1 if work.gpu else 0, max_retries=3, scheduling_strategy="SPREAD",
        runtime_env={"env_vars": blas_environment(work.threads)},
    )(work_off)  # fmt: skip
    shared, recipe = ray.put(work), inputs.recipe()
    waiting = list(missing)
    running: dict[Any, Shard] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                shard = waiting.pop(0)
                running[task.remote(shared, recipe, shard)] = shard
            for ready in ray.wait(list(running), timeout=POLL_S)[0]:
                shard = running.pop(ready)
                files, told = ray.get(ready)
                _receive(files, folder_of(home, shard))
                for kind, value in [*told, ("done", shard.stop - shard.start)]:
                    board.hear(shard, kind, value)
                yield shard
            board.progress.check_cancel()
    except RayTaskError as error:
        raise error.cause from None
    except RayError as error:
        raise RetryableError(Reason.WORKER_LOST, f"a shard was lost: {first_line(error)}") from None
    finally:
        for left in running:
            ray.cancel(left, force=True)


def work_off(work: Work, recipe: dict[str, Any], shard: Shard) -> tuple[dict[str, bytes], Told]:
    """One shard on some node: its files as bytes, and its messages and warnings."""
    told: Told = []

    def tell(kind: str, value: Any) -> None:
        if kind != "done":
            told.append((kind, value))

    with tempfile.TemporaryDirectory(prefix="cislex-shard-") as home:
        run = load(work.function)(work.payload, inputs_from(recipe))
        run_shard(run, shard, Path(home), Path(home), tell, lambda: None)
        return pack({"files": folder_of(Path(home), shard)})["files"], told


def _receive(files: dict[str, bytes], target: Path) -> None:
    staged = target.with_suffix(".partial")
    staged.mkdir(exist_ok=True)
    for name, data in files.items():
        (staged / name).write_bytes(data)
    staged.replace(target)
