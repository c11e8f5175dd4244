"""One rpc as it is seen from outside: its latency, its span, and what its log lines are about."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import grpc

from cislex_runtime import names
from cislex_runtime.telemetry import logs, metrics, tracing

_WATCH = "OperationEvents/WatchOperation"
_QUIET = ("/grpc.health.", "/grpc.reflection.")


@contextmanager
def observed(method: str, request: Any, context: grpc.aio.ServicerContext, stream: bool = False) -> Iterator[None]:
    """Around the whole handling of one rpc, refusals included. Health and reflection are left out."""
    if method.startswith(_QUIET):
        yield
        return
    name = method.removeprefix("/")
    target = getattr(request, "name", "") or getattr(request, "parent", "") or ""
    tenant, request_id = names.tenant_in(target), getattr(request, "request_id", "")
    span = _begin(name, tenant, context)
    began = time.perf_counter()
    if name.endswith(_WATCH):
        metrics.count_watch(1)
    code = "OK"
    try:
        # A stream's body runs in its reader's context, where it must not leave a span behind.
        with logs.about(tenant=tenant, request_id=request_id), nullcontext() if stream else tracing.inside(span):
            yield
    except GeneratorExit:
        code = "CANCELLED"
        raise
    except BaseException as error:
        code = _code(context, error)
        tracing.fail(span, tracing.reason_of(error) if isinstance(error, Exception) and code == "UNKNOWN" else code)
        raise
    finally:
        if name.endswith(_WATCH):
            metrics.count_watch(-1)
        else:
            metrics.count_rpc(name, code, time.perf_counter() - began)
        if span is not None:
            span.set_attribute("rpc.grpc.status_code", grpc.StatusCode[code].value[0])
            span.end()


def _begin(name: str, tenant: str, context: grpc.aio.ServicerContext) -> Any:
    if not tracing.is_on():
        return None
    service, _, rpc = name.partition("/")
    attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": rpc, "cislex.tenant": tenant}
    parent = tracing.from_metadata(context.invocation_metadata())
    return tracing.begin(name, tracing.SERVER, parent, attributes)


def _code(context: grpc.aio.ServicerContext, error: BaseException) -> str:
    """The status that the caller saw."""
    code = context.code()
    if isinstance(code, grpc.StatusCode) and code is not grpc.StatusCode.OK:
        return code.name
    if isinstance(code, int) and code:
        return next((known.name for known in grpc.StatusCode if known.value[0] == code), "UNKNOWN")
    return "UNKNOWN" if isinstance(error, Exception) else "CANCELLED"
