"""Shards: the plan, the same answer from any number of them and of processes, what a lost attempt keeps."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex_core.errors import Cancelled, Reason, RetryableError, UserError
from cislex_core.stores.local import LocalStore
from cislex_runtime.working.shards import DONE, Shard, Work, map_shards, plan
from cislex_runtime.working.task_io import WorkerInputs
from task_desk import progress_in


def squares(folder: Path, shards: list[Shard], progress: Any = None, **payload: Any) -> list[int]:
    work = Work("shard_work:Squares", payload, {"what": "squares"})
    inputs = WorkerInputs(LocalStore(folder / "store"), {})
    found = map_shards(work, shards, inputs, progress or progress_in(folder))
    return np.concatenate([np.load(path / "squares.npy") for path in found]).tolist()


@pytest.mark.parametrize("n, block, least, most", [(100, 7, 10, 64), (5, 32, 1, 64), (1000, 1, 1, 3), (0, 4, 2, 8)])
def test_a_plan_covers_all_begins_at_blocks_and_is_even(n: int, block: int, least: int, most: int) -> None:
    shards = plan(n, block, least, most)
    assert [shard.index for shard in shards] == list(range(len(shards)))
    assert [i for shard in shards for i in range(shard.start, shard.stop)] == list(range(n))
    assert all(shard.start % block == 0 for shard in shards)
    assert 1 <= len(shards) <= most
    sizes = [shard.stop - shard.start for shard in shards]
    assert max(sizes) - min(sizes) <= 2 * block
    assert plan(n, block, least, most) == shards


@pytest.mark.parametrize("fan_out", [1, 2])
def test_any_number_of_shards_gives_the_same(tmp_path: Path, monkeypatch: Any, fan_out: int) -> None:
    monkeypatch.setenv("CISLEX_FAN_OUT", str(fan_out))
    for count in (1, 2, 3, 7):
        reports: list[dict[str, Any]] = []
        folder = tmp_path / str(count)
        folder.mkdir()
        assert squares(folder, plan(20, 1, 1, count), progress_in(folder, reports)) == [i * i for i in range(20)]
        assert reports[-1]["progress"]["done"] == reports[-1]["progress"]["total"] == 20
    assert multiprocessing.active_children() == []


def test_a_lost_attempt_keeps_its_finished_shards(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("CISLEX_FAN_OUT", "2")
    once, log = tmp_path / "once", tmp_path / "log"
    once.touch()
    shards = plan(12, 2, 2)
    payload = {"dies": 11, "once": str(once), "log": str(log), "pause_s": 0.01}
    with pytest.raises(RetryableError) as caught:
        squares(tmp_path, shards, **payload)
    assert caught.value.reason is Reason.WORKER_LOST
    # One that another process computed may not have been moved to its place when that was ended too.
    finished = {str(shards[int(path.parent.name)].start) for path in tmp_path.rglob(DONE)}
    before = log.read_text().split()
    assert finished
    assert finished <= set(before)
    assert "10" not in before
    assert squares(tmp_path, shards, **payload) == [i * i for i in range(12)]
    after = log.read_text().split()[len(before) :]
    assert set(after) == {str(shard.start) for shard in shards} - finished, "finished shards were computed again"
    assert multiprocessing.active_children() == []


def test_a_torn_shard_is_computed_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    shards = plan(9, 3, 3)
    squares(tmp_path, shards, log=str(log))
    (torn,) = tmp_path.glob("shards-*/0001/squares.npy")
    torn.write_bytes(torn.read_bytes()[:-1])
    (unsealed,) = tmp_path.glob(f"shards-*/0002/{DONE}")
    unsealed.unlink()
    assert squares(tmp_path, shards, log=str(log)) == [i * i for i in range(9)]
    assert log.read_text().split() == ["0", "3", "6", "3", "6"]


def test_another_plan_or_key_uses_no_kept_shard(tmp_path: Path) -> None:
    squares(tmp_path, plan(8, 1, 1, 2))
    squares(tmp_path, plan(8, 1, 1, 4))
    inputs = WorkerInputs(LocalStore(tmp_path / "store"), {})
    list(map_shards(Work("shard_work:Squares", {}, {"what": "else"}), plan(8, 1, 1, 2), inputs, progress_in(tmp_path)))
    assert len(list(tmp_path.glob("shards-*"))) == 3


@pytest.mark.parametrize("fan_out", [1, 2])
def test_errors_and_cancel_stop_all(tmp_path: Path, monkeypatch: Any, fan_out: int) -> None:
    monkeypatch.setenv("CISLEX_FAN_OUT", str(fan_out))
    with pytest.raises(UserError, match="item 5 cannot be squared"):
        squares(tmp_path, plan(8, 1, 1), fails=5)
    progress = progress_in(tmp_path)
    progress.cancelled.set()
    with pytest.raises(Cancelled):
        squares(tmp_path, plan(8, 1, 4), progress, pause_s=0.3)
    assert multiprocessing.active_children() == []
