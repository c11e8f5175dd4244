"""The ray engine on a real cluster: tokens, logs, one job per attempt, and a node that is killed."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import toy
from cislex_core.settings import Settings
from cislex_runtime import states
from cislex_runtime.calling.client import state_name
from cislex_runtime.engines import ray_jobs
from cislex_runtime.engines.engine import AttemptSpec, Exit, Phase
from cislex_runtime.engines.jobs import Job, SystemAwayError, job_name
from cislex_runtime.ledger import Ledger, Operation
from cislex_runtime.owning.reconciler import Reconciler
from cislex_runtime.resources import Resources
from engine_benches import Driver, job_engine, job_processes, local_engine
from ray_bench import RayBench, ray_bench
from running import a_server, gone

RECOVERED_WITHIN_S = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayBench]:
    pytest.importorskip("ray", reason="Ray is not installed")
    with ray_bench() as bench:
        bench.add_node()
        yield bench


def status_without(cluster: RayBench, path: str) -> int:
    try:
        with urllib.request.urlopen(cluster.address + path, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_calls_without_the_right_token_are_refused(cluster: RayBench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status_without(cluster, "/api/jobs/") == 401
    backend = cluster.backend()
    backend.check()
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 32)
    with pytest.raises(SystemAwayError, match="refused the token"):
        backend.check()


def test_an_attempt_is_one_ray_job_and_its_log_is_followed(cluster: RayBench, tmp_path: Path) -> None:
    driver = Driver(job_engine(cluster.backend(), tmp_path), tmp_path)
    second = Driver(job_engine(cluster.backend(), tmp_path), tmp_path)
    attempt = AttemptSpec("smoke", 1, "toy.Count", {"n": 3, "misbehave": f"mark:{tmp_path / 'runs'}"}, "count")
    ref = driver.engine.submit(attempt)
    assert second.engine.submit(attempt) == ref  # a former owner that still hands over
    for one in (driver, second):
        outcome = one.end(ref).outcome
        assert outcome is not None
        assert (outcome.exit, outcome.summary["total"]) == (Exit.OK, 3)
    assert (tmp_path / "runs").read_text() == "ran\n"
    log = tmp_path / "logs" / "jobs" / f"{job_name('smoke', 1)}.log"
    end = time.monotonic() + 20
    while not (log.exists() and "toy.Count smoke attempt 1" in log.read_text()):
        assert time.monotonic() < end
        time.sleep(0.1)
    details = cluster.backend()._client().get_job_info(job_name("smoke", 1))
    assert cluster.token not in str(details)
    driver.engine.forget(ref)
    end = time.monotonic() + 20
    while driver.engine.backend.status([job_name("smoke", 1)]):
        assert time.monotonic() < end
        time.sleep(0.1)
    driver.engine.close(1)
    second.engine.close(1)


@pytest.mark.slow
def test_a_killed_node_costs_an_attempt_but_no_result(cluster: RayBench, tmp_path: Path) -> None:
    spec: dict[str, Any] = {"n": 120, "pause_s": 0.2}
    calm = Driver(local_engine(tmp_path / "calm"), tmp_path / "calm")
    undisturbed = calm.engine.submit(AttemptSpec("calm", 1, "toy.Count", spec, "count"))

    engine: Any = job_engine(cluster.backend(), tmp_path, poll_s=0.5)
    ledger = Ledger(f"sqlite:///{tmp_path / 'l.sqlite'}")
    ledger.migrate()
    settings = Settings(home=tmp_path)
    resources = Resources(ledger)
    resources.register("count", "counts", toy.messages().Count)
    reconciler = Reconciler(ledger, engine, engine._store, resources, settings, lambda: ["toy.Count"])
    request = {
        "spec": spec, "files": {}, "kind": "count", "heavy": False, "cache_key": "k", "request_id": "r", "labels": {},
    }  # fmt: skip
    op = Operation("A" * 26, "local", "toy.Count", states.QUEUED, created_at=time.time(), request=request)
    ledger.create(op, "toy.Count", "rid", "body")
    engine.start(reconciler.wake)
    thread = threading.Thread(target=reconciler.run)
    thread.start()
    try:
        follow(ledger, op.id, lambda o: o.snapshot.get("progress", {}).get("done", 0) >= 1)
        cluster.add_node()
        follow(ledger, op.id, lambda o: o.snapshot["progress"]["done"] >= 50)
        cluster.kill_node(0)
        killed_at = time.monotonic()
        follow(ledger, op.id, lambda o: o.attempt == 2 and o.state == states.RUNNING)
        recovered_s = time.monotonic() - killed_at
        done = follow(ledger, op.id, lambda o: o.done)
    finally:
        reconciler.stop()
        thread.join()
        engine.close(1)
    print(f"recovered {recovered_s:.1f} s after the node was killed")
    assert recovered_s < RECOVERED_WITHIN_S
    assert (done.state, done.attempt, done.failures) == (states.SUCCEEDED, 2, 1)
    outcome = calm.end(undisturbed).outcome
    assert outcome is not None
    assert ledger.cached_result("k") == outcome.artifact
    calm.engine.close(1)
    log = (tmp_path / "logs" / "jobs" / f"{job_name(op.id, 2)}.log").read_text()
    assert "going on from the checkpoints of attempt 1" in log
    assert gone(job_processes(tmp_path))
    ledger.close()


@pytest.mark.slow
def test_a_server_runs_its_operations_on_the_cluster(cluster: RayBench, short_dir: Path) -> None:
    settings = {
        "CISLEX_ENGINE": "ray",
        "CISLEX_RAY_ADDRESS": cluster.address,
        "CISLEX_RAY_HEAVY_GPUS": "0",
        "RAY_AUTH_TOKEN": cluster.token,
    }
    with a_server(short_dir, **settings) as server:
        operation, metadata, state = server.run(n=4, heavy=True)
        assert state == "SUCCEEDED", metadata
        assert server.total(operation) == 6
        slow = server.submit(n=5000, pause_s=0.05)
        server.wait_for(slow.name, lambda m: m.progress.done >= 1, timeout_s=60)
        server.connection.cancel(slow.name)
        server.wait_for(slow.name, lambda m: state_name(m) == "CANCELLED", timeout_s=15)
        assert server.stub.Modules(server.stub.m.GetCountRequest(), timeout=5).name == ""
    assert gone(job_processes(short_dir))


def follow(ledger: Ledger, op_id: str, good: Any, timeout_s: float = 120) -> Operation:
    """Wait until the operation is as wanted."""
    end = time.monotonic() + timeout_s
    while True:
        op = ledger.get(op_id)
        assert op is not None
        if good(op):
            return op
        assert time.monotonic() < end, op
        time.sleep(0.1)


def test_an_address_that_is_none_is_refused() -> None:
    from cislex_core.errors import UserError
    from cislex_runtime.engines.ray_jobs import RayJobs

    with pytest.raises(UserError, match="CISLEX_RAY_ADDRESS"):
        RayJobs("ray-head:8265")


def test_a_dashboard_that_is_away_loses_nothing(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    from cislex_runtime.engines.ray_jobs import RayJobs

    driver = Driver(job_engine(RayJobs("http://127.0.0.1:9"), tmp_path), tmp_path)
    ref = driver.engine.submit(AttemptSpec("away", 1, "toy.Count", {"n": 3}, "count"))
    seen = driver.until(ref, lambda s: s.phase is Phase.PENDING)
    assert "does not answer" in seen.message
    with pytest.raises(SystemAwayError, match="does not answer"):
        driver.engine.check()
    driver.engine.stop(ref, 1)
    outcome = driver.end(ref).outcome
    assert outcome is not None
    assert outcome.exit is Exit.CANCELLED
    driver.engine.close(1)


class FakeClient:
    """Stands for Ray's JobSubmissionClient: knows no job, and keeps what it is asked to start."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def _do_request(self, method: str, path: str) -> SimpleNamespace:
        return SimpleNamespace(status_code=404)

    def submit_job(self, **arguments: Any) -> None:
        self.asked.append(arguments)


@pytest.mark.parametrize(
    "heavy, gpu, memory_bytes, asked",
    [
        (False, False, 1 << 30, {"entrypoint_num_cpus": 1}),
        (False, True, 1 << 30, {"entrypoint_num_cpus": 1}),
        (True, False, 0, {"entrypoint_num_cpus": 6}),
        (True, True, 0, {"entrypoint_num_cpus": 6, "entrypoint_num_gpus": 0.5}),
        (True, False, 1 << 30, {"entrypoint_num_cpus": 6, "entrypoint_memory": 1 << 30}),
    ],
    ids=["light", "light that could use a GPU", "heavy", "heavy on a GPU", "heavy with memory"],
)
def test_a_job_asks_for_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, heavy: bool, gpu: bool, memory_bytes: int, asked: dict[str, float]
) -> None:
    client = FakeClient()
    monkeypatch.setattr(ray_jobs, "_make_client", lambda address: client)
    jobs = ray_jobs.RayJobs("http://ray-head:8265", heavy_cpus=6, heavy_gpus=0.5, heavy_memory_bytes=memory_bytes)
    jobs.submit(Job("cislex-op-1", ("-m", "work"), {"A": "b"}, heavy, gpu, {"tenant": "lab"}))
    (found,) = client.asked
    assert {key: value for key, value in found.items() if key.startswith("entrypoint_")} == asked
    assert found["submission_id"] == "cislex-op-1"
    assert (found["entrypoint"], found["metadata"]) == ("exec python -m work", {"tenant": "lab"})
    assert found["runtime_env"]["env_vars"]["A"] == "b"
