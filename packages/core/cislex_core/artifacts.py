"""Artifacts: immutable, content-addressed, self-describing folders; and the local store that keeps them.

An artifact is a folder whose ``manifest.json`` lists every file with sha256 and size. Its name is the sha256 of the
canonical manifest, so no time, host or absolute path may stand in it. A write is: temporary folder, fsync, rename;
readers verify. Plain input files live beside artifacts, addressed by the sha256 of their bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from cislex_core.canonical import canonical_json, digest_bytes, digest_file
from cislex_core.errors import CislexError, Reason, UserError

MANIFEST = "manifest.json"


class FileEntry(BaseModel):
    """One file of an artifact; ``path`` is relative, with forward slashes."""

    model_config = ConfigDict(extra="forbid")
    path: str
    sha256: str
    size_bytes: int


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
    """A committed artifact, opened for reading. Each file is verified against the manifest on first use."""

    def __init__(self, digest: str, folder: Path, manifest: Manifest) -> None:
        self.digest = digest
        self.dir = folder
        self.manifest = manifest
        self._entries = {entry.path: entry for entry in manifest.files}
        self._verified: set[str] = set()

    @property
    def kind(self) -> str:
        """The manifest's kind."""
        return self.manifest.kind

    def path(self, name: str) -> Path:
        """Path of a file, verified. Raises NOT_FOUND for a name the manifest lacks, ARTIFACT_CORRUPT on a mismatch."""
        entry = self._entries.get(name)
        if entry is None:
            held = ", ".join(sorted(self._entries))
            raise UserError(Reason.NOT_FOUND, f"artifact {self.digest[:16]} has no file {name!r}; it holds {held}")
        path = self.dir / name
        if name not in self._verified:
            if not path.is_file() or path.stat().st_size != entry.size_bytes or digest_file(path) != entry.sha256:
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


class LocalStore:
    """A store in a folder: ``artifacts/ab/<sha256>/``, ``files/ab/<sha256>`` and ``tmp/``."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        for name in ("artifacts", "files", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)

    def stage(self) -> Path:
        """A fresh temporary folder on the store's own file system, so that a commit is one rename."""
        folder = self.root / "tmp" / uuid.uuid4().hex
        folder.mkdir()
        return folder

    def commit_artifact(self, staged: Path, manifest: Manifest) -> Artifact:
        """Hash the staged files into ``manifest.files``, write the manifest, fsync and rename into place.

        Committing the same content twice is allowed and gives the same artifact; the staged copy is removed.
        """
        names = sorted(p.relative_to(staged).as_posix() for p in staged.rglob("*") if p.is_file())
        entries = [FileEntry(path=n, sha256=digest_file(staged / n), size_bytes=(staged / n).stat().st_size)
                   for n in names if n != MANIFEST]  # fmt: skip
        manifest = manifest.model_copy(update={"files": entries})
        data = manifest.canonical()
        digest = digest_bytes(data)
        (staged / MANIFEST).write_bytes(data)
        for name in [*names, MANIFEST]:
            _fsync(staged / name)
        target = self._artifact_dir(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.rename(staged, target)
        except OSError:
            if not (target / MANIFEST).is_file():
                raise
            shutil.rmtree(staged, ignore_errors=True)
        _fsync(target.parent)
        return Artifact(digest, target, manifest)

    def open_artifact(self, digest: str) -> Artifact:
        """Open by full digest; the manifest is checked against its name. Raises ARTIFACT_MISSING, ARTIFACT_CORRUPT."""
        folder = self._artifact_dir(digest)
        try:
            data = (folder / MANIFEST).read_bytes()
        except FileNotFoundError:
            raise UserError(Reason.ARTIFACT_MISSING, f"no artifact {digest} in this store", digest=digest) from None
        if digest_bytes(data) != digest:
            raise CislexError(Reason.ARTIFACT_CORRUPT, f"the manifest of {digest} was altered", artifact=digest)
        return Artifact(digest, folder, Manifest.model_validate_json(data))

    def put_file(self, source: Path, expected_sha256: str = "") -> str:
        """Copy a file in; answers its digest. With ``expected_sha256``, other content is refused."""
        staged = self.root / "tmp" / uuid.uuid4().hex
        shutil.copyfile(source, staged)
        try:
            digest = digest_file(staged)
            if expected_sha256 and digest != expected_sha256:
                raise UserError(
                    Reason.ARTIFACT_CORRUPT, f"{source} has sha256 {digest}, expected {expected_sha256}", got=digest
                )
            target = self._file_path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            _fsync(staged)
            os.replace(staged, target)
            _fsync(target.parent)
        finally:
            staged.unlink(missing_ok=True)
        return digest

    def open_file(self, digest: str) -> Path:
        """Path of a stored file. Raises ARTIFACT_MISSING. Content was verified when it was put."""
        path = self._file_path(digest)
        if not path.is_file():
            raise UserError(Reason.ARTIFACT_MISSING, f"no file {digest} in this store; upload it first", digest=digest)
        return path

    def has(self, digest: str) -> bool:
        """True when the store holds an artifact or a file of this digest."""
        return (self._artifact_dir(digest) / MANIFEST).is_file() or self._file_path(digest).is_file()

    def delete(self, digest: str) -> None:
        """Remove an artifact or file. Absent is fine."""
        folder = self._artifact_dir(digest)
        if folder.is_dir():
            trash = self.root / "tmp" / uuid.uuid4().hex
            os.rename(folder, trash)
            shutil.rmtree(trash, ignore_errors=True)
        self._file_path(digest).unlink(missing_ok=True)

    def artifacts(self) -> list[str]:
        """Digests of all committed artifacts, sorted."""
        return sorted(p.parent.name for p in (self.root / "artifacts").glob(f"*/*/{MANIFEST}"))

    def sweep_temporaries(self, older_than_s: float, now_s: float) -> int:
        """Remove temporaries whose last change is older than ``older_than_s``; answers how many."""
        count = 0
        for path in (self.root / "tmp").iterdir():
            if now_s - path.stat().st_mtime > older_than_s:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                count += 1
        return count

    def _artifact_dir(self, digest: str) -> Path:
        return self.root / "artifacts" / digest[:2] / _checked(digest)

    def _file_path(self, digest: str) -> Path:
        return self.root / "files" / digest[:2] / _checked(digest)


def _checked(digest: str) -> str:
    if len(digest) != 64 or any(c not in "0123456789abcdef" for c in digest):
        raise UserError(Reason.INVALID_REQUEST, f"{digest!r} is not a sha256 in lower-case hex", digest=digest)
    return digest


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
