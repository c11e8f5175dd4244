"""Shards of one long task: pieces that are computed apart, side by side or in a row, and put together in order.

The pieces follow from the work alone (``plan``), never from how many run at once, and begin at multiples of a block,
so that no batch is cut; each computes with as many threads as the whole task would have had. So neither the number of
shards nor CISLEX_FAN_OUT changes a bit of the result. A finished shard is kept in the checkpoint folder with the
digests of its files: an attempt after a lost one does the missing shards only.

One at a time, shards run in this process. With CISLEX_FAN_OUT above one they run in processes of their own, and inside
a Ray job as tasks over the cluster's nodes, which read their inputs by digest and send their files back.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Protocol

from cislex_core.canonical import digest_file, digest_json
from cislex_core.settings import Settings
from cislex_core.tasks import Inputs, Progress

from cislex_runtime.working.children import Children, Line, blas_environment, load
from cislex_runtime.working.gang import in_ray_job
from cislex_runtime.working.recipes import inputs_from

DONE = "done.json"
MOST_SHARDS = 64


class ShardWork(Protocol):
    """What is made once in each process, as ``Work(payload, inputs)``, and called for each of its shards."""

    def __call__(self, start: int, stop: int, folder: Path, progress: Progress) -> None:
        """Compute items [start, stop) into files (no folders) in ``folder``; ``update(done, total)`` in any unit."""


@dataclass(frozen=True)
class Shard:
    """Items [start, stop) of the work, the ``index``-th piece."""

    index: int
    start: int
    stop: int


def plan(n_items: int, block: int, least: int, most: int = MOST_SHARDS) -> list[Shard]:
    """Near-equal pieces of ``n_items`` items, each of about ``least`` items or more, at most ``most`` of them.

    Every piece begins at a multiple of ``block`` (a batch): batches are those of the whole.
    """
    blocks = -(-n_items // block)
    count = max(1, min(most, blocks, n_items // max(1, least)))
    edges = [min(n_items, blocks * i // count * block) for i in range(count + 1)]
    return [Shard(i, a, b) for i, (a, b) in enumerate(pairwise(edges))]


@dataclass(frozen=True)
class Work:
    """What is to be done in shards. ``function`` is ``module:Class`` of a ``ShardWork``; ``payload`` can be pickled.

    ``key`` (JSON) says what is computed: a kept shard is used again only under the same key and plan. ``threads``: of
    each shard; ``gpu``: whether it computes on one.
    """

    function: str
    payload: Any
    key: dict[str, Any]
    threads: int = 1
    gpu: bool = False
    unit: str = "sequences"


def map_shards(work: Work, shards: Sequence[Shard], inputs: Inputs, progress: Progress) -> Iterator[Path]:
    """The folders of the shards, in order, each as soon as it and those before it are there.

    Raises what a shard raises, what ``check_cancel`` raises, and WORKER_LOST; leaving the iteration stops what runs.
    """
    planned = [[shard.start, shard.stop] for shard in shards]
    digest = digest_json({"function": work.function, "key": work.key, "plan": planned})
    home = progress.checkpoint_dir / f"shards-{digest[:16]}"
    home.mkdir(parents=True, exist_ok=True)
    board = Board(shards, work.unit, progress)
    finished = {shard.index for shard in shards if is_whole(folder_of(home, shard))}
    for shard in shards:
        if shard.index in finished:
            board.hear(shard, "done", shard.stop - shard.start)
    missing = [shard for shard in shards if shard.index not in finished]
    at_once = min(Settings.from_env().fan_out, len(missing))
    place = where(work, len(missing))
    if place == "row":
        running = _in_a_row(work, missing, inputs, home, board)
    elif place == "nodes":
        from cislex_runtime.working.shards_ray import on_nodes

        running = on_nodes(work, missing, inputs, home, board, at_once)
    else:
        running = _side_by_side(work, missing, inputs, home, board, at_once)
    with closing(running):
        for shard in shards:
            while shard.index not in finished:
                finished.add(next(running).index)
            yield folder_of(home, shard)


def where(work: Work, n_missing: int) -> Literal["row", "beside", "nodes"]:
    """In this process, in processes beside one another on this machine, or as tasks over a cluster's nodes."""
    settings = Settings.from_env()
    if min(settings.fan_out, n_missing) < 2:
        return "row"
    if settings.spread == "ray":
        return "nodes"
    if settings.spread == "auto" and in_ray_job():
        # A Ray job that computes on a GPU holds one: tasks that want another could wait for ever.
        return "row" if work.gpu else "nodes"
    return "beside"


def folder_of(home: Path, shard: Shard) -> Path:
    """Where a finished shard lies."""
    return home / f"{shard.index:04d}"


def is_whole(folder: Path) -> bool:
    """True when a shard lies in ``folder``, every file as it was written."""
    try:
        told: dict[str, str] = json.loads((folder / DONE).read_text())
        return all(digest_file(folder / name) == digest for name, digest in told.items())
    except (OSError, ValueError):
        return False


def seal(staged: Path, folder: Path) -> None:
    """Make a finished shard of ``staged``: digests of its files, by which a half moved one is told, then a move."""
    digests = {path.name: digest_file(path) for path in sorted(staged.iterdir())}
    (staged / DONE).write_text(json.dumps(digests))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(staged, folder)


class ShardProgress:
    """A shard's own progress: it tells how many of its items are done, and warns."""

    def __init__(
        self, n_items: int, scratch_dir: Path, tell: Callable[[str, Any], None], check: Callable[[], None]
    ) -> None:
        self.checkpoint_dir = self.scratch_dir = scratch_dir
        self._n_items = n_items
        self._tell = tell
        self._check = check

    def update(self, done: float, total: float, unit: str = "", **metrics: float) -> None:
        """``done`` of ``total``, in whatever unit the shard counts."""
        self._tell("done", self._n_items * done / total if total else 0.0)

    def message(self, text: str) -> None:
        """A line for people."""
        self._tell("message", text)

    def warn(self, reason: str, message: str) -> None:
        """A warning that stays with the operation."""
        self._tell("warning", (reason, message))

    def check_cancel(self) -> None:
        """Raise when the task was asked to stop, where this process hears of it."""
        self._check()


class Board:
    """The progress of all shards together."""

    def __init__(self, shards: Sequence[Shard], unit: str, progress: Progress) -> None:
        self._done: dict[int, float] = {}
        self._total = sum(shard.stop - shard.start for shard in shards)
        self._unit = unit
        self.progress = progress

    def hear(self, shard: Shard, kind: str, value: Any) -> None:
        """What a shard tells: how much of it is done, a line for people, or a warning."""
        if kind == "done":
            self._done[shard.index] = value
            self.progress.update(sum(self._done.values()), self._total, self._unit)
        elif kind == "message":
            self.progress.message(value)
        elif kind == "warning":
            self.progress.warn(*value)


def _in_a_row(
    work: Work, missing: list[Shard], inputs: Inputs, home: Path, board: Board
) -> Generator[Shard, None, None]:
    if not missing:
        return
    run, scratch = load(work.function)(work.payload, inputs), board.progress.scratch_dir
    for shard in missing:
        run_shard(run, shard, home, scratch, partial(board.hear, shard), board.progress.check_cancel)
        yield shard


def _side_by_side(
    work: Work, missing: list[Shard], inputs: Inputs, home: Path, board: Board, at_once: int
) -> Generator[Shard, None, None]:
    waiting = list(missing)
    with Children() as children:
        for number in range(at_once):
            children.start(
                number, f"shards {number + 1} of {at_once}", f"{__name__}:serve", work, inputs.recipe(), home,
                board.progress.scratch_dir,
                environment=blas_environment(work.threads),
            )  # fmt: skip
            children.send(number, waiting.pop(0))
        while len(children):
            for news in children.news():
                if news.done:
                    continue
                shard, kind, value = news.value
                board.hear(shard, kind, value)
                if kind == "finished":
                    children.send(news.key, waiting.pop(0) if waiting else None)
                    yield shard
            board.progress.check_cancel()


def serve(line: Line, work: Work, recipe: dict[str, Any], home: Path, scratch: Path) -> None:
    """A process that works shards off, one after another, until it is sent None."""
    run = load(work.function)(work.payload, inputs_from(recipe))
    while (shard := line.receive()) is not None:

        def tell(kind: str, value: Any, shard: Shard = shard) -> None:
            line.report((shard, kind, value))

        run_shard(run, shard, home, scratch, tell, lambda: None)
        tell("finished", None)


def run_shard(
    run: ShardWork,
    shard: Shard,
    home: Path,
    scratch: Path,
    tell: Callable[[str, Any], None],
    check: Callable[[], None],
) -> None:
    """Compute one shard in ``scratch``, and move it to its folder below ``home`` when it is whole."""
    staged = scratch / f"shard-{shard.index:04d}"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    n_items = shard.stop - shard.start
    run(shard.start, shard.stop, staged, ShardProgress(n_items, staged, tell, check))
    seal(staged, folder_of(home, shard))
    tell("done", n_items)
