"""What every store can do. ``LocalStore`` (a folder) and ``S3Store`` (a bucket) pass one suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cislex_core.manifests import Artifact, Manifest


@dataclass(frozen=True)
class Stored:
    """One thing that a store holds: an artifact or a plain file."""

    digest: str
    is_artifact: bool
    size_bytes: int
    written_at: float
    """When it was last committed or put (again), UTC epoch seconds by the store's clock."""


@dataclass(frozen=True)
class PresignedUpload:
    """Where a client may send the bytes of one file, once, without a key of the store. Never log ``url``."""

    url: str
    upload_id: str


class Store(Protocol):
    """Immutable, content-addressed artifacts and files. Safe for use from many threads and processes.

    A store on a network raises RetryableError(UNAVAILABLE) when it cannot be reached or answers 5xx, and
    UserError(STORE_REFUSED), with the remedy, when bucket, keys or rights are wrong.
    """

    @property
    def url(self) -> str:
        """What ``open_store`` takes to open this store in another process: a path, or ``s3://…``. Holds no secret."""

    @property
    def uploads(self) -> Path:
        """Local folder for uploads that are not complete; kept for a day."""

    def stage(self) -> Path:
        """A fresh folder to write an artifact in; the store's to move or remove."""

    def commit_artifact(self, staged: Path, manifest: Manifest) -> Artifact:
        """Make the staged files an artifact, all of it or nothing; the staged folder is gone afterwards.

        Committing the same content again is allowed and answers the same artifact; it then counts as written now.
        """

    def open_artifact(self, digest: str) -> Artifact:
        """Open by full digest. Raises ARTIFACT_MISSING, ARTIFACT_CORRUPT."""

    def inputs_of(self, digest: str) -> list[str]:
        """Digests that an artifact's manifest gives as its inputs; none for a file, or what the store lacks."""

    def put_file(self, source: Path, expected_sha256: str = "") -> str:
        """Copy a file in; answers its digest. With ``expected_sha256``, other content is refused (ARTIFACT_CORRUPT)."""

    def open_file(self, digest: str) -> Path:
        """Local path of a stored file, read-only. Raises ARTIFACT_MISSING."""

    def file_size(self, digest: str) -> int | None:
        """Bytes of a stored file, without fetching it; None when the store has no file of this digest."""

    def has(self, digest: str) -> bool:
        """True when the store holds an artifact or a file of this digest."""

    def missing(self, digests: Sequence[str]) -> list[str]:
        """Those that the store does not hold, in the order given."""

    def confirm(self, digest: str) -> bool:
        """As ``has``, after any deletion of it that is under way. What was named before is not collected after this."""

    def delete(
        self, digest: str, *, unless_written_since: float | None = None, only_if: Callable[[], bool] | None = None
    ) -> bool:
        """Remove an artifact or file; answers whether it is gone (absent is fine).

        Nothing is removed when it was written (again) since ``unless_written_since``, or when ``only_if`` answers
        False; both are asked while nobody can commit or confirm the same content.
        """

    def artifacts(self) -> list[str]:
        """Digests of all committed artifacts, sorted."""

    def contents(self) -> Iterator[Stored]:
        """Everything that is visible."""

    def sweep_temporaries(self, older_than_s: float, now_s: float) -> int:
        """Remove what broken writes and uploads left and what is older than that; answers how many things."""

    def claim(self, owner: str) -> bool:
        """True when ``owner`` (a ledger's id) may collect what nothing refers to here: the first that ever asked.

        A collector knows only its own ledger's references, so a second ledger on the same store must not delete.
        """

    def check(self) -> None:
        """Raise when the store cannot be used now."""

    def release(self) -> None:
        """A task ended: local copies that this process used may be dropped."""

    def presign_upload(self, expires_s: float) -> PresignedUpload:
        """A URL that takes one PUT within ``expires_s``. Raises NO_PRESIGNED_URLS where the store has none."""

    def finish_upload(self, upload_id: str, sha256: str, size_bytes: int) -> None:
        """Check what was sent and make it a file. Raises ARTIFACT_MISSING (nothing came), ARTIFACT_CORRUPT."""

    def presign_download(self, digest: str, name: str, expires_s: float) -> str:
        """A URL that answers GETs of a file (``name`` empty) or of an artifact's file within ``expires_s``."""
