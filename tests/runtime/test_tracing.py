"""One trace from client through service to worker, for those who ask for it; nothing for all others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the extra [otel] is not installed")

from cislex_core.errors import UserError
from cislex_runtime.calling.client import metadata_of
from cislex_runtime.telemetry import tracing
from collector import Collector, a_collector
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from running import a_server


@pytest.fixture
def collector() -> Iterator[Collector]:
    with a_collector() as made:
        yield made


@pytest.fixture
def memory() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.start_with(SimpleSpanProcessor(exporter), "here")
    yield exporter
    tracing.stop()


def test_one_trace_through_client_service_and_worker(short_dir: Path, collector: Collector, monkeypatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
    with a_server(short_dir, CISLEX_OTEL_ENDPOINT=collector.endpoint) as server:
        tracing.start_client()
        with tracing.span("my analysis"):
            operation, _, state = server.run(n=3, label="traced")
            assert state == "SUCCEEDED"
            _, failed, state = server.run(n=3, label="not traced well", misbehave="user_error")
            assert state == "FAILED"
        tracing.stop()
        (mine,) = collector.find("cislex-client", "my analysis")
        calls = collector.find("cislex-client", "cislex.toy.v1.Count", 2)
        runs = collector.find("cislex-worker", "attempt toy.Count", 2)
    spans = collector.spans
    by_id = {span.span_id: span for span in spans}
    assert {span.trace_id for span in spans} == {mine.trace_id}, "one analysis, one trace"
    assert mine.parent_id == ""
    assert {by_id[call.parent_id].name for call in calls} == {"my analysis"}
    accepted = [s for s in spans if (s.service, s.name) == ("toy", "cislex.toy.v1.ToyService/Count")]
    assert {span.parent_id for span in accepted} == {call.span_id for call in calls}
    assert {span.attributes["rpc.grpc.status_code"] for span in accepted} == {0}
    assert {span.parent_id for span in runs} == {span.span_id for span in accepted}
    good = next(span for span in runs if not span.failed)
    assert good.attributes["cislex.operation"] == operation.name.rpartition("/")[2]
    assert {s.name for s in spans if s.parent_id == good.span_id} == {"load", "task", "commit"}
    bad = next(span for span in runs if span.failed)
    assert bad.attributes["cislex.reason"] == "EMPTY_SET"
    assert "x.bed" not in str(bad), "messages may quote what a user works on"
    queued = [span for span in spans if span.name == "queue"]
    assert {span.parent_id for span in queued} == {span.span_id for span in accepted}
    assert metadata_of(operation).attempt == failed.attempt == 1


def test_a_refused_call_is_a_failed_span(short_dir: Path, collector: Collector) -> None:
    from cislex_runtime.calling.problem import RpcProblem

    with a_server(short_dir, CISLEX_OTEL_ENDPOINT=collector.endpoint) as server, pytest.raises(RpcProblem):
        server.submit(n=-1)
    (span,) = collector.find("toy", "cislex.toy.v1.ToyService/Count")
    assert span.failed
    assert span.attributes["rpc.grpc.status_code"] == 3
    assert span.parent_id == "", "this client has no traces"


def test_a_trace_changes_neither_digest_nor_cache(short_dir: Path, memory: InMemorySpanExporter) -> None:
    with a_server(short_dir) as server:
        first = metadata_of(server.submit(n=4, label="same"))
        tracing.stop()
        _, second, _ = server.run(n=4, label="same")
    assert first.spec_digest == second.spec_digest
    assert [span.name for span in memory.get_finished_spans()] == ["cislex.toy.v1.Count"]


def test_parents_and_failures(memory: InMemorySpanExporter) -> None:
    with tracing.span("outer") as outer:
        carried = tracing.carrier()
        assert tracing.ids()["trace_id"] in carried["traceparent"]
        with pytest.raises(KeyError), tracing.span("inner"):
            raise KeyError("secret value")
    with tracing.span("elsewhere", parent=carried):
        pass
    tracing.record("waited", carried, 100.0, 101.5)
    tracing.record("of nothing", {}, 100.0, 101.5)
    spans = {span.name: span for span in memory.get_finished_spans()}
    assert set(spans) == {"outer", "inner", "elsewhere", "waited"}
    parents = {spans[name].parent.span_id for name in ("inner", "elsewhere", "waited")}
    assert parents == {outer.get_span_context().span_id}
    assert spans["inner"].attributes == {"cislex.reason": "KeyError"}
    assert not spans["inner"].events, "an exception's text stays out"
    assert spans["waited"].end_time - spans["waited"].start_time == 1_500_000_000


def test_without_traces_everything_is_quiet(monkeypatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    tracing.start_client()
    assert not tracing.is_on()
    with tracing.span("nothing") as span:
        assert span is None
    assert tracing.carrier() == {}
    assert tracing.ids() == {}


def test_a_dead_collector_holds_nobody_up() -> None:
    import time

    tracing.start("http://127.0.0.1:9", "nobody-listens")
    with tracing.span("lost"):
        pass
    began = time.monotonic()
    tracing.stop()
    assert time.monotonic() - began < 4 * tracing.EXPORT_TIMEOUT_S
    assert not tracing.is_on()


def test_missing_packages_are_said(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(UserError, match=r"pip install 'cislex-runtime\[otel\]'"):
        tracing.start("http://127.0.0.1:9", "x")


def test_a_server_without_traces_and_metrics_loads_neither() -> None:
    loads = "import sys, cislex_runtime.serving.server, cislex_runtime.working.worker"
    program = f"{loads}; print(*{{m.split('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"opentelemetry", "prometheus_client"}
