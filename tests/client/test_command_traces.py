"""A command is one span, the root of all that it calls, when the standard variables ask for traces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc", reason="the extra [otel] is not installed")
sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from cislex_client.app import run_command
from cislex_runtime.telemetry import tracing
from collector import Collector, a_collector


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the standard variable names."""
    with a_collector() as made:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.endpoint)
        yield made


def test_a_command_is_the_root_of_its_calls(services, collector: Collector, capsys) -> None:
    assert run_command(["op", "ls", "--limit", "3"]) == 0
    (root,) = collector.find("cislex-client", "cislex op ls")
    (call,) = collector.find("cislex-client", "google.longrunning.ListOperations")
    assert (call.trace_id, call.parent_id) == (root.trace_id, root.span_id)
    assert not root.failed
    assert not tracing.is_on(), "ended with the command"


def test_a_command_that_fails_is_a_failed_span(services, collector: Collector, capsys) -> None:
    assert run_command(["op", "get", "secret-name"]) == 3
    (root,) = collector.find("cislex-client", "cislex op get")
    assert (root.failed, root.attributes["cislex.reason"]) == (True, "exit code 3")
    assert "secret-name" not in str(collector.spans), "what follows noun and verb stays out"


def test_the_switch_of_opentelemetry_holds(services, collector: Collector, monkeypatch, capsys) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert run_command(["op", "ls"]) == 0
    assert collector.spans == []


def test_missing_packages_do_not_stop_a_command(services, collector: Collector, monkeypatch, capsys) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    assert run_command(["op", "ls"]) == 0
    assert "pip install 'cislex-runtime[otel]'" in capsys.readouterr().err
