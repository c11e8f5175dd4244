"""Operations over the wire: submit, watch, wait, cancel, list, results, errors."""

from __future__ import annotations

import asyncio
import threading
import uuid
from pathlib import Path
from typing import Any

import grpc
import pytest
import toy
from cislex.ops.v1 import ops_pb2, ops_pb2_grpc
from cislex_core.errors import Reason
from cislex_core.settings import Settings
from cislex_runtime.calling.channel import open_channel
from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.calling.problem import RpcProblem, WaitTimeoutError
from cislex_runtime.engines.jobs import SystemAwayError
from cislex_runtime.serving import operations_servicer
from cislex_runtime.serving import server as serving_server
from cislex_runtime.serving.status import read_status
from google.longrunning import operations_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from running import HERE, ServerProcess
from security_scene import serving


def test_result_is_a_named_resource(server: ServerProcess) -> None:
    operation, metadata, state = server.run(n=5, label="five", labels={"run": "a"})
    count = server.connection.result(operation, server.stub.m.Count)
    assert state == "SUCCEEDED"
    assert (count.total, count.label) == (10, "five")
    assert count.name == f"tenants/local/counts/{count.artifact.sha256[:16]}"
    assert count.artifact.media_type == "application/x-cislex-count"
    assert server.stub.GetCount(server.stub.m.GetCountRequest(name=count.name), timeout=5) == count
    assert (metadata.task, metadata.attempt, dict(metadata.labels)) == ("toy.Count", 1, {"run": "a"})
    assert (metadata.progress.done, metadata.progress.total, metadata.progress.unit) == (5, 5, "numbers")
    assert metadata.metrics["partial_sum"] == 10
    assert metadata.resource_usage.device == "cpu"
    assert metadata.resource_usage.peak_memory_bytes > 10 << 20
    times = [getattr(metadata.timings, t).ToNanoseconds() for t in ("queued", "started", "running", "finished")]
    assert times == sorted(times)
    assert times[0] > 0


def test_every_violation_at_once(server: ServerProcess) -> None:
    with pytest.raises(RpcProblem) as caught:
        server.submit(n=-1, pause_s=-2.0, batch_size=0, parent="x", request_id="y", labels={"UP": "z"})
    problem = caught.value
    assert (problem.reason, problem.exit_code) == ("INVALID_REQUEST", 2)
    assert [v.field for v in problem.violations] == [
        "parent", "request_id", "labels.UP", "n", "pause_s", "batch_size",
    ]  # fmt: skip
    with pytest.raises(RpcProblem, match="n: is required"):
        server.submit()


def test_request_ids(server: ServerProcess) -> None:
    rid = str(uuid.uuid4())
    first = server.submit(n=6, request_id=rid, label="rid")
    assert server.submit(n=6, request_id=rid.upper(), label="rid").name == first.name
    with pytest.raises(RpcProblem) as caught:
        server.submit(n=7, request_id=rid, label="rid")
    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert metadata_of(first).request_id == rid


def test_one_request_id_from_sixteen_threads(server: ServerProcess) -> None:
    rid, found, barrier = str(uuid.uuid4()), [], threading.Barrier(16)

    def work() -> None:
        barrier.wait()
        found.append(server.submit(n=8, request_id=rid, label="threads").name)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1


def test_validate_only_runs_nothing(server: ServerProcess) -> None:
    operation = server.submit(n=9, label="never", validate_only=True)
    metadata = metadata_of(operation)
    assert operation.done
    assert metadata.validate_only
    assert '"batch_size": 64' in metadata.spec_json
    with pytest.raises(RpcProblem) as caught:
        server.connection.get(operation.name)
    assert (caught.value.reason, caught.value.exit_code) == ("NOT_FOUND", 3)


def test_cache_hit_is_done_at_once(server: ServerProcess) -> None:
    first, metadata, _ = server.run(n=10, label="cache")
    again = server.submit(n=10, label="cache")
    assert again.done
    assert again.name != first.name
    assert not metadata.cache_hit
    assert metadata_of(again).cache_hit
    assert metadata_of(again).attempt == 0
    assert server.total(again) == server.total(first)


def test_equal_operations_run_once(server: ServerProcess) -> None:
    first = server.submit(n=30, pause_s=0.02, label="twins")
    second = server.submit(n=30, pause_s=0.02, label="twins")
    assert first.name != second.name
    done = server.connection.wait(second.name)
    assert metadata_of(done).cache_hit
    assert server.total(done) == server.total(server.connection.wait(first.name))


def test_files_by_path_and_by_upload(server: ServerProcess, tmp_path: Path) -> None:
    source = tmp_path / "in.bin"
    source.write_bytes(b"abc" * 700_000)
    by_path, _, _ = server.run(n=1, source={"path": str(source)})
    # The toy listens on a Unix socket, so all folders are allowed.
    digest = server.connection.upload(source)
    by_digest = server.submit(n=1, source={"sha256": digest})
    assert metadata_of(by_digest).cache_hit  # the same content, wherever it lies
    ref = server.connection.result(by_path, server.stub.m.Count).artifact
    server.connection.fetch(ref, tmp_path / "out")
    assert (tmp_path / "out" / "copy.bin").read_bytes() == source.read_bytes()


def test_artifacts_as_inputs(server: ServerProcess) -> None:
    parent, _, _ = server.run(n=4, label="parent")
    name = server.connection.result(parent, server.stub.m.Count).name
    child, _, _ = server.run(n=3, parent_count=name)
    assert server.total(child) == 6 + 3
    with pytest.raises(RpcProblem) as caught:
        server.submit(n=3, parent_count="tenants/local/counts/ffffffffffffffff")
    assert caught.value.reason == "NOT_FOUND"
    assert caught.value.violations[0].field == "parent_count"


@pytest.mark.parametrize(
    "how, state, reason, attempts",
    [
        ("user_error", "FAILED", "EMPTY_SET", 1),
        ("defect", "FAILED", "INTERNAL", 1),
        ("flaky", "SUCCEEDED", "", 3),
        ("always_flaky", "FAILED", "UNAVAILABLE", 3),
        ("memory", "SUCCEEDED", "", 3),
        ("memory_always", "FAILED", "OUT_OF_MEMORY", 3),
        ("disk", "FAILED", "DISK_FULL", 1),
        ("bad_summary", "FAILED", "INTERNAL", 1),
        ("warn", "SUCCEEDED", "", 1),
    ],
)
def test_how_tasks_end(server: ServerProcess, how: str, state: str, reason: str, attempts: int) -> None:
    operation, metadata, got = server.run(n=2, misbehave=how)
    assert (got, metadata.attempt) == (state, attempts)
    if state == "FAILED":
        problem = RpcProblem.from_status(operation.error)
        assert problem.reason == reason
        assert problem.message


def test_a_warning_is_no_error_and_keeps_its_own_reason(server: ServerProcess) -> None:
    _, metadata, state = server.run(n=1, misbehave="warn", label="warned")
    assert state == "SUCCEEDED"
    (warning,) = metadata.warnings
    assert "LOOK_ALIKES" not in Reason.__members__, "not of the catalogue, and yet it arrives"
    assert (warning.code, warning.message) == (0, "the genomes look alike but differ")
    assert read_status(warning) == ("LOOK_ALIKES", [], {})


def test_memory_errors_halve_the_batch_and_say_so(server: ServerProcess) -> None:
    operation, metadata, _ = server.run(n=2, misbehave="memory", label="oom")
    assert [w.message.rpartition(" ")[2] for w in metadata.warnings] == ["32", "16"]
    folder = server.connection.local_path(server.connection.result(operation, server.stub.m.Count).artifact)
    assert folder is not None
    text = (folder / "manifest.json").read_text()
    assert '"batch_size":16' in text
    assert '"accumulation":4' in text  # a step still sees 64 examples
    failed, _, _ = server.run(n=2, misbehave="memory_always", label="oom")
    assert "was needed at batch_size 16" in failed.error.message


def test_watch_tells_every_state_and_resumes_without_gap(server: ServerProcess) -> None:
    operation = server.submit(n=12, pause_s=0.1, label="watch")

    def watch(after: int, stop_after: int | None = None) -> list[Any]:
        stream = server.connection.events.WatchOperation(
            ops_pb2.WatchOperationRequest(name=operation.name, after_sequence=after), timeout=30
        )
        got = []
        for event in stream:
            got.append(event)
            if stop_after is not None and len(got) == stop_after:
                stream.cancel()
                break
        return got

    events: list[Any] = []
    while not events or not events[-1].operation.done:
        events += watch(events[-1].sequence if events else 0, stop_after=2)
    sequences = [e.sequence for e in events]
    assert sequences == sorted(set(sequences))
    # Read whole afterwards: the same states, the same last event, nothing after it.
    whole = watch(0)
    assert whole[-1].sequence == sequences[-1]
    assert whole[-1].operation.done
    assert [state_name(metadata_of(e.operation)) for e in whole][-1] == "SUCCEEDED"
    states = list(dict.fromkeys(state_name(metadata_of(e.operation)) for e in whole))
    assert states == ["QUEUED", "INITIALIZING", "RUNNING", "SUCCEEDED"]
    assert watch(sequences[-1]) == []
    with pytest.raises(grpc.RpcError) as caught:
        watch(sequences[-1] + 1)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
def own_settings(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a server in this process, whose workers know the toy."""
    monkeypatch.setenv("CISLEX_EXTRA_TASKS", "toy:TASKS")
    monkeypatch.setenv("CISLEX_EXTRA_SPECS", "toy:SPECS")
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    return Settings(home=short_dir, drain_grace_s=0.1, stop_grace_s=0.1)


async def test_a_silent_watch_gets_bookmarks(own_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert operations_servicer.BOOKMARK_S == 15, "as ops.proto says"
    monkeypatch.setattr(operations_servicer, "BOOKMARK_S", 0.1)
    async with serving(own_settings, [toy.register]) as server, open_channel(server.address) as channel:
        stub = toy.Stub(channel)
        operation = await stub.Count(stub.m.CountRequest(n=1, misbehave="sleep_once"), timeout=20)

        async def watch(after: int) -> list[Any]:
            """Answers of a watch up to the third bookmark in a row, with the task at work."""
            request, told = ops_pb2.WatchOperationRequest(name=operation.name, after_sequence=after), []
            stream = ops_pb2_grpc.OperationEventsStub(channel).WatchOperation(request, timeout=60)
            async for answer in stream:
                told.append(answer)
                events = [one for one in told if not one.bookmark]
                running = after or (events and state_name(metadata_of(events[-1].operation)) == "RUNNING")
                if running and len(told) >= 3 and all(one.bookmark for one in told[-3:]):
                    stream.cancel()
                    break
            return told

        told = await watch(0)
        last_seen = 0
        for answer in told:
            if answer.bookmark:
                assert answer.sequence == last_seen
                assert not answer.HasField("operation")
            else:
                assert answer.sequence > last_seen
                last_seen = answer.sequence
        assert last_seen >= 3, "queued, initializing, running"
        again = await watch(last_seen)
        assert [(one.bookmark, one.sequence) for one in again] == [(True, last_seen)] * 3


async def test_ready_follows_the_engine(own_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_server, "READY_EVERY_S", 0.05)
    async with serving(own_settings, [toy.register]) as server, open_channel(server.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)

        async def becomes(state: Any) -> None:
            async with asyncio.timeout(20):
                while (await health.Check(health_pb2.HealthCheckRequest(service="ready"), timeout=5)).status != state:
                    await asyncio.sleep(0.02)

        def away() -> None:
            raise SystemAwayError("the dashboard is away")

        await becomes(health_pb2.HealthCheckResponse.SERVING)
        with monkeypatch.context() as broken:
            broken.setattr(server.platform.engine, "check", away)
            await becomes(health_pb2.HealthCheckResponse.NOT_SERVING)
            alive = await health.Check(health_pb2.HealthCheckRequest(), timeout=5)
            assert alive.status == health_pb2.HealthCheckResponse.SERVING, "the process need not be restarted"
        await becomes(health_pb2.HealthCheckResponse.SERVING)


def test_wait_operation_and_timeouts(server: ServerProcess) -> None:
    operation = server.submit(n=40, pause_s=0.05, label="wait")
    request = operations_pb2.WaitOperationRequest(name=operation.name)
    request.timeout.FromMilliseconds(100)
    assert not server.connection.operations.WaitOperation(request, timeout=10).done
    with pytest.raises(WaitTimeoutError):
        server.connection.wait(operation.name, timeout_s=0.3)
    server.connection.cancel(operation.name)
    done = server.connection.operations.WaitOperation(
        operations_pb2.WaitOperationRequest(name=operation.name), timeout=20
    )
    assert done.done
    assert done.error.code == 1


def test_a_watcher_that_leaves_cancels_nothing(server: ServerProcess) -> None:
    operation = server.submit(n=10, pause_s=0.03, label="leave")
    with pytest.raises(WaitTimeoutError):
        server.connection.wait(operation.name, timeout_s=0.1)
    assert state_name(metadata_of(server.connection.wait(operation.name))) == "SUCCEEDED"


def test_list_pages_and_filters(server: ServerProcess) -> None:
    for i in range(5):
        server.run(n=2, label=f"page{i}")
    stub, m = server.stub, server.stub.m
    seen, token = [], ""
    while True:
        page = stub.ListCounts(m.ListCountsRequest(parent="tenants/local", page_size=2, page_token=token), timeout=5)
        seen += [(c.label, c.name) for c in page.counts]
        token = page.next_page_token
        if not token:
            break
    assert [label for label, _ in seen[:5]] == ["page4", "page3", "page2", "page1", "page0"]
    assert len(seen) == len(set(seen))
    operations = server.connection.operations
    listed = operations.ListOperations(
        operations_pb2.ListOperationsRequest(name="tenants/local", filter="state=SUCCEEDED AND task=toy.Count"),
        timeout=5,
    )
    assert listed.operations
    assert all(o.done and not o.HasField("error") for o in listed.operations)
    for bad in ({"filter": "color=red"}, {"page_token": "x"}, {"page_size": -1}, {"name": "x/y"}):
        with pytest.raises(grpc.RpcError) as caught:
            operations.ListOperations(operations_pb2.ListOperationsRequest(**bad), timeout=5)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT, bad
    other = stub.ListCounts(m.ListCountsRequest(parent="tenants/other"), timeout=5)
    assert not other.counts


def test_delete_resource_and_operation(server: ServerProcess) -> None:
    operation, _, _ = server.run(n=2, label="delete")
    count = server.connection.result(operation, server.stub.m.Count)
    server.stub.DeleteCount(server.stub.m.GetCountRequest(name=count.name), timeout=5)
    with pytest.raises(RpcProblem) as caught:
        server.connection.call(server.stub.GetCount, server.stub.m.GetCountRequest(name=count.name))
    assert (caught.value.reason, caught.value.metadata["name"]) == ("NOT_FOUND", count.name)
    with pytest.raises(RpcProblem, match="was deleted"):
        server.connection.result(server.connection.get(operation.name), server.stub.m.Count)
    again, metadata, _ = server.run(n=2, label="delete")
    assert not metadata.cache_hit
    server.connection.operations.DeleteOperation(operations_pb2.DeleteOperationRequest(name=operation.name), timeout=5)
    with pytest.raises(RpcProblem):
        server.connection.get(operation.name)
    assert server.total(again) == 1


def test_defects_are_sanitized(server: ServerProcess) -> None:
    with pytest.raises(RpcProblem) as caught:
        server.connection.call(server.stub.Crash, server.stub.m.GetCountRequest())
    problem = caught.value
    assert (problem.reason, problem.code) == ("INTERNAL", 13)
    assert "secret" not in problem.message
    log = (server.home / "logs" / "toy.log").read_text()
    assert problem.metadata["log_id"] in log
    assert "secret detail" in log


def test_health_and_reflection(server: ServerProcess) -> None:
    assert server.connection.is_ready()
    stub = reflection_pb2_grpc.ServerReflectionStub(server.connection.channel)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    (answer,) = stub.ServerReflectionInfo(iter([request]), timeout=5)
    names = {s.name for s in answer.list_services_response.service}
    assert {
        "cislex.toy.v1.ToyService", "google.longrunning.Operations", "cislex.ops.v1.OperationEvents",
        "cislex.artifacts.v1.ArtifactService", "grpc.health.v1.Health",
    } <= names  # fmt: skip


def test_the_server_process_stays_light(server: ServerProcess) -> None:
    """A worker loads scikit-learn for a task; the API process never does."""
    _, _, state = server.run(n=1, misbehave="heavy_import")
    assert state == "SUCCEEDED"
    assert server.stub.Modules(server.stub.m.GetCountRequest(), timeout=5).name == ""
