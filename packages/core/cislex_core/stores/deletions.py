"""Deletions in a bucket announce themselves, so that a commit of the same content can wait for their end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from cislex_core.manifests import checked_digest
from cislex_core.stores.bucket import Bucket

CLOCK_SKEW_S = 300.0
"""How far the server's clock may be from ours."""
STALE_S = 600.0
"""A deletion takes less; a lock that is older was left by a process that died."""
_LOOK_EVERY_S = 0.2


class Deletions:
    """Locks of a bucket: objects ``locks/<digest>``."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @contextlib.contextmanager
    def announced(self, digest: str) -> Iterator[float | None]:
        """Hold the lock; answers until when (monotonic) one may delete, None when another process holds it."""
        key = _key(digest)
        end = time.monotonic() + STALE_S / 2
        if not self._bucket.create(key, b""):
            if self._is_announced(digest):
                yield None
                return
            self._bucket.put(key, b"")
        try:
            yield end
        finally:
            self._bucket.delete([key])

    def wait(self, digest: str) -> None:
        """Wait until no deletion of it is under way."""
        end = time.monotonic() + STALE_S
        while self._is_announced(digest) and time.monotonic() < end:
            time.sleep(_LOOK_EVERY_S)

    def _is_announced(self, digest: str) -> bool:
        lock = self._bucket.head(_key(digest))
        return lock is not None and abs(time.time() - lock.written_at) < STALE_S + CLOCK_SKEW_S


def _key(digest: str) -> str:
    return f"locks/{checked_digest(digest)}"
