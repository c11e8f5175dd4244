"""Where things lie in a bucket, and what a listing of it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cislex_core.manifests import MANIFEST, checked_digest
from cislex_core.stores.bucket import Found


class Listed:
    """What a listing says of one artifact; ``written_at`` is None without a manifest: it is not finished."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.size_bytes = 0
        self.newest_at = 0.0
        self.written_at: float | None = None


def listed(objects: Iterable[Found]) -> Iterator[Listed]:
    """Artifacts, and what is left of unfinished ones, of a listing in the order of keys."""
    current: Listed | None = None
    for item in objects:
        _, _, digest, name = item.key.split("/", 3)
        if current is None or current.digest != digest:
            if current is not None:
                yield current
            current = Listed(digest)
        current.size_bytes += item.size_bytes
        current.newest_at = max(current.newest_at, item.written_at)
        if name == MANIFEST:
            current.written_at = item.written_at
    if current is not None:
        yield current


def artifact_folder(digest: str) -> str:
    """Folder of an artifact."""
    return f"artifacts/{digest[:2]}/{checked_digest(digest)}"


def file_key(digest: str) -> str:
    """Key of a plain file."""
    return f"files/{digest[:2]}/{checked_digest(digest)}"


def written_at(found: list[Found]) -> float:
    """Of the manifest and the file; of an unfinished artifact the newest of all."""
    ends = [item.written_at for item in found if item.key.startswith("files/") or item.key.endswith(f"/{MANIFEST}")]
    return max(ends or [item.written_at for item in found], default=0.0)
