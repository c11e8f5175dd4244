"""The store in a bucket of an S3-compatible server, with local copies of what is read.

    artifacts/<ab>/<digest>/<file>   an artifact's files, then its manifest.json, which makes it visible
    files/<ab>/<digest>              plain files
    uploads/<id>                     what clients send through presigned URLs, until it is checked
    locks/<digest>                   a deletion that is under way
    collector                        which ledger's collector may delete here

Committing and deleting the same content may meet, and S3 has no transaction. So a deletion puts its lock first and then
looks how old the content is; a commit writes the manifest (again) first and then looks for a lock, waits for its end,
and looks whether all of it is there. One of the two sees the other.
"""

from __future__ import annotations

import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

from cislex_core.canonical import digest_bytes, digest_file
from cislex_core.errors import CislexError, Reason, RetryableError, UserError
from cislex_core.manifests import MANIFEST, Artifact, FileEntry, Manifest, checked_digest, list_files, read_manifest
from cislex_core.stores.bucket import Bucket
from cislex_core.stores.cache import Cache
from cislex_core.stores.deletions import CLOCK_SKEW_S, Deletions
from cislex_core.stores.layout import artifact_folder, file_key, listed, written_at
from cislex_core.stores.local import sweep_folder
from cislex_core.stores.multipart import abort_old_uploads
from cislex_core.stores.port import PresignedUpload, Stored

PATIENCE_S = 30.0
_TRIES = 5
_HEADS_AT_ONCE = 16
_UPLOAD_ID = re.compile(r"^[0-9a-f]{32}$")


class S3Store:
    """See ``Store``. ``cache_dir`` is made, and may be shared by processes of one machine."""

    def __init__(
        self, bucket: str, prefix: str = "", *, cache_dir: Path, cache_bytes: int = 50 << 30, endpoint: str = "",
        public_endpoint: str = "", holds: bool = True, patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        self._bucket = Bucket(bucket, prefix, endpoint, public_endpoint, patience_s)
        self._deletions = Deletions(self._bucket)
        self._cache = Cache(cache_dir, cache_bytes, holds)

    @property
    def url(self) -> str:
        """``s3://bucket/prefix``, with the endpoint where it is not Amazon's."""
        bucket = self._bucket
        query = f"?endpoint={quote(bucket.endpoint, safe='')}" if bucket.endpoint else ""
        return f"s3://{bucket.name}/{bucket.prefix}{query}"

    @property
    def uploads(self) -> Path:
        """Unfinished uploads through this server."""
        return self._cache.root / "uploads"

    # ---- artifacts ----------------------------------------------------------------------------------------------

    def stage(self) -> Path:
        """A fresh folder beside the cache, so that what is committed need not be fetched again."""
        folder = self._cache.temporary()
        folder.mkdir()
        return folder

    def commit_artifact(self, staged: Path, manifest: Manifest) -> Artifact:
        """Send the files, then the manifest; whatever breaks before leaves nothing that can be seen."""
        manifest = manifest.model_copy(update={"files": list_files(staged)})
        data = manifest.canonical()
        digest = digest_bytes(data)
        (staged / MANIFEST).write_bytes(data)
        base = artifact_folder(digest)
        sizes = {f"{base}/{entry.path}": entry.size_bytes for entry in manifest.files}
        for _ in range(_TRIES):
            there = self._sizes(base)
            for key, size in sizes.items():
                if there.get(key) != size:
                    self._bucket.put(key, staged / key.removeprefix(f"{base}/"))
            if not self._bucket.create(f"{base}/{MANIFEST}", data):
                self._bucket.put(f"{base}/{MANIFEST}", data)  # counts as written now, so that it is not collected
            self._deletions.wait(digest)
            if self._sizes(base) == sizes | {f"{base}/{MANIFEST}": len(data)}:
                break
        else:
            raise RetryableError(Reason.UNAVAILABLE, f"artifact {digest[:16]} is deleted as often as it is written")
        self._cache.adopt(digest, staged, self._cache.artifact(digest))
        return self._artifact(digest, manifest)

    def open_artifact(self, digest: str) -> Artifact:
        """Fetch and check the manifest; files are fetched when they are asked for."""
        data = self._bucket.get(f"{artifact_folder(digest)}/{MANIFEST}")
        if data is None:
            raise UserError(Reason.ARTIFACT_MISSING, f"no artifact {digest} in this store", digest=digest)
        manifest = read_manifest(digest, data)
        place = self._cache.artifact(digest) / MANIFEST
        self._cache.bring(digest, place, len(data), lambda target: _write(target, data), False)
        return self._artifact(digest, manifest)

    def inputs_of(self, digest: str) -> list[str]:
        """Inputs of an artifact; none for anything else."""
        data = self._bucket.get(f"{artifact_folder(digest)}/{MANIFEST}")
        return [] if data is None else list(read_manifest(digest, data).inputs.values())

    def artifacts(self) -> list[str]:
        """Digests of all committed artifacts, sorted."""
        return sorted(item.digest for item in listed(self._bucket.list("artifacts")) if item.written_at is not None)

    def _artifact(self, digest: str, manifest: Manifest) -> Artifact:
        folder = self._cache.artifact(digest)

        def fetch(entry: FileEntry, again: bool) -> None:
            key = f"{artifact_folder(digest)}/{entry.path}"
            self._fetch(digest, key, folder / entry.path, entry.sha256, entry.size_bytes, again)

        return Artifact(digest, folder, manifest, fetch)

    # ---- plain files ------------------------------------------------------------------------------------------------

    def put_file(self, source: Path, expected_sha256: str = "") -> str:
        """Send a file. A copy is taken first: what is sent is what was hashed."""
        staged = self._cache.temporary()
        shutil.copyfile(source, staged)
        try:
            digest = digest_file(staged)
            if expected_sha256 and digest != expected_sha256:
                raise _differs(str(source), digest, expected_sha256)
            self._make_file(digest, staged.stat().st_size, lambda key: self._bucket.put(key, staged))
            self._cache.adopt(digest, staged, self._cache.file(digest))
        finally:
            staged.unlink(missing_ok=True)
        return digest

    def open_file(self, digest: str) -> Path:
        """A local copy, checked when it was fetched."""
        place = self._cache.file(checked_digest(digest))
        size = self.file_size(digest)
        if size is None:
            raise UserError(Reason.ARTIFACT_MISSING, f"no file {digest} in this store; upload it first", digest=digest)
        self._fetch(digest, file_key(digest), place, digest, size, False)
        return place

    def file_size(self, digest: str) -> int | None:
        """Bytes of a stored file; None when there is none."""
        found = self._bucket.head(file_key(digest))
        return found.size_bytes if found is not None else None

    def _make_file(self, digest: str, size: int, write: Callable[[str], None]) -> None:
        for _ in range(_TRIES):
            write(file_key(digest))
            self._deletions.wait(digest)
            if self.file_size(digest) == size:
                return
        raise RetryableError(Reason.UNAVAILABLE, f"file {digest[:16]} is deleted as often as it is written")

    # ---- both -------------------------------------------------------------------------------------------------------

    def has(self, digest: str) -> bool:
        """True when the store holds an artifact or a file of this digest."""
        manifest = f"{artifact_folder(digest)}/{MANIFEST}"
        return self._bucket.head(manifest) is not None or self._bucket.head(file_key(digest)) is not None

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Those that the store does not hold; several are asked for at once."""
        with ThreadPoolExecutor(_HEADS_AT_ONCE) as pool:
            return [digest for digest, held in zip(digests, pool.map(self.has, digests), strict=True) if not held]

    def confirm(self, digest: str) -> bool:
        """As ``has``, after any deletion that is under way."""
        self._deletions.wait(digest)
        return self.has(digest)

    def delete(
        self, digest: str, *, unless_written_since: float | None = None, only_if: Callable[[], bool] | None = None
    ) -> bool:
        """Remove an artifact or file; see ``Store.delete``. Also the files of an artifact that was never finished."""
        with self._deletions.announced(digest) as until:
            if until is None:
                return False
            found = list(self._bucket.list(artifact_folder(digest)))
            found += filter(None, [self._bucket.head(file_key(digest))])
            if unless_written_since is not None and written_at(found) > unless_written_since - CLOCK_SKEW_S:
                return False
            if (only_if is not None and not only_if()) or time.monotonic() > until:
                return False
            self._bucket.delete(item.key for item in found if item.key.endswith(f"/{MANIFEST}"))
            self._bucket.delete(item.key for item in found)
        self._cache.drop(digest)
        return True

    def contents(self) -> Iterator[Stored]:
        """Everything that is visible."""
        for item in listed(self._bucket.list("artifacts")):
            if item.written_at is not None:
                yield Stored(item.digest, True, item.size_bytes, item.written_at)
        for file in self._bucket.list("files"):
            yield Stored(file.key.rpartition("/")[2], False, file.size_bytes, file.written_at)

    def sweep_temporaries(self, older_than_s: float, now_s: float) -> int:
        """Remove old local temporaries, uploads, artifacts without a manifest, and multipart uploads without an end."""
        count = sum(sweep_folder(self._cache.root / name, older_than_s, now_s) for name in ("tmp", "uploads"))
        limit = now_s - older_than_s
        old = [item.key for item in self._bucket.list("uploads") if item.written_at < limit]
        self._bucket.delete(old)
        for item in list(listed(self._bucket.list("artifacts"))):
            if item.written_at is None and item.newest_at < limit:
                count += self.delete(item.digest, unless_written_since=limit)
        return count + len(old) + abort_old_uploads(self._bucket, limit)

    def claim(self, owner: str) -> bool:
        """True when ``owner`` is the one whose collector may delete here: the first that ever asked."""
        self._bucket.create("collector", owner.encode())
        return self._bucket.get("collector") == owner.encode()

    def check(self) -> None:
        """Raise when the bucket cannot be listed."""
        next(self._bucket.list("locks"), None)

    def release(self) -> None:
        """Local copies that this process used may be evicted."""
        self._cache.release()

    # ---- presigned URLs ---------------------------------------------------------------------------------------------

    def presign_upload(self, expires_s: float) -> PresignedUpload:
        """A URL for one object below ``uploads/``, which nobody reads before it is checked."""
        upload_id = uuid.uuid4().hex
        return PresignedUpload(self._bucket.sign("PUT", f"uploads/{upload_id}", expires_s), upload_id)

    def finish_upload(self, upload_id: str, sha256: str, size_bytes: int) -> None:
        """Check what was sent and make it a file."""
        if not _UPLOAD_ID.match(upload_id):
            text = f"upload_id {upload_id!r} was not given by CreateUpload"
            raise UserError(Reason.INVALID_REQUEST, text, field="upload_id")
        sent, taken = f"uploads/{upload_id}", f"uploads/{upload_id}.taken"
        found = self._bucket.head(sent)
        if found is None:
            text = f"nothing was sent for {sha256}: PUT the bytes to the URL of CreateUpload first"
            raise UserError(Reason.ARTIFACT_MISSING, text, digest=sha256)
        try:
            if found.size_bytes != size_bytes:
                raise _differs(f"the upload of {found.size_bytes} bytes", "?", f"{sha256} and {size_bytes} bytes")
            # The URL may still be used: what is checked must be out of its reach.
            self._bucket.copy(sent, taken)
            digest = self._bucket.digest(taken)
            if digest != sha256:
                raise _differs("the upload", digest, sha256)
            self._make_file(digest, size_bytes, lambda key: self._bucket.copy(taken, key))
        finally:
            self._bucket.delete([sent, taken])

    def presign_download(self, digest: str, name: str, expires_s: float) -> str:
        """A URL of one object."""
        return self._bucket.sign("GET", f"{artifact_folder(digest)}/{name}" if name else file_key(digest), expires_s)

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _fetch(self, digest: str, key: str, place: Path, sha256: str, size: int, again: bool) -> None:
        def load(target: Path) -> None:
            try:
                got = self._bucket.download(key, target)
            except FileNotFoundError:
                text = f"{key} is gone from the store; repeat the operation that made it, or upload it again"
                raise UserError(Reason.ARTIFACT_MISSING, text, digest=digest) from None
            if got != sha256:
                raise CislexError(
                    Reason.ARTIFACT_CORRUPT,
                    f"{key} in the store does not match its digest; delete it and repeat the operation or the upload",
                    artifact=digest, file=key,
                )  # fmt: skip

        self._cache.bring(digest, place, size, load, again)

    def _sizes(self, base: str) -> dict[str, int]:
        return {item.key: item.size_bytes for item in self._bucket.list(base)}


def _write(target: Path, data: bytes) -> None:
    target.write_bytes(data)


def _differs(what: str, got: str, expected: str) -> UserError:
    return UserError(Reason.ARTIFACT_CORRUPT, f"{what} has sha256 {got}, expected {expected}", got=got)
