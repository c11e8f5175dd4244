"""How long a client asks again while its server is away: the one place that retries."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import grpc

from cislex_runtime.calling.problem import RpcProblem

OnAway = Callable[[int], Awaitable[None]]
"""Called before each new try with the number of failures in a row, e.g. to start a local server again."""

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0


class Patience:
    """Of one call or stream. Asking again is right since every request carries its id or changes nothing."""

    def __init__(self, seconds: float, on_away: OnAway | None = None) -> None:
        self._seconds = seconds
        self._on_away = on_away
        self._failures = 0
        self._since = 0.0

    def heard(self) -> None:
        """The server spoke: patience is whole again."""
        self._failures = 0

    async def endure(self, error: grpc.RpcError, at_most_s: float | None = None) -> None:
        """Pause (doubling, at most ``at_most_s``) when the server is away; raise RpcProblem for every other error, and
        when it stayed away for too long."""
        now = time.monotonic()
        if self._failures == 0:
            self._since = now
        self._failures += 1
        if error.code() is not grpc.StatusCode.UNAVAILABLE or now - self._since >= self._seconds:
            raise RpcProblem.from_rpc(error) from None
        pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (self._failures - 1))
        await asyncio.sleep(pause if at_most_s is None else max(0.0, min(pause, at_most_s)))
        if self._on_away is not None:
            await self._on_away(self._failures)
