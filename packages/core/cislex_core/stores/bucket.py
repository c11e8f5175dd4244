"""A bucket of an S3-compatible server, through obstore: few verbs, typed errors, checksums on the way in and out.

Keys, region and further settings come from ``AWS_*`` (obstore reads them itself). What is sent carries a sha256
checksum, each part of a multipart upload its own, which the server compares (``AWS_CHECKSUM_ALGORITHM``: another one).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store as ObstoreS3

from cislex_core.errors import CislexError, Reason, RetryableError, UserError, first_line

PART_BYTES = 16 << 20
"""Files above this go in parts; S3 takes 10,000 of them."""
READ_TIMEOUT_S = 60.0
"""For so long a server may be silent within a request."""
_PARTS_AT_ONCE = 4
_READ_BYTES = 8 << 20
_REFUSALS = ("NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
             "AuthorizationHeaderMalformed", "incorrectly configured region", "PermanentRedirect")  # fmt: skip
_DENIED = re.compile(r"status code: 40[13]\b")
_RIGHTS = "s3:GetObject, PutObject, DeleteObject, ListBucket, AbortMultipartUpload and ListBucketMultipartUploads"


@dataclass(frozen=True)
class Found:
    """An object as a listing tells it; ``written_at``: UTC epoch seconds by the server's clock."""

    key: str
    size_bytes: int
    written_at: float


class Bucket:
    """Objects below ``prefix`` of one bucket. ``patience_s``: for how long a request is tried again on 5xx."""

    def __init__(self, name: str, prefix: str, endpoint: str, public_endpoint: str, patience_s: float) -> None:
        self.name = name
        self.prefix = prefix
        self.endpoint = endpoint
        self._patience_s = patience_s
        self._objects = self._connect(endpoint)
        self._signer = self._connect(public_endpoint) if public_endpoint else self._objects

    def _connect(self, endpoint: str) -> ObstoreS3:
        config: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        if "AWS_CHECKSUM_ALGORITHM" not in os.environ:
            config["checksum_algorithm"] = "SHA256"
        client: dict[str, Any] = {
            "connect_timeout": timedelta(seconds=5),
            # Of a whole request: a large file takes long, and that nothing arrives any more is seen by the other one.
            "timeout": timedelta(hours=2),
            "read_timeout": timedelta(seconds=READ_TIMEOUT_S),
        }
        if endpoint.startswith("http://"):
            client["allow_http"] = True
        retry: dict[str, Any] = {
            "max_retries": 100,
            "retry_timeout": timedelta(seconds=self._patience_s),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2},
        }
        with self._typed():
            return ObstoreS3(self.name, prefix=self.prefix or None, client_options=client, retry_config=retry, **config)  # type: ignore[arg-type]

    def put(self, key: str, content: bytes | Path) -> None:
        """Write an object, whatever was there; all of it or nothing."""
        with self._typed():
            obstore.put(self._objects, key, content, chunk_size=PART_BYTES, max_concurrency=_PARTS_AT_ONCE)

    def create(self, key: str, content: bytes) -> bool:
        """Write an object unless there is one (``If-None-Match: *``); False when there is."""
        with self._typed():
            try:
                obstore.put(self._objects, key, content, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def get(self, key: str) -> bytes | None:
        """The bytes of a small object, or None."""
        try:
            with self._typed():
                return bytes(obstore.get(self._objects, key).bytes())
        except FileNotFoundError:
            return None

    def read(self, key: str) -> Iterator[bytes]:
        """The bytes of an object in chunks. Raises FileNotFoundError."""
        with self._typed():
            yield from (bytes(part) for part in obstore.get(self._objects, key).stream(_READ_BYTES))

    def download(self, key: str, place: Path) -> str:
        """Copy an object to a local file; answers the sha256 of what arrived. Raises FileNotFoundError."""
        sha = hashlib.sha256()
        with open(place, "wb") as out:
            for part in self.read(key):
                sha.update(part)
                out.write(part)
        return sha.hexdigest()

    def digest(self, key: str) -> str:
        """sha256 of an object's bytes. Raises FileNotFoundError."""
        sha = hashlib.sha256()
        for part in self.read(key):
            sha.update(part)
        return sha.hexdigest()

    def head(self, key: str) -> Found | None:
        """Size and time of an object, or None."""
        try:
            with self._typed():
                return _found(obstore.head(self._objects, key))
        except FileNotFoundError:
            return None

    def list(self, folder: str) -> Iterator[Found]:
        """All objects below a folder."""
        with self._typed():
            for batch in obstore.list(self._objects, folder, chunk_size=1000):
                yield from map(_found, batch)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; absent ones are fine."""
        names = list(keys)
        with self._typed(), contextlib.suppress(FileNotFoundError):
            if names:
                obstore.delete(self._objects, names)

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the server. Raises FileNotFoundError."""
        with self._typed():
            obstore.copy(self._objects, source, target)

    def sign(self, method: Literal["GET", "PUT"], key: str, expires_s: float) -> str:
        """A URL that allows one method on one object for a while, by which clients reach the server."""
        with self._typed():
            return obstore.sign(self._signer, method, key, timedelta(seconds=expires_s))

    @contextlib.contextmanager
    def _typed(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._refused("there is no such bucket", "make it, or correct CISLEX_STORE_URL") from None
            raise
        except BaseError as error:
            text = str(error)
            denied = isinstance(error, (PermissionDeniedError, UnauthenticatedError)) or _DENIED.search(text)
            if denied or any(word in text for word in _REFUSALS):
                remedy = f"check CISLEX_STORE_URL, CISLEX_STORE_ENDPOINT, and the keys (AWS_*), which need {_RIGHTS}"
                raise self._refused(_first_line(error), remedy) from error
            hint = " (no keys were found in AWS_*, so this machine's own were asked for)" * ("169.254." in text)
            raise RetryableError(
                Reason.UNAVAILABLE, f"the store {self._where} cannot be used now: {_first_line(error)}{hint}"
            ) from error

    def _refused(self, what: str, remedy: str) -> CislexError:
        return UserError(Reason.STORE_REFUSED, f"the store {self._where}: {what}; {remedy}", store=self._where)

    @property
    def _where(self) -> str:
        return f"s3://{self.name}/{self.prefix}" + (f" at {self.endpoint}" if self.endpoint else "")


def _found(meta: Any) -> Found:
    return Found(meta["path"], meta["size"], meta["last_modified"].timestamp())


def _first_line(error: Exception) -> str:
    return first_line(error).removeprefix("Generic S3 error: ").strip()
