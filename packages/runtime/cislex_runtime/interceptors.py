"""One interceptor for all rpcs: a log id, the deadline, and catalogue errors instead of exceptions."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
from cislex_core.errors import CislexError, Reason
from grpc_status import rpc_status

from cislex_runtime.status import fit_trailers, to_status

log = logging.getLogger("cislex.rpc")


class Guard(grpc.aio.ServerInterceptor):
    """Turns what a servicer raises into google.rpc.Status; gives unary rpcs without a deadline a default one."""

    def __init__(self, default_deadline_s: float) -> None:
        self._deadline_s = default_deadline_s

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: grpc.HandlerCallDetails
    ) -> Any:
        """Wrap the handler of our own services; health and reflection pass as they are."""
        handler = await continuation(details)
        method = details.method
        if handler is None or method.startswith(("/grpc.health.", "/grpc.reflection.")):
            return handler
        if handler.response_streaming:
            if handler.request_streaming:
                return handler
            return grpc.unary_stream_rpc_method_handler(
                self._streaming(method, handler.unary_stream),
                handler.request_deserializer,
                handler.response_serializer,
            )
        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(
                self._unary(method, handler.stream_unary, deadline=False),
                handler.request_deserializer,
                handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            self._unary(method, handler.unary_unary, deadline=True),
            handler.request_deserializer,
            handler.response_serializer,
        )

    def _unary(self, method: str, behaviour: Any, deadline: bool) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext) -> Any:
            began = time.monotonic()
            try:
                if deadline and context.time_remaining() is None:
                    async with asyncio.timeout(self._deadline_s):
                        answer = await behaviour(request, context)
                else:
                    answer = await behaviour(request, context)
            except Exception as error:
                await self._abort(method, context, error)
                raise
            log.debug("%s %.1f ms request_id=%s", method, 1e3 * (time.monotonic() - began), _request_id(request))
            return answer

        return call

    def _streaming(self, method: str, behaviour: Any) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            try:
                async for item in behaviour(request, context):
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
