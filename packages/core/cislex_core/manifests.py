"""What an artifact is: an immutable, content-addressed, self-describing folder; and how it is read.

Its ``manifest.json`` lists every file with sha256 and size. Its name is the sha256 of the canonical manifest, so no
time, host or absolute path may stand in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cislex_core.canonical import canonical_json, digest_bytes, digest_file
from cislex_core.errors import CislexError, Reason, UserError

MANIFEST = "manifest.json"


class FileEntry(BaseModel):
    """One file of an artifact; ``path`` is relative, with forward slashes."""

    model_config = ConfigDict(extra="forbid")
    path: str
    sha256: str
    size_bytes: int

    @field_validator("path")
    @classmethod
    def _is_inside(cls, path: str) -> str:
        """Below the artifact's folder on every system, and said in one way only."""
        parts = path.split("/")
        if not path or "\x00" in path or "\\" in path or ":" in parts[0] or {"", ".", ".."} & set(parts):
            raise ValueError(f"{path[:80]!r} is no path within an artifact")
        return path


class Manifest(BaseModel):
    """What an artifact says of itself (docs/formats.md). Every field is hashed."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    format_version: int = 1
    semantics: dict[str, Any] = Field(default_factory=dict)
    files: list[FileEntry] = Field(default_factory=list)
    inputs: dict[str, str] = Field(default_factory=dict)
    spec: dict[str, Any] = Field(default_factory=dict)
    genome_digest: str | None = None
    code_version: str = ""
    tools: dict[str, str] = Field(default_factory=dict)
    seeds: list[int] = Field(default_factory=list)
    summary: dict[str, Any] = Field(default_factory=dict)

    def canonical(self) -> bytes:
        """The bytes that are hashed and stored."""
        return canonical_json(self.model_dump(mode="json"))

    @property
    def total_bytes(self) -> int:
        """Size of all files together."""
        return sum(entry.size_bytes for entry in self.files)


class Artifact:
    """A committed artifact, opened for reading. Each file is verified against the manifest on first use.

    Where the store is not a folder of this machine, ``fetch(entry, again)`` brings a file into ``folder`` when it is
    first asked for; ``again`` is True when the copy there was found to be altered.
    """

    def __init__(
        self, digest: str, folder: Path, manifest: Manifest, fetch: Callable[[FileEntry, bool], None] | None = None
    ) -> None:
        self.digest = digest
        self.folder = folder
        self.manifest = manifest
        self._entries = {entry.path: entry for entry in manifest.files}
        self._verified: set[str] = set()
        self._fetch = fetch

    @property
    def dir(self) -> Path:
        """The folder with all files in it (``path`` fetches only the one it names)."""
        if self._fetch is not None:
            for entry in self.manifest.files:
                self._fetch(entry, False)
        return self.folder

    @property
    def kind(self) -> str:
        """The manifest's kind."""
        return self.manifest.kind

    def entry(self, name: str) -> FileEntry:
        """What the manifest says of a file. Raises NOT_FOUND for a name that it lacks."""
        if name not in self._entries:
            held = ", ".join(sorted(self._entries))
            raise UserError(Reason.NOT_FOUND, f"artifact {self.digest[:16]} has no file {name!r}; it holds {held}")
        return self._entries[name]

    def path(self, name: str) -> Path:
        """Path of a file, verified. Raises NOT_FOUND for a name the manifest lacks, ARTIFACT_CORRUPT on a mismatch."""
        entry = self.entry(name)
        path = self.folder / name
        if name not in self._verified:
            if self._fetch is not None:
                self._fetch(entry, False)
                if not _matches(path, entry):
                    self._fetch(entry, True)
            if _is_link(self.folder, name) or not _matches(path, entry):
                raise CislexError(
                    Reason.ARTIFACT_CORRUPT,
                    f"{name} of artifact {self.digest[:16]} does not match its digest; delete the artifact and "
                    "repeat the operation",
                    artifact=self.digest,
                    file=name,
                )
            self._verified.add(name)
        return path

    def array(self, name: str) -> np.ndarray:
        """A .npy file, memory-mapped read-only."""
        return np.load(self.path(name), mmap_mode="r", allow_pickle=False)

    def table(self, name: str) -> pa.Table:
        """A parquet file."""
        return pq.read_table(self.path(name))

    def json(self, name: str) -> Any:
        """A JSON file."""
        return json.loads(self.path(name).read_text())

    def names(self) -> list[str]:
        """The files' names, in manifest order."""
        return list(self._entries)


def read_manifest(digest: str, data: bytes) -> Manifest:
    """The manifest that ``data`` holds. Raises ARTIFACT_CORRUPT when it is not the one that ``digest`` names."""
    if digest_bytes(data) != digest:
        raise CislexError(Reason.ARTIFACT_CORRUPT, f"the manifest of {digest} was altered", artifact=digest)
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]["msg"]
        raise CislexError(
            Reason.ARTIFACT_CORRUPT, f"the manifest of {digest} cannot be read: {first}", artifact=digest
        ) from None


def list_files(folder: Path) -> list[FileEntry]:
    """All files of a staged folder but its manifest, hashed, by name."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return [FileEntry(path=n, sha256=digest_file(folder / n), size_bytes=(folder / n).stat().st_size)
            for n in names if n != MANIFEST]  # fmt: skip


def checked_digest(digest: str) -> str:
    """The digest itself. Raises INVALID_REQUEST unless it is 64 lower-case hex digits."""
    if len(digest) != 64 or any(c not in "0123456789abcdef" for c in digest):
        raise UserError(Reason.INVALID_REQUEST, f"{digest!r} is not a sha256 in lower-case hex", digest=digest)
    return digest


def _is_link(folder: Path, name: str) -> bool:
    """True when the file, or a folder on the way to it, is a symbolic link: an artifact holds its own bytes only."""
    place = folder
    for part in name.split("/"):
        place = place / part
        if place.is_symlink():
            return True
    return False


def _matches(path: Path, entry: FileEntry) -> bool:
    return path.is_file() and path.stat().st_size == entry.size_bytes and digest_file(path) == entry.sha256
