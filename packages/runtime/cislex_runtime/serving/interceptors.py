"""One interceptor for all rpcs: the gate, a log id, the deadline, and catalogue errors instead of exceptions."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from cislex_core.errors import CislexError, Reason
from grpc_status import rpc_status

from cislex_runtime.security.gate import Gate
from cislex_runtime.serving.observed import observed
from cislex_runtime.serving.status import fit_trailers, to_status

log = logging.getLogger("cislex.rpc")


class Guard(grpc.aio.ServerInterceptor):
    """Lets rpcs through the gate and turns what a servicer raises into google.rpc.Status; gives unary rpcs without a
    deadline a default one."""

    def __init__(self, default_deadline_s: float, gate: Gate) -> None:
        self._deadline_s = default_deadline_s
        self._gate = gate

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        """Wrap the handler, whatever its service; what no service answers is gRPC's UNIMPLEMENTED."""
        handler = await continuation(details)
        if handler is None:
            return None
        method = details.method
        codecs = (handler.request_deserializer, handler.response_serializer)
        if handler.request_streaming and handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(self._streaming(method, handler.stream_stream), *codecs)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(self._streaming(method, handler.unary_stream), *codecs)
        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(method, handler.stream_unary, deadline=False), *codecs
            )
        return grpc.unary_unary_rpc_method_handler(self._unary(method, handler.unary_unary, deadline=True), *codecs)

    def _unary(self, method: str, behaviour: Any, deadline: bool) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
            began = time.monotonic()
            with observed(method, request, context):
                try:
                    async with self._gate.passing(method, request, context, unary=deadline) as entry:
                        asked = entry.checked(request) if hasattr(request, "__aiter__") else request
                        if deadline and context.time_remaining() is None:
                            async with asyncio.timeout(self._deadline_s):
                                answer = await behaviour(asked, context)
                        else:
                            answer = await behaviour(asked, context)
                        entry.answered(answer)
                except Exception as error:
                    await self._abort(method, context, error)
                    raise
            log.debug("%s %.1f ms request_id=%s", method, 1e3 * (time.monotonic() - began), _request_id(request))
            return answer

        return call

    def _streaming(self, method: str, behaviour: Any) -> Any:
        if not inspect.isasyncgenfunction(behaviour):
            # One that writes its answers through the context (health's Watch): to us as one that answers nothing.
            return self._unary(method, behaviour, deadline=False)

        async def call(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            with observed(method, request, context, stream=True):
                try:
                    async with self._gate.passing(method, request, context, unary=False) as entry:
                        asked = entry.checked(request) if hasattr(request, "__aiter__") else request
                        async for item in behaviour(asked, context):
                            yield item
                except Exception as error:
                    await self._abort(method, context, error)
                    raise

        return call

    async def _abort(self, method: str, context: grpc.aio.ServicerContext, error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            return
        if isinstance(error, TimeoutError):
            text = f"no answer within {self._deadline_s:.0f} s, the default deadline; set a longer one"
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, text)
        if isinstance(error, CislexError):
            known = error
            log.info("%s %s: %s", method, error.reason.name, error.message)
        else:
            log_id = uuid.uuid4().hex[:12]
            log.exception("%s failed; log id %s", method, log_id, exc_info=error)
            text = f"a defect of the server; its log entry {log_id} has the details"
            known = CislexError(Reason.INTERNAL, text, log_id=log_id)
        await context.abort_with_status(rpc_status.to_status(to_status(fit_trailers(known))))


def _request_id(request: Any) -> str:
    return getattr(request, "request_id", "") or "-"
