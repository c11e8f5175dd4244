"""Files that arrive in pieces: what came of a broken stream stays for a day, and the next one goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cislex_core.errors import Reason, UserError
from cislex_core.file_locks import take
from cislex_core.manifests import checked_digest

from cislex_runtime.security.quotas import bytes_exceeded

MAX_PIECE_BYTES = 1 << 20


class Upload:
    """One tenant's upload of one file, alone in all processes that share the folder. Close it when done."""

    def __init__(self, folder: Path, tenant: str, digest: str, most_bytes: float) -> None:
        self.digest = checked_digest(digest)
        self.path = place_of(folder, tenant, digest)
        self._tenant = tenant
        self._most_bytes = most_bytes
        fd = take(self.path, wait=False)
        if fd is None:
            raise UserError(Reason.UNAVAILABLE, f"another upload of {digest} is running", digest=digest)
        self._file = open(fd, "ab")  # noqa: SIM115 - open as long as the upload
        self.size_bytes = self.path.stat().st_size

    def add(self, message: Any) -> None:
        """Append a WriteRequest's data. Raises INVALID_REQUEST for another place, QUOTA_EXCEEDED."""
        if message.offset_bytes != self.size_bytes or len(message.data) > MAX_PIECE_BYTES:
            text = f"offset_bytes {message.offset_bytes}, expected {self.size_bytes}; at most 1 MiB of data a message"
            raise UserError(Reason.INVALID_REQUEST, text, field="offset_bytes", expected=self.size_bytes)
        if self.size_bytes + len(message.data) > self._most_bytes:
            raise bytes_exceeded(self._tenant)
        self._file.write(message.data)
        self.size_bytes += len(message.data)

    def flush(self) -> None:
        """Everything that was added can be read at ``path``."""
        self._file.flush()

    def drop(self) -> None:
        """Forget what came."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Keep what came for the next stream; nothing is kept of an upload without a byte."""
        self._file.flush()
        if self.size_bytes == 0:
            self.drop()
        self._file.close()


def place_of(folder: Path, tenant: str, digest: str) -> Path:
    """Where an upload's bytes wait. One for each tenant: nobody learns what another one is sending."""
    return folder / f"{tenant}.{checked_digest(digest)}"
