"""What attempts leave behind: jobs that their system still lists, objects in the mailbox; removed in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

from cislex_runtime.engines.jobs import JobBackend, SystemAwayError
from cislex_runtime.engines.mailbox import Mailbox

#: So long after it should have been killed, an attempt that cannot be stopped is given up; its late result is refused.
ABANDON_S = 30.0
SWEEP_AFTER_S = 30 * 86_400.0


class Leavings:
    """Of one engine. Callable from any thread."""

    def __init__(self, backend: JobBackend, mailbox: Mailbox) -> None:
        self._backend = backend
        self._mailbox = mailbox
        self._doomed: dict[str, float] = {}
        #: Refs whose objects are being removed.
        self._forgotten: set[str] = set()
        self._lock = threading.Lock()

    def add(self, ref: str, job: str) -> None:
        """An ended attempt that nobody asks for any more; ``drop`` and ``remove_jobs`` remove it."""
        with self._lock:
            self._doomed[job] = time.monotonic()
            self._forgotten.add(ref)

    def among(self, refs: Iterable[str]) -> set[str]:
        """Those whose objects are still being removed."""
        with self._lock:
            return self._forgotten.intersection(refs)

    def drop(self, ref: str) -> None:
        """Remove what an attempt has in the mailbox."""
        try:
            self._mailbox.delete(ref)
        finally:
            with self._lock:
                self._forgotten.discard(ref)

    def remove_jobs(self) -> None:
        """Let the system forget jobs that nobody asks for any more; one that does not end by itself is killed."""
        with self._lock:
            doomed = list(self._doomed.items())
        for name, since in doomed:
            try:
                if self._backend.remove(name):
                    with self._lock:
                        del self._doomed[name]
                elif time.monotonic() - since > ABANDON_S:
                    self._backend.stop(name)
                    with self._lock:
                        self._doomed[name] = time.monotonic()
            except SystemAwayError:
                return

    def sweep(self) -> None:
        """Remove what attempts of long ago left: their owner died between the end and ``forget``."""
        newest: dict[str, float] = {}
        for name, entry in self._mailbox.list("").items():
            parts = name.split("/")
            root = "/".join(parts[:2]) if parts[0] == "checkpoints" else parts[0]
            newest[root] = max(newest.get(root, 0.0), entry.modified.timestamp())
        for root, at in newest.items():
            if time.time() - at > SWEEP_AFTER_S:
                self._mailbox.delete(root)
