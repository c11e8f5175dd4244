"""A gang of local ranks: torchrun's environment, one answer, one life."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cislex_core.errors import Cancelled, Reason, RetryableError, UserError
from cislex_runtime.working import gang
from cislex_runtime.working.gang import run_ranks


def run(folder: Path, count: int = 3, check: Any = lambda: None, **payload: Any) -> tuple[Any, list[Any]]:
    heard: list[Any] = []
    answer = run_ranks("shard_work:add_up", count, {"factor": 10, **payload}, {"meeting": folder}, check, heard.append)
    assert multiprocessing.active_children() == []
    return answer, heard


def test_ranks_find_themselves_and_rank_0_speaks(tmp_path: Path) -> None:
    answer, heard = run(tmp_path)
    assert answer["sum"] == 60
    assert heard == [{"rank": 0}]
    environment = answer["environment"]
    assert int(environment.pop("MASTER_PORT")) > 1023
    assert environment == {
        "RANK": "0", "WORLD_SIZE": "3", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1",
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip


def test_a_lost_rank_loses_the_gang(tmp_path: Path) -> None:
    with pytest.raises(RetryableError, match="rank 2 of 3") as caught:
        run(tmp_path, dies=2)
    assert caught.value.reason is Reason.WORKER_LOST
    assert multiprocessing.active_children() == []


def test_an_error_and_a_cancel_end_the_gang(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="rank 1 of 3 refuses"):
        run(tmp_path, fails=1)

    def cancel() -> None:
        if list(tmp_path.glob("*.txt")):
            raise Cancelled

    with pytest.raises(Cancelled):
        run(tmp_path, check=cancel, waits=True)
    assert multiprocessing.active_children() == []


def test_ranks_end_with_their_parent(tmp_path: Path) -> None:
    """Killed without a word, the caller leaves no rank behind."""
    program = (
        "import sys; from pathlib import Path; from cislex_runtime.working.gang import run_ranks\n"
        "if __name__ == '__main__':\n"
        "    pids = lambda: print(*[p.pid for p in __import__('multiprocessing').active_children()], flush=True)\n"
        "    run_ranks('shard_work:add_up', 2, {'factor': 1, 'waits': True}, {'meeting': Path(sys.argv[1])},\n"
        "              lambda: None, lambda _: pids())\n"
    )
    script = tmp_path / "caller.py"
    script.write_text(program)
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    caller = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path}, start_new_session=True,
    )  # fmt: skip
    assert caller.stdout is not None
    ranks = [int(pid) for pid in caller.stdout.readline().split()]
    assert len(ranks) == 2
    caller.kill()
    caller.wait()
    caller.stdout.read()  # ends when the last process that holds it is gone
    caller.stdout.close()


@pytest.mark.parametrize(
    "spread, in_job, count, here, expected",
    [
        ("auto", False, 8, 1, False),
        ("auto", True, 8, 4, True),
        ("auto", True, 4, 4, False),
        ("local", True, 8, 1, False),
        ("ray", False, 2, 4, True),
    ],
)
def test_where_a_gang_runs(monkeypatch: Any, spread: str, in_job: bool, count: int, here: int, expected: bool) -> None:
    monkeypatch.setenv("CISLEX_SPREAD", spread)
    monkeypatch.delenv("RAY_JOB_CONFIG_JSON_ENV_VAR", raising=False)
    if in_job:
        monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", json.dumps({}))
    assert gang.spreads(count, here) is expected
