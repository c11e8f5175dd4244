"""Traces of a call from client through service to worker (OpenTelemetry), for those who ask for them.

A client sends the W3C ``traceparent`` of its span as gRPC metadata; the server's span continues it; a submitted
operation keeps it beside (never inside) its spec, and every attempt continues it in its worker. OpenTelemetry is
imported only when traces were asked for; without them every function here is one comparison.

Asked for means: ``CISLEX_OTEL_ENDPOINT`` for servers and workers, ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or
``…_TRACES_ENDPOINT``) for a client. All other ``OTEL_*`` variables (sampler, headers, resource attributes) hold too.
A program that has set up OpenTelemetry itself sees the spans of its calls in its own traces.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from cislex_core.errors import Reason, UserError

log = logging.getLogger("cislex.tracing")
SERVER, CLIENT, INTERNAL, CONSUMER = "SERVER", "CLIENT", "INTERNAL", "CONSUMER"
EXPORT_TIMEOUT_S = 3.0
Carrier = dict[str, str]
"""``{"traceparent": …}``, with ``tracestate`` when there is one; empty without traces."""

_provider: Any = None
_tracer: Any = None


def start(endpoint: str, service: str, **attributes: str) -> None:
    """Send the spans of this process to an OTLP/gRPC collector (``http://host:4317``; ``https://`` speaks TLS).

    ``service`` is ``service.name``. Raises UserError when the packages are missing.
    """
    try:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        message = f"traces were asked for, but {error.name} is not installed: pip install 'cislex-runtime[otel]'"
        raise UserError(Reason.TOOL_MISSING, message) from None
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT_S)
    start_with(BatchSpanProcessor(exporter), service, **attributes)


def start_with(processor: Any, service: str, **attributes: str) -> None:
    """Give the spans of this process to a span processor of OpenTelemetry's SDK."""
    global _provider, _tracer
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    stop()
    named = {"service.name": service, "service.namespace": "cislex", "service.version": version("cislex-runtime")}
    named |= attributes
    _provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("cislex")


def start_client(service: str = "cislex-client") -> None:
    """Start when the standard variables ask for it."""
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    endpoint = next((os.environ[name] for name in names if os.environ.get(name)), "")
    if endpoint and os.environ.get("OTEL_SDK_DISABLED", "").lower() != "true" and _tracer is None:
        start(endpoint, os.environ.get("OTEL_SERVICE_NAME") or service)


def start_worker() -> None:
    """Start in a worker when ``CISLEX_OTEL_ENDPOINT`` is set; without the packages the log says why it does not."""
    if endpoint := os.environ.get("CISLEX_OTEL_ENDPOINT"):
        try:
            start(endpoint, "cislex-worker")
        except UserError as error:
            log.error("%s", error)


def stop() -> None:
    """Send what waits (within ``EXPORT_TIMEOUT_S``) and end."""
    global _provider, _tracer
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.force_flush(int(EXPORT_TIMEOUT_S * 1000))
        provider.shutdown()


def flush_soon() -> None:
    """Send what waits without waiting for it: a worker may be killed any time."""
    if _provider is not None:
        threading.Thread(target=_provider.force_flush, args=(int(EXPORT_TIMEOUT_S * 1000),), daemon=True).start()


def is_on() -> bool:
    """True when spans of this process go anywhere."""
    return _current() is not None


@contextmanager
def span(
    name: str,
    kind: str = INTERNAL,
    parent: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Iterator[Any]:
    """A span around the block, the parent of spans made inside. ``parent``: continue this carrier.

    Yields OpenTelemetry's span, or None without traces. An exception marks it as failed, with its catalogue reason.
    """
    made = begin(name, kind, parent, attributes)
    try:
        with inside(made):
            yield made
    except BaseException as error:
        fail(made, reason_of(error))
        raise
    finally:
        if made is not None:
            made.end()


def begin(
    name: str,
    kind: str = INTERNAL,
    parent: Mapping[str, str] | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Any:
    """A span that is not the parent of anything by itself; end it with its ``end()``. None without traces."""
    tracer = _current()
    if tracer is None:
        return None
    from opentelemetry.trace import SpanKind

    return tracer.start_span(name, context=_context(parent), kind=SpanKind[kind], attributes=attributes)


@contextmanager
def inside(made: Any) -> Iterator[None]:
    """Make a span of ``begin`` the parent of spans made in the block; it is not ended."""
    if made is None:
        yield
        return
    from opentelemetry import trace

    with trace.use_span(made, record_exception=False, set_status_on_exception=False):
        yield


def fail(made: Any, reason: str) -> None:
    """Mark a span as failed. Messages stay out: they may quote a user's data."""
    if made is not None:
        from opentelemetry.trace import Status, StatusCode

        made.set_attribute("cislex.reason", reason)
        made.set_status(Status(StatusCode.ERROR, reason))


def reason_of(error: BaseException) -> str:
    """The catalogue's reason of an exception, else its class."""
    return getattr(getattr(error, "reason", None), "name", "") or type(error).__name__


def record(name: str, parent: Mapping[str, str] | None, started_at: float, ended_at: float) -> None:
    """A span of the past, by epoch seconds; nothing without a ``parent`` to hang it on."""
    tracer = _current()
    if tracer is not None and parent:
        made = tracer.start_span(name, context=_context(parent), start_time=int(started_at * 1e9))
        made.end(int(ended_at * 1e9))


def carrier() -> Carrier:
    """The current span for somebody else to continue."""
    if _current() is None:
        return {}
    carried: Carrier = {}
    _propagator().inject(carried)
    return carried


def from_metadata(metadata: Iterable[tuple[str, Any]] | None) -> Carrier:
    """What an rpc's metadata carries of a trace."""
    return {key: str(value) for key, value in metadata or () if key in ("traceparent", "tracestate")}


def ids() -> dict[str, str]:
    """``trace_id`` and ``span_id`` of the current span, in hex; empty without one."""
    if _current() is None:
        return {}
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def _current() -> Any:
    """Our tracer; else that of the program, when it set up OpenTelemetry itself."""
    if _tracer is not None:
        return _tracer
    if "opentelemetry.sdk.trace" not in sys.modules:
        return None
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    provider = trace.get_tracer_provider()
    return provider.get_tracer("cislex") if isinstance(provider, TracerProvider) else None


def _propagator() -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator()


def _context(parent: Mapping[str, str] | None) -> Any:
    return _propagator().extract(parent) if parent else None
