"""Digests of input files, remembered by (path, size, mtime, inode): a 3 GB genome is hashed once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cislex_core.canonical import digest_file
from cislex_core.errors import Reason, UserError

from cislex_runtime.ledger import Ledger


@dataclass(frozen=True)
class FileFacts:
    """A file as it was when it was hashed."""

    path: Path
    size_bytes: int
    mtime_ns: int
    inode: int
    sha256: str

    def place(self) -> dict[str, Any]:
        """What a worker needs to find it and to see that it did not change."""
        return {
            "path": str(self.path),
            "size_bytes": self.size_bytes,
            "mtime_ns": self.mtime_ns,
            "inode": self.inode,
        }


class FileDigests:
    """The cache, in the ledger. Several requests for one new file hash it once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._busy: dict[Path, threading.Lock] = {}

    def digest(self, path: Path, field: str = "path") -> FileFacts:
        """Facts of a regular file. Raises FILE_NOT_FOUND with the remedy."""
        with self._lock:
            busy = self._busy.setdefault(path, threading.Lock())
        with busy:
            try:
                if not path.is_file():
                    what = "is a folder" if path.is_dir() else "does not exist"
                    raise UserError(Reason.FILE_NOT_FOUND, f"{field}: {path} {what}; check the spelling", path=path)
                while True:
                    before = path.stat()
                    facts = (before.st_size, before.st_mtime_ns, before.st_ino)
                    known = self._ledger.file_digest(str(path), *facts)
                    if known is not None:
                        return FileFacts(path, *facts, known)
                    sha256 = digest_file(path)
                    after = path.stat()
                    if facts == (after.st_size, after.st_mtime_ns, after.st_ino):
                        break
            except PermissionError as error:
                raise UserError(
                    Reason.FILE_NOT_FOUND, f"{field}: {path} may not be read by this user ({error.strerror})", path=path
                ) from error
            self._ledger.remember_file(str(path), *facts, sha256)
            return FileFacts(path, *facts, sha256)
