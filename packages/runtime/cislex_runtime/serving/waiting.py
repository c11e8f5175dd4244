"""Where a waiting operation stands: its place in the queue, and whether anybody runs the operations of its service."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from cislex_runtime import states
from cislex_runtime.ledger import Ledger, Operation
from cislex_runtime.owning.owner import Ownership

#: Places are read from the ledger at most this often, however many ask.
CACHE_S = 1.0
#: And at most this part of the time is spent on it: one in so many.
REST = 30


class WaitingRoom:
    """Asked whenever a waiting operation is shown. Callable from any thread."""

    def __init__(self, ledger: Ledger, ownership: Ownership, tasks: Callable[[], Sequence[str]]) -> None:
        self._ledger = ledger
        self._ownership = ownership
        self._tasks = tasks
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._owned: dict[str, bool] = {}
        self._read_at = float("-inf")
        self._took_s = 0.0

    def place(self, operation: Operation) -> int:
        """1 = the next of its weight; 0 = it does not wait, or came a moment ago.

        Up to ``CACHE_S`` old, and older where the queue is so long that reading it takes its time.
        """
        if operation.state not in states.PENDING:
            return 0
        self._refresh(missing=operation.id not in self._places)
        return self._places.get(operation.id, 0)

    def reason(self, operation: Operation) -> str:
        """A word of ops.proto's WaitingReason, without its prefix; empty when the operation does not wait."""
        if operation.state not in states.PENDING:
            return ""
        self._refresh()
        if not self._owned.get(operation.task.partition(".")[0], True):
            return "NO_OWNER"
        # A QUEUED one may carry the reason of an earlier wait.
        return str(operation.snapshot.get("waiting", "")) if operation.state == states.WAITING else ""

    def _refresh(self, missing: bool = False) -> None:
        # An operation that was accepted just now is looked up sooner; a burst of them still reads only now and then.
        wait_s = max(CACHE_S / 10 if missing else CACHE_S, self._took_s * REST)
        if time.monotonic() - self._read_at < wait_s:
            return
        # Who comes while another reads takes what is known; only the very first ones wait.
        if not self._lock.acquire(blocking=self._read_at == float("-inf")):
            return
        try:
            if time.monotonic() - self._read_at >= wait_s:
                self._read()
        finally:
            self._lock.release()

    def _read(self) -> None:
        began = time.monotonic()
        tasks = self._tasks()
        counts = {True: 0, False: 0}
        places = {}
        for op_id, heavy in self._ledger.waiting(tasks):
            counts[heavy] += 1
            places[op_id] = counts[heavy]
        services = {task.partition(".")[0] for task in tasks}
        self._owned = {service: self._ownership.is_owned(service) for service in services}
        self._places = places
        self._read_at = time.monotonic()
        self._took_s = self._read_at - began
