"""A value read from files that may change under a running server: certificates, tokens, quotas."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from cislex_core.errors import CislexError

log = logging.getLogger("cislex.security")
T = TypeVar("T")


class Reloaded(Generic[T]):
    """Read once at the start, where an error is the operator's to see; later whenever a file's time, size or inode
    changed. What cannot be read then is logged once and the last good value stays: a half-written file must not lock
    everybody out. Callable from any thread.
    """

    def __init__(self, what: str, paths: Sequence[Path], read: Callable[[], T]) -> None:
        self._what = what
        self._paths = list(paths)
        self._read = read
        self._lock = threading.Lock()
        self._seen = self._facts()
        self._value = read()

    def get(self) -> T:
        """The value of the files as they are now."""
        return self.look()[0]

    def look(self) -> tuple[T, bool]:
        """(the value, whether this look read it anew)."""
        facts = self._facts()
        if facts == self._seen:
            return self._value, False
        with self._lock:
            if facts == self._seen:
                return self._value, False
            try:
                self._value = self._read()
            except (CislexError, OSError) as error:
                log.error("%s changed and cannot be used, the former ones stay: %s", self._what, error)
                self._seen = facts
                return self._value, False
            self._seen = facts
        log.info("%s were read again", self._what)
        return self._value, True

    def _facts(self) -> list[tuple[int, int, int] | None]:
        found: list[tuple[int, int, int] | None] = []
        for path in self._paths:
            try:
                facts = path.stat()
                found.append((facts.st_mtime_ns, facts.st_size, facts.st_ino))
            except OSError:
                found.append(None)
        return found
