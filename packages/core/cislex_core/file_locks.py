"""Locks between processes of one machine, by ``flock``: given back when a process dies, whatever kills it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock file, which is made when it is absent, waiting for it; ``shared``: beside other shared holders."""
    fd = take(path, shared=shared)
    assert fd is not None
    try:
        yield
    finally:
        os.close(fd)


def take(path: Path, *, shared: bool = False, wait: bool = True) -> int | None:
    """Lock a file until the descriptor that is answered is closed; None when ``wait`` is False and another holds it."""
    how = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, how)
            # Whoever held it may have removed it: a lock on a file without a name excludes nobody.
            if _same(fd, path):
                return fd
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _same(fd: int, path: Path) -> bool:
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    held = os.fstat(fd)
    return (named.st_dev, named.st_ino) == (held.st_dev, held.st_ino)
