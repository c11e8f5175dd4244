"""One suite for every engine; another joins by adding its bench to engine_benches.BENCHES."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cislex_core.stores.local import LocalStore
from cislex_runtime.engines.engine import AttemptSpec, Exit, Phase
from cislex_runtime.engines.leftovers import kill_leftovers, marked_processes
from engine_benches import BENCHES, SLOW, Driver, local_engine
from running import gone


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in BENCHES],
)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    home = tmp_path_factory.mktemp("engine")
    with BENCHES[request.param](home) as engine:
        made = Driver(engine, home)
        yield made
        made.engine.close(grace_s=1)


def attempt(op_id: str, number: int = 1, heavy: bool = False, **spec: Any) -> AttemptSpec:
    return AttemptSpec(op_id, number, "toy.Count", {"n": 3, **spec}, "count", heavy=heavy)


def test_runs_and_tells_the_outcome(driver: Driver) -> None:
    ref = driver.engine.submit(attempt("run"))
    seen = driver.end(ref)
    assert seen.phase is Phase.EXITED
    assert seen.outcome is not None
    assert (seen.outcome.exit, seen.outcome.kind, seen.outcome.summary["total"]) == (Exit.OK, "count", 3)
    assert seen.progress["done"] == 3
    assert seen.outcome.usage["peak_memory_bytes"] > 10 << 20
    artifact = LocalStore(driver.home / "store").open_artifact(seen.outcome.artifact)
    assert artifact.json("sum.json") == {"sum": 3}
    assert artifact.manifest.spec["n"] == 3
    driver.engine.forget(ref)
    assert driver.engine.observe([ref])[ref].phase is Phase.LOST


def test_submit_twice_is_one_run(driver: Driver) -> None:
    runs = driver.home / "runs"
    one = attempt("twice", pause_s=0.05, misbehave=f"mark:{runs}")
    assert driver.engine.submit(one) == driver.engine.submit(one)
    assert driver.end(one.ref).phase is Phase.EXITED
    assert driver.engine.submit(one) == one.ref
    assert driver.engine.observe([one.ref])[one.ref].phase is Phase.EXITED
    assert runs.read_text() == "ran\n"


def test_unknown_attempt_is_lost_and_not_counted(driver: Driver) -> None:
    seen = driver.engine.observe(["nobody/1"])["nobody/1"]
    assert (seen.phase, seen.counted) == (Phase.LOST, False)
    driver.engine.stop("nobody/1", 0)
    driver.engine.forget("nobody/1")


def test_capacity_keeps_light_work_going(driver: Driver) -> None:
    assert (driver.engine.capacity().heavy, driver.engine.capacity().light) == (1, 1)
    heavy = driver.engine.submit(attempt("heavy", heavy=True, n=200, pause_s=0.02))
    assert not driver.engine.capacity().takes(heavy=True)
    assert driver.engine.capacity().takes(heavy=False)
    with pytest.raises(RuntimeError, match="no free slot"):
        driver.engine.submit(attempt("heavy2", heavy=True))
    light = driver.engine.submit(attempt("light"))
    assert driver.end(light).phase is Phase.EXITED
    assert driver.engine.observe([heavy])[heavy].phase in (Phase.INITIALIZING, Phase.RUNNING)
    driver.engine.stop(heavy, grace_s=5)
    seen = driver.end(heavy)
    assert seen.outcome is not None
    assert seen.outcome.exit is Exit.CANCELLED


def test_stop_kills_the_group_of_a_deaf_task(driver: Driver) -> None:
    ref = driver.engine.submit(attempt("deaf", misbehave="deaf"))
    seen = driver.until(ref, lambda s: s.message.startswith("child"))
    child = int(seen.message.split()[1])
    driver.engine.stop(ref, grace_s=0.2)
    driver.engine.stop(ref, grace_s=0.2)
    assert driver.end(ref).phase is Phase.LOST
    assert gone([child])
    assert driver.end(driver.engine.submit(attempt("after-deaf"))).phase is Phase.EXITED


def test_killed_worker_is_lost_and_replaced(driver: Driver) -> None:
    ref = driver.engine.submit(attempt("killed", misbehave="die_always"))
    seen = driver.end(ref)
    assert (seen.phase, seen.counted) == (Phase.LOST, True)
    assert "SIGKILL" in seen.detail
    assert driver.end(driver.engine.submit(attempt("after-killed"))).phase is Phase.EXITED


def test_errors_cross_whole(driver: Driver) -> None:
    seen = driver.end(driver.engine.submit(attempt("wrong", misbehave="user_error")))
    assert seen.outcome is not None
    assert seen.outcome.exit is Exit.USER
    assert seen.outcome.error is not None
    assert seen.outcome.error["reason"] == "EMPTY_SET"
    assert seen.outcome.error["metadata"] == {"file": "x.bed"}


def test_local_workers_stay_warm(tmp_path: Path) -> None:
    driver = Driver(local_engine(tmp_path), tmp_path)
    pids = driver.engine.pids()
    for i in range(3):
        driver.end(driver.engine.submit(attempt(f"warm{i}")))
    assert driver.engine.pids() == pids
    driver.engine.close(1)
    assert gone(pids)
    assert gone(marked_processes(tmp_path))


def test_local_preempts_on_close(tmp_path: Path) -> None:
    driver = Driver(local_engine(tmp_path), tmp_path)
    ref = driver.engine.submit(attempt("pre", n=500, pause_s=0.02))
    driver.until(ref, lambda s: s.progress.get("done", 0) >= 1)
    driver.engine.close(grace_s=5)
    outcome = driver.end(ref).outcome
    assert outcome is not None
    assert outcome.exit is Exit.PREEMPTED


def test_leftovers_are_found_and_killed(tmp_path: Path) -> None:
    driver = Driver(local_engine(tmp_path), tmp_path)
    ref = driver.engine.submit(attempt("left", misbehave="deaf"))
    driver.until(ref, lambda s: s.message.startswith("child"))
    end = time.monotonic() + 20
    while len(marked := marked_processes(tmp_path)) < 5:  # two workers, their guards, the task's child
        assert time.monotonic() < end, marked
        time.sleep(0.05)
    driver.engine._closing = True  # as if this owner were gone: nothing is started again
    killed = kill_leftovers(tmp_path)
    assert set(marked) <= set(killed)
    assert gone(marked)
    assert driver.end(ref).phase is Phase.LOST
    driver.engine.close(0)


def test_a_stopped_worker_falls_silent(tmp_path: Path) -> None:
    driver = Driver(local_engine(tmp_path), tmp_path)
    ref = driver.engine.submit(attempt("zombie", misbehave="stop_once"))
    seen = driver.until(ref, lambda s: s.silent_s > 2.5)
    assert seen.phase is Phase.RUNNING
    driver.engine.stop(ref, grace_s=0.1)  # SIGKILL works on a stopped process
    assert driver.end(ref).phase is Phase.LOST
    driver.engine.close(1)
    assert gone(marked_processes(tmp_path))


def test_pids_that_were_used_again_are_spared(tmp_path: Path) -> None:
    (tmp_path / "workers.json").write_text(f'[{{"pid": {os.getppid()}, "start": 1}}]')
    assert os.getppid() not in kill_leftovers(tmp_path)
    os.kill(os.getppid(), signal.SIG_DFL)  # signal 0: still there
