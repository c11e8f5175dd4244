"""ctrl-C: the first one detaches and says how to come back, a second one asks to cancel.

After the first, the program lingers for ``GRACE_S`` so that a second can be meant; work on the server goes on in any
case until a cancel request is sent.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")
GRACE_S = 3.0


class Detached(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user stopped watching."""


class CancelAsked(Exception):  # noqa: N818 - not an error: the user asked for it
    """The user asked, with a second ctrl-C, that the work be cancelled."""


def grace_s() -> float:
    """Seconds to wait for a second ctrl-C (``CISLEX_DETACH_GRACE_S``, default 3)."""
    try:
        return max(0.0, float(os.environ.get("CISLEX_DETACH_GRACE_S", GRACE_S)))
    except ValueError:
        return GRACE_S


async def watch_interrupts(work: Awaitable[T], on_first: Callable[[], None]) -> T:
    """Await ``work``; on ctrl-C (or SIGTERM) stop watching it.

    Calls ``on_first`` at once, then raises Detached after the grace time, or CancelAsked at a second ctrl-C. The
    awaitable is cancelled here; the operations on the server are not.
    """
    loop = asyncio.get_running_loop()
    pressed: asyncio.Queue[int] = asyncio.Queue()
    handled: list[signal.Signals] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, pressed.put_nowait, int(number))
            handled.append(number)
        except (NotImplementedError, RuntimeError, ValueError):
            # Not the main thread (tests, notebooks): ctrl-C stays Python's.
            break
    task: asyncio.Future[Any] = asyncio.ensure_future(work)
    first = asyncio.ensure_future(pressed.get())
    try:
        await asyncio.wait({task, first}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        on_first()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        try:
            await asyncio.wait_for(pressed.get(), grace_s())
        except TimeoutError:
            raise Detached from None
        raise CancelAsked
    finally:
        first.cancel()
        if not task.done():
            task.cancel()
        for number in handled:
            loop.remove_signal_handler(number)
