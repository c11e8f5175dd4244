"""Killed workers and servers, cancels, zombies, full disks: each operation ends once, nothing is orphaned."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from cislex.ops.v1 import ops_pb2
from cislex_core.settings import Settings
from cislex_runtime import states
from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.engines.engine import Capacity, Exit, Observation, Outcome, Phase
from cislex_runtime.ledger import Ledger
from running import ServerProcess, gone

pytestmark = pytest.mark.chaos
Running = Callable[..., Any]


def running(metadata: ops_pb2.OperationMetadata) -> bool:
    return state_name(metadata) == "RUNNING" and metadata.progress.done >= 2


def artifact(server: ServerProcess, operation: Any) -> str:
    return str(server.connection.result(operation, server.stub.m.Count).artifact.sha256)


def test_killed_worker_goes_on_from_its_checkpoint(running_server: Running) -> None:
    with running_server() as server:
        operation = server.submit(n=40, pause_s=0.05)
        server.wait_for(operation.name, running)
        for pid in server.processes():
            os.kill(pid, signal.SIGKILL)
        done = server.connection.wait(operation.name)
        metadata = metadata_of(done)
        assert (state_name(metadata), metadata.attempt) == ("SUCCEEDED", 2)
        assert server.total(done) == sum(range(40))
        killed_result = artifact(server, done)
    # The same work without a kill, in a fresh home, gives the very same artifact.
    with running_server(CISLEX_HOME=str(server.home / "second")) as calm:
        done, _, _ = calm.run(n=40, pause_s=0.05)
        assert artifact(calm, done) == killed_result


def test_worker_that_always_dies_fails_after_three(running_server: Running) -> None:
    with running_server() as server:
        operation, metadata, state = server.run(n=2, misbehave="die_always")
        problem = RpcProblem.from_status(operation.error)
        assert (state, metadata.attempt, problem.reason) == ("FAILED", 3, "WORKER_LOST")
        assert "3 attempts were made" in problem.message
        assert problem.exit_code == 5
        assert server.run(n=2)[2] == "SUCCEEDED"


def test_killed_server_recovers(running_server: Running) -> None:
    with running_server() as server:
        operations = [server.submit(n=30, pause_s=0.05, label=f"op{i}").name for i in range(3)]
        server.wait_for(operations[0], running)
        before = server.processes()
        server.kill()
        assert gone(before), "workers outlived their server"
        server.start()
        for i, name in enumerate(operations):
            done = server.connection.wait(name)
            assert state_name(metadata_of(done)) == "SUCCEEDED"
            assert server.total(done) == sum(range(30))
            assert server.connection.result(done, server.stub.m.Count).label == f"op{i}"


def test_server_killed_again_and_again(running_server: Running) -> None:
    """A killed server is no failure of the task: more kills than attempts, and the operation still ends well."""
    with running_server() as server:
        name = server.submit(n=200, pause_s=0.05).name
        for i in range(4):
            server.wait_for(name, lambda m, i=i: state_name(m) == "RUNNING" and m.attempt > i)
            server.kill()
            server.start()
        done = server.connection.wait(name)
        assert state_name(metadata_of(done)) == "SUCCEEDED"
        assert metadata_of(done).attempt >= 5
        assert server.total(done) == sum(range(200))


def test_watcher_survives_a_killed_server_without_gap(running_server: Running) -> None:
    with running_server() as server:
        name = server.submit(n=40, pause_s=0.05).name
        seen: list[float] = []
        ends: list[Any] = []

        def watch() -> None:
            ends.append(server.connection.wait(name, lambda op, m: seen.append(m.progress.done), patience_s=30))

        watcher = threading.Thread(target=watch)
        watcher.start()
        server.wait_for(name, running)
        server.kill()
        server.start()
        watcher.join(40)
        assert state_name(metadata_of(ends[0])) == "SUCCEEDED"
        assert seen[-1] == 40
        ledger = Ledger(f"sqlite:///{server.home / 'ledger.sqlite'}")
        op_id = name.rpartition("/")[2]
        sequences = [e.seq for e in ledger.events_after(op_id, 0)]
        ledger.close()
        assert sequences == list(range(1, len(sequences) + 1))


def test_terminated_server_preempts_and_resumes(running_server: Running) -> None:
    with running_server() as server:
        name = server.submit(n=60, pause_s=0.05).name
        server.wait_for(name, running)
        before = server.processes()
        assert server.stop() == 0
        assert gone(before)
        server.start()
        metadata = metadata_of(server.connection.wait(name))
        assert (state_name(metadata), metadata.attempt) == ("SUCCEEDED", 2)


def test_cancel_while_running(running_server: Running) -> None:
    with running_server() as server:
        name = server.submit(n=400, pause_s=0.05).name
        server.wait_for(name, running)
        server.connection.cancel(name)
        server.connection.cancel(name)
        operation = server.connection.wait(name)
        assert (state_name(metadata_of(operation)), operation.error.code) == ("CANCELLED", 1)
        server.connection.cancel(name)  # done: no effect
        assert server.connection.get(name).error.code == 1
        assert not (server.home / "checkpoints" / name.rpartition("/")[2]).exists()


def test_cancel_while_waiting(running_server: Running) -> None:
    with running_server() as server:
        first = server.submit(heavy=True, n=400, pause_s=0.05).name
        second = server.submit(heavy=True, n=401, pause_s=0.05).name
        server.wait_for(second, lambda m: state_name(m) == "WAITING_FOR_RESOURCES")
        server.connection.cancel(second)
        metadata = metadata_of(server.connection.wait(second))
        assert (state_name(metadata), metadata.attempt) == ("CANCELLED", 0)
        assert state_name(metadata_of(server.connection.get(first))) in ("RUNNING", "INITIALIZING")
        server.connection.cancel(first)
        assert server.connection.wait(first).error.code == 1


def test_cancel_before_it_starts(running_server: Running) -> None:
    with running_server() as server:
        name = server.submit(n=300, pause_s=0.05).name
        server.connection.cancel(name)
        assert state_name(metadata_of(server.connection.wait(name))) == "CANCELLED"


def test_cancel_of_a_deaf_task_kills_its_children(running_server: Running) -> None:
    with running_server() as server:
        name = server.submit(n=1, misbehave="deaf").name
        metadata = server.wait_for(name, lambda m: m.message.startswith("child"))
        child = int(metadata.message.split()[1])
        server.connection.cancel(name)
        assert state_name(metadata_of(server.connection.wait(name))) == "CANCELLED"
        assert gone([child])


def test_cancel_survives_a_killed_server(running_server: Running) -> None:
    with running_server(CISLEX_STOP_GRACE_S="30") as server:
        name = server.submit(n=1, misbehave="deaf").name
        server.wait_for(name, lambda m: m.message.startswith("child"))
        server.connection.cancel(name)
        server.wait_for(name, lambda m: state_name(m) == "CANCELLING")
        server.kill()
        server.start()
        assert state_name(metadata_of(server.connection.wait(name))) == "CANCELLED"


def test_stopped_worker_is_replaced(running_server: Running) -> None:
    """A worker that hangs (SIGSTOP) falls silent, is killed, and another attempt gives the result."""
    with running_server(CISLEX_HEARTBEAT_TIMEOUT_S="3") as server:
        _, metadata, state = server.run(n=5, misbehave="stop_once")
        assert (state, metadata.attempt) == ("SUCCEEDED", 2)


def test_stalled_task_is_stopped_and_tried_again(running_server: Running) -> None:
    with running_server(CISLEX_STALL_TIMEOUT_S="2") as server:
        _, metadata, state = server.run(n=5, misbehave="sleep_once")
        assert (state, metadata.attempt) == ("SUCCEEDED", 2)


def test_full_disk_is_a_typed_error_and_tears_nothing(running_server: Running, tmp_path: Any) -> None:
    """A file-size limit of the worker stands for the full disk: a write fails in the middle of an artifact."""
    source = tmp_path / "big.bin"
    source.write_bytes(os.urandom(3 << 20))
    with running_server(TOY_FSIZE_BYTES=str(1 << 20)) as server:
        operation, metadata, state = server.run(n=1, source={"path": str(source)})
        assert (state, metadata.attempt) == ("FAILED", 1)
        assert RpcProblem.from_status(operation.error).reason == "DISK_FULL"
        assert not list((server.home / "store" / "artifacts").rglob("manifest.json"))
        assert not list((server.home / "store" / "tmp").iterdir())
        assert server.run(n=1)[2] == "SUCCEEDED"


def test_a_full_disk_under_the_ledger_is_said_to_those_who_wait(running_server: Running) -> None:
    """A file-size limit of the server stands for the full disk; with space again the operation ends well."""
    with running_server() as server:
        name = server.submit(n=60, pause_s=0.05).name
        server.wait_for(name, running)
        assert server.process is not None
        wal = server.home / "ledger.sqlite-wal"
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (wal.stat().st_size, resource.RLIM_INFINITY))
        with pytest.raises(RpcProblem, match="nothing is lost") as caught:
            server.connection.wait(name, timeout_s=60)
        assert (caught.value.reason, caught.value.exit_code) == ("DISK_FULL", 5)
        with pytest.raises(RpcProblem) as caught:
            server.submit(n=3)
        assert caught.value.reason == "DISK_FULL"
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
        operation = server.connection.wait(name, timeout_s=60)
        assert state_name(metadata_of(operation)) == "SUCCEEDED"


class TwoFacedEngine:
    """Says that attempt 1 is lost, runs attempt 2, and later attempt 1 comes back with a result of its own."""

    name, gpus, no_cuda, away = "two-faced", 0, True, ""

    def __init__(self) -> None:
        self.seen: dict[str, Observation] = {}

    def start(self, wake: Any) -> None: ...

    def submit(self, attempt: Any) -> str:
        self.seen[attempt.ref] = Observation(Phase.RUNNING, revision=1)
        return str(attempt.ref)

    def observe(self, refs: Any) -> dict[str, Observation]:
        return {ref: self.seen[ref] for ref in refs}

    def stop(self, ref: str, grace_s: float) -> None: ...

    def forget(self, ref: str) -> None: ...

    def capacity(self) -> Capacity:
        return Capacity(1, 1)

    def clear(self, op_id: str) -> None: ...

    def check(self) -> None: ...

    def close(self, grace_s: float) -> None: ...


def test_late_attempt_is_fenced(tmp_path: Any) -> None:
    from cislex_core.stores.local import LocalStore
    from cislex_runtime.ledger import Operation
    from cislex_runtime.owning.reconciler import Reconciler
    from cislex_runtime.resources import Resources

    ledger = Ledger(f"sqlite:///{tmp_path / 'l.sqlite'}")
    ledger.migrate()
    store, engine = LocalStore(tmp_path / "store"), TwoFacedEngine()
    settings = Settings(home=tmp_path, backoff_s=0)
    reconciler = Reconciler(ledger, engine, store, Resources(ledger), settings, lambda: ["toy.Count"])
    request = {"spec": {}, "files": {}, "kind": "count", "heavy": False, "cache_key": "k"}
    op = Operation("A" * 26, "local", "toy.Count", states.QUEUED, created_at=time.time(), request=request)
    ledger.create(op, "toy.Count", "rid", "body")
    reconciler.look()
    running_once = ledger.get(op.id)
    assert running_once is not None
    engine.seen[f"{op.id}/1"] = Observation(Phase.LOST)
    reconciler.look()
    second = ledger.get(op.id)
    assert second is not None
    assert (second.attempt, second.failures) == (2, 1)
    late = Outcome(Exit.OK, artifact="1" * 64, kind="count")
    reconciler._finish(running_once, late)  # the zombie's word
    assert ledger.get(op.id) == second
    assert ledger.cached_result("k") is None
    assert ledger.list_resources("local", 10) == []
    engine.seen[f"{op.id}/2"] = Observation(Phase.EXITED, outcome=Outcome(Exit.OK, artifact="2" * 64, kind="count"))
    reconciler.look()
    done = ledger.get(op.id)
    assert done is not None
    assert done.state == states.SUCCEEDED
    assert done.snapshot["resource"].endswith("2" * 16)
    reconciler._finish(running_once, late)
    assert ledger.get(op.id) == done
    ledger.close()
