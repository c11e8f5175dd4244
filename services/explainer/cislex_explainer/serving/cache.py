"""A few open models: the least recently used go first when their files together are larger than allowed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Weighted(Protocol):
    """Something with a size."""

    @property
    def weight_bytes(self) -> int:
        """Its size."""


T = TypeVar("T", bound=Weighted)


class OpenOnes(Generic[T]):
    """Thread-safe. What is in use stays alive after it left the cache, as long as it is used."""

    def __init__(self, open_one: Callable[[str], T], most_bytes: int) -> None:
        self._open_one = open_one
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, T] = OrderedDict()
        self._gates: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> T:
        """The open one; opened once, however many ask at the same time. What opening raises is raised and not kept."""
        with self._lock:
            if (found := self._look(key)) is not None:
                return found
            gate = self._gates.setdefault(key, threading.Lock())
        with gate:
            with self._lock:
                if (found := self._look(key)) is not None:
                    return found
            try:
                made = self._open_one(key)
                with self._lock:
                    self._held[key] = made
                    self._shrink()
                return made
            finally:
                with self._lock:
                    self._gates.pop(key, None)

    @property
    def keys(self) -> list[str]:
        """What is held, the least recently used first."""
        with self._lock:
            return list(self._held)

    def _look(self, key: str) -> T | None:
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def _shrink(self) -> None:
        while len(self._held) > 1 and sum(one.weight_bytes for one in self._held.values()) > self._most_bytes:
            self._held.popitem(last=False)
