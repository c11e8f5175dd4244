"""Local copies of what a store on a network holds, shared by the processes of a machine, about as large as allowed.

Every entry (an artifact's folder, or a file) has a lock file: who uses the entry holds it shared, who evicts it takes
it alone, so what a running task has open stays. The lock file's time of change is when the entry was last used.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from cislex_core.file_locks import locked, take

YOUNG_S = 60.0
"""An entry that was used within this time stays: a server opens at once what it has the path of, and holds no lock."""
_SLACK = 20
"""The folder is measured again when this part of the limit was added."""


class Cache:
    """``holds``: what this process used stays until ``release``; else only while it is being fetched, and YOUNG_S."""

    def __init__(self, root: Path, limit_bytes: int, holds: bool) -> None:
        self.root = root
        self._limit_bytes = limit_bytes
        self._holds = holds
        self._held: dict[str, int] = {}
        self._guard = threading.Lock()
        self._added_bytes = limit_bytes  # measured at the first fetch
        for name in ("artifacts", "files", "tmp", "locks", "uploads"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def temporary(self) -> Path:
        """A fresh name on the cache's file system."""
        return self.root / "tmp" / uuid.uuid4().hex

    def artifact(self, digest: str) -> Path:
        """Where an artifact's files lie, as far as they were fetched."""
        return self.root / "artifacts" / digest[:2] / digest

    def file(self, digest: str) -> Path:
        """Where a plain file lies, if it was fetched."""
        return self.root / "files" / digest[:2] / digest

    def bring(self, digest: str, place: Path, size_bytes: int, load: Callable[[Path], None], again: bool) -> None:
        """See that ``place`` is there, by ``load(temporary)`` when it is not; ``again``: even when it is."""
        with self._using(digest):
            if not again and _has_size(place, size_bytes):
                return
            with locked(self._lock(f"{digest}.fetch")):
                if not again and _has_size(place, size_bytes):
                    return
                temporary = self.temporary()
                try:
                    load(temporary)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(temporary, place)
                finally:
                    temporary.unlink(missing_ok=True)
        self._grew(size_bytes)

    def adopt(self, digest: str, source: Path, place: Path) -> None:
        """Move what was just written to the store into the cache; when it is there already, drop it."""
        size = _size(source)
        with self._using(digest), locked(self._lock(f"{digest}.fetch")):
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.rename(source, place)
            except OSError:  # parts of it were fetched before
                shutil.rmtree(source, ignore_errors=True)
        self._grew(size)

    def drop(self, digest: str) -> None:
        """Forget an entry, unless somebody uses it."""
        fd = take(self._lock(digest), wait=False)
        if fd is not None:
            self._remove(digest)
            os.close(fd)

    def release(self) -> None:
        """Let go of everything that this process held."""
        with self._guard:
            for fd in self._held.values():
                os.close(fd)
            self._held.clear()

    @contextlib.contextmanager
    def _using(self, digest: str) -> Iterator[None]:
        lock = self._lock(digest)
        with self._guard:
            known = digest in self._held
        fd = None if known else take(lock, shared=True)
        with contextlib.suppress(FileNotFoundError):
            os.utime(lock)
        try:
            yield
        finally:
            if fd is not None:
                with self._guard:
                    if self._holds and digest not in self._held:
                        self._held[digest] = fd
                    else:
                        os.close(fd)

    def _lock(self, name: str) -> Path:
        return self.root / "locks" / name

    def _grew(self, size_bytes: int) -> None:
        with self._guard:
            self._added_bytes += size_bytes
            if self._added_bytes * _SLACK < self._limit_bytes:
                return
            self._added_bytes = 0
        self.evict(time.time())

    def evict(self, now_s: float) -> None:
        """Remove entries that nobody uses, the least recently used first, until the rest is within the limit."""
        fd = take(self._lock("evict"), wait=False)
        if fd is None:
            return  # another process is at it
        try:
            entries = [
                (self._used_at(place.name), _size(place), place.name)
                for folder in ("artifacts", "files")
                for place in (self.root / folder).glob("*/*")
            ]
            excess = sum(size for _, size, _ in entries) - self._limit_bytes
            for _, size, digest in sorted(entries):
                if excess > 0 and self._evict(digest, now_s):
                    excess -= size
        finally:
            os.close(fd)

    def _evict(self, digest: str, now_s: float) -> bool:
        used_at = self._used_at(digest)
        lock = self._lock(digest)
        fd = take(lock, wait=False) if now_s - used_at >= YOUNG_S else None
        if fd is None:
            return False
        try:
            if used_at and self._used_at(digest) != used_at:
                return False  # used between the two looks
            self._remove(digest)
            lock.unlink(missing_ok=True)
            self._lock(f"{digest}.fetch").unlink(missing_ok=True)
            return True
        finally:
            os.close(fd)

    def _remove(self, digest: str) -> None:
        trash = self.temporary()
        with contextlib.suppress(FileNotFoundError):
            os.rename(self.artifact(digest), trash)
        shutil.rmtree(trash, ignore_errors=True)
        self.file(digest).unlink(missing_ok=True)

    def _used_at(self, digest: str) -> float:
        try:
            return self._lock(digest).stat().st_mtime
        except FileNotFoundError:
            return 0.0


def _size(place: Path) -> int:
    total = 0
    with contextlib.suppress(FileNotFoundError):
        for path in [place, *place.rglob("*")]:
            if path.is_file():
                total += path.stat().st_size
    return total


def _has_size(place: Path, size_bytes: int) -> bool:
    try:
        return place.stat().st_size == size_bytes
    except FileNotFoundError:
        return False
