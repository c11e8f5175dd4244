"""Waiting for changes of operations inside the server: woken by this process's own changes, else by a slow poll.

Another process (a service beside this one, another replica) may write the same ledger. One question for all watched
operations together finds what it changed, so a thousand watchers cost one query, not a thousand.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from cislex_core.errors import CislexError

from cislex_runtime.ledger import Ledger

log = logging.getLogger("cislex.watch")


class Changes:
    """Turns the ledger's change calls (from any thread) into asyncio wake-ups per operation."""

    def __init__(self, ledger: Ledger, poll_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._ledger = ledger
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._sequences: dict[str, int] = {}
        self._poll_s = poll_s
        self._closed = False
        ledger.on_change(self._changed)
        self._poller = asyncio.create_task(self._poll())

    def _changed(self, op_id: str) -> None:
        if not self._closed and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, op_id)

    def _set(self, op_id: str) -> None:
        for event in self._waiting.get(op_id, ()):
            event.set()

    async def _poll(self) -> None:
        """Wake who waits for an operation that another process changed."""
        while not self._closed:
            await asyncio.sleep(self._poll_s)
            watched = list(self._waiting)
            if not watched:
                continue
            try:
                found = await asyncio.to_thread(self._ledger.sequences, watched)
            except CislexError as error:
                log.warning("cannot look for news: %s", error.message)
                continue
            for op_id in watched:
                # One that was forgotten is news too: its watchers then hear that it is not there.
                if self._sequences.get(op_id, -1) != found.get(op_id, 0) and op_id in self._waiting:
                    self._sequences[op_id] = found.get(op_id, 0)
                    self._set(op_id)

    @property
    def closed(self) -> bool:
        """True while the server drains: watchers end."""
        return self._closed

    def close(self) -> None:
        """Wake all waiters for the last time."""
        self._closed = True
        self._poller.cancel()
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
            self._sequences.pop(op_id, None)

    async def wait(self, event: asyncio.Event, timeout_s: float) -> bool:
        """Wait for news, at most ``timeout_s``; True when there were some."""
        try:
            await asyncio.wait_for(event.wait(), timeout_s)
        except TimeoutError:
            return False
        event.clear()
        return True
