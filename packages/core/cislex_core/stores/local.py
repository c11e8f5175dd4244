"""The store in a folder, which keeps artifacts (``manifests``) and plain input files.

A write is: temporary folder, fsync, rename; readers verify. Plain input files live beside artifacts, addressed by the
sha256 of their bytes. Other stores: ``cislex_core.stores``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from cislex_core.canonical import digest_bytes, digest_file
from cislex_core.errors import Reason, UserError
from cislex_core.file_locks import locked
from cislex_core.manifests import MANIFEST, Artifact, Manifest, checked_digest, list_files, read_manifest
from cislex_core.stores.port import PresignedUpload, Stored


class LocalStore:
    """A store in a folder: ``artifacts/ab/<sha256>/``, ``files/ab/<sha256>`` and ``tmp/``."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        for name in ("artifacts", "files", "tmp"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        # Shared by who commits or confirms, alone by who deletes: an artifact that is committed again is not collected.
        self._lock = self.root / "lock"

    @property
    def url(self) -> str:
        """The folder's absolute path."""
        return os.path.abspath(self.root)

    @property
    def uploads(self) -> Path:
        """Unfinished uploads."""
        folder = self.root / "uploads"
        folder.mkdir(exist_ok=True)
        return folder

    def stage(self) -> Path:
        """A fresh temporary folder on the store's own file system, so that a commit is one rename."""
        folder = self.root / "tmp" / uuid.uuid4().hex
        folder.mkdir()
        return folder

    def commit_artifact(self, staged: Path, manifest: Manifest) -> Artifact:
        """Hash the staged files into ``manifest.files``, write the manifest, fsync and rename into place.

        Committing the same content twice is allowed and gives the same artifact; the staged copy is removed.
        """
        manifest = manifest.model_copy(update={"files": list_files(staged)})
        data = manifest.canonical()
        digest = digest_bytes(data)
        (staged / MANIFEST).write_bytes(data)
        for name in [*(entry.path for entry in manifest.files), MANIFEST]:
            _fsync(staged / name)
        target = self._artifact_dir(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(self._lock, shared=True):
            try:
                os.rename(staged, target)
            except OSError:
                if not (target / MANIFEST).is_file():
                    raise
                os.utime(target / MANIFEST)
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
        return Artifact(digest, folder, read_manifest(digest, data))

    def inputs_of(self, digest: str) -> list[str]:
        """Inputs of an artifact; none for anything else."""
        try:
            data = (self._artifact_dir(digest) / MANIFEST).read_bytes()
        except FileNotFoundError:
            return []
        return list(read_manifest(digest, data).inputs.values())

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
            with locked(self._lock, shared=True):
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

    def file_size(self, digest: str) -> int | None:
        """Bytes of a stored file; None when there is none."""
        try:
            return self._file_path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def has(self, digest: str) -> bool:
        """True when the store holds an artifact or a file of this digest."""
        return (self._artifact_dir(digest) / MANIFEST).is_file() or self._file_path(digest).is_file()

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Those that the store does not hold."""
        return [digest for digest in digests if not self.has(digest)]

    def confirm(self, digest: str) -> bool:
        """As ``has``, after any deletion that is under way."""
        with locked(self._lock, shared=True):
            return self.has(digest)

    def delete(
        self, digest: str, *, unless_written_since: float | None = None, only_if: Callable[[], bool] | None = None
    ) -> bool:
        """Remove an artifact or file; see ``Store.delete``."""
        folder, file = self._artifact_dir(digest), self._file_path(digest)
        trash = self.root / "tmp" / uuid.uuid4().hex
        with locked(self._lock):
            times = [place.stat().st_mtime for place in (folder / MANIFEST, file) if place.exists()]
            if unless_written_since is not None and max(times, default=0.0) >= unless_written_since:
                return False
            if only_if is not None and not only_if():
                return False
            if folder.is_dir():
                os.rename(folder, trash)
            file.unlink(missing_ok=True)
        shutil.rmtree(trash, ignore_errors=True)
        return True

    def artifacts(self) -> list[str]:
        """Digests of all committed artifacts, sorted."""
        return sorted(p.parent.name for p in (self.root / "artifacts").glob(f"*/*/{MANIFEST}"))

    def contents(self) -> Iterator[Stored]:
        """Everything that is visible."""
        from cislex_core.stores.port import Stored

        for manifest in (self.root / "artifacts").glob(f"*/*/{MANIFEST}"):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                size = sum(path.stat().st_size for path in manifest.parent.rglob("*") if path.is_file())
                yield Stored(manifest.parent.name, True, size, manifest.stat().st_mtime)
        for file in (self.root / "files").glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                yield Stored(file.name, False, file.stat().st_size, file.stat().st_mtime)

    def sweep_temporaries(self, older_than_s: float, now_s: float) -> int:
        """Remove temporaries and uploads whose last change is older than ``older_than_s``; answers how many."""
        return sweep_folder(self.root / "tmp", older_than_s, now_s) + sweep_folder(self.uploads, older_than_s, now_s)

    def claim(self, owner: str) -> bool:
        """True when ``owner`` may collect here; see ``Store.claim``."""
        mark = self.root / "collector"
        with locked(self._lock):
            if not mark.exists():
                mark.write_text(owner)
            return mark.read_text() == owner

    def check(self) -> None:
        """Raise OSError when the folder is gone."""
        if not (self.root / "tmp").is_dir():
            raise OSError(f"the store {self.root} is gone")

    def release(self) -> None:
        """Nothing is held."""

    def presign_upload(self, expires_s: float) -> PresignedUpload:
        """Raises NO_PRESIGNED_URLS."""
        _no_urls()

    def finish_upload(self, upload_id: str, sha256: str, size_bytes: int) -> None:
        """Raises NO_PRESIGNED_URLS."""
        _no_urls()

    def presign_download(self, digest: str, name: str, expires_s: float) -> str:
        """Raises NO_PRESIGNED_URLS."""
        _no_urls()

    def _artifact_dir(self, digest: str) -> Path:
        return self.root / "artifacts" / digest[:2] / checked_digest(digest)

    def _file_path(self, digest: str) -> Path:
        return self.root / "files" / digest[:2] / checked_digest(digest)


def sweep_folder(folder: Path, older_than_s: float, now_s: float) -> int:
    """Remove what lies in a folder and was not changed for so long; answers how many things."""
    count = 0
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # finished or swept by another process meanwhile
            if now_s - path.stat().st_mtime > older_than_s:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                count += 1
    return count


def _no_urls() -> NoReturn:
    raise UserError(
        Reason.NO_PRESIGNED_URLS,
        "this server keeps its store in a folder, which has no presigned URLs; use Read and Write",
    )


def _fsync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
