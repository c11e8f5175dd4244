"""Waiting for changes of operations inside the server: woken by this process's own changes, else by a slow poll."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from cislex_runtime.ledger import Ledger


class Changes:
    """Turns the ledger's change calls (from any thread) into asyncio wake-ups per operation."""

    def __init__(self, ledger: Ledger, poll_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.poll_s = poll_s
        self._closed = False
        ledger.on_change(self._changed)

    def _changed(self, op_id: str) -> None:
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, op_id)

    def _set(self, op_id: str) -> None:
        for event in self._waiting.get(op_id, ()):
            event.set()

    @property
    def closed(self) -> bool:
        """True while the server drains: watchers end."""
        return self._closed

    def close(self) -> None:
        """Wake all waiters for the last time."""
        self._closed = True
        for events in self._waiting.values():
            for event in events:
                event.set()

    def subscribe(self, op_id: str) -> asyncio.Event:
        """An event that is set after each change; give it back with ``unsubscribe``."""
        event = asyncio.Event()
        self._waiting[op_id].add(event)
        return event

    def unsubscribe(self, op_id: str, event: asyncio.Event) -> None:
        """Stop waiting."""
        self._waiting[op_id].discard(event)
        if not self._waiting[op_id]:
            del self._waiting[op_id]

    async def wait(self, event: asyncio.Event, timeout_s: float) -> bool:
        """Wait for news, at most ``timeout_s`` and at most the poll interval; True when there were some."""
        try:
            await asyncio.wait_for(event.wait(), min(timeout_s, self.poll_s))
        except TimeoutError:
            return False
        event.clear()
        return True
