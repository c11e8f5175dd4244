"""Watching an operation with its moves in the queue, which make no events: they are asked for now and then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from cislex_client.exit_codes import CommandError
from cislex_client.operations import OperationView
from cislex_client.session import Session

ASK_EVERY_S = 2.0
_News = asyncio.Queue[tuple[OperationView | None, Exception | None]]


async def watch_with_queue(session: Session, name: str, every_s: float = ASK_EVERY_S) -> AsyncIterator[OperationView]:
    """As ``session.watch``; while the operation waits, also whenever its place or the reason changed."""
    news: _News = asyncio.Queue()
    events = asyncio.create_task(_follow(session, name, news))
    last: OperationView | None = None
    try:
        while True:
            try:
                view, error = await asyncio.wait_for(news.get(), every_s if last is not None and last.waits else None)
            except TimeoutError:
                view, error = await _ask(session, name), None
                # What happened meanwhile is told by its event.
                if view is None or not view.waits or not news.empty() or last is None or _place(view) == _place(last):
                    continue
            if error is not None:
                raise error
            if view is None:
                return
            last = view
            yield view
    finally:
        events.cancel()
        await asyncio.gather(events, return_exceptions=True)


async def _follow(session: Session, name: str, news: _News) -> None:
    """Every event, then the end of the watch."""
    try:
        async for view in session.watch(name):
            await news.put((view, None))
        await news.put((None, None))
    except Exception as error:
        await news.put((None, error))


async def _ask(session: Session, name: str) -> OperationView | None:
    # When the server is away for good, the watch says so.
    with contextlib.suppress(CommandError):
        return await session.get(name)
    return None


def _place(view: OperationView) -> tuple[int, str]:
    return view.queue_position, view.waiting_reason
