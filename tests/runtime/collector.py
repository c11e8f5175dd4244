"""A tiny OTLP collector: keeps the spans that programs send it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


@dataclass(frozen=True)
class Span:
    """One received span; ids in hex."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    attributes: dict[str, Any]


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Listens on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self._server = grpc.server(futures.ThreadPoolExecutor(2))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self._server)
        self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802
        for resource in request.resource_spans:
            facts = {item.key: item.value.string_value for item in resource.resource.attributes}
            for span in (span for scope in resource.scope_spans for span in scope.spans):
                values = {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}
                ids = (part.hex() for part in (span.trace_id, span.span_id, span.parent_span_id))
                self.spans.append(Span(facts["service.name"], span.name, *ids, span.status.code == 2, values))
        return trace_service_pb2.ExportTraceServiceResponse()

    def find(self, service: str, name: str, n: int = 1, timeout_s: float = 20) -> list[Span]:
        """The ``n`` spans of a name, once they came."""
        end = time.monotonic() + timeout_s
        while True:
            found = [span for span in self.spans if (span.service, span.name) == (service, name)]
            if len(found) >= n or time.monotonic() > end:
                assert len(found) == n, f"{service} {name}: {found} among {[(s.service, s.name) for s in self.spans]}"
                return found
            time.sleep(0.05)

    def stop(self) -> None:
        self._server.stop(0).wait()


@contextmanager
def a_collector() -> Iterator[Collector]:
    """A running collector."""
    made = Collector()
    try:
        yield made
    finally:
        made.stop()
