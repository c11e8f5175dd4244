"""The mailbox: objects through which an engine and the jobs on other machines speak, in a folder or an S3 bucket.

    <op>/<n>/attempt.json     what to do (AttemptSpec); gone = nobody waits for this attempt any more
    <op>/<n>/submitted        the engine gave the job to its system
    <op>/<n>/report.json      the job's newest report; written again every few seconds as a sign of life
    <op>/<n>/stop             the engine asks the job to stop
    <op>/<n>/outcome.json     how it ended; created once: the first to write it wins
    checkpoints/<op>/<n>/…    what attempt n left for the next one (``checkpoint_sync``)

Every write is whole: readers see the old object or the new one.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

READ_TIMEOUT = timedelta(seconds=30)
ATTEMPT, SUBMITTED, REPORT, STOP, OUTCOME = "attempt.json", "submitted", "report.json", "stop", "outcome.json"


@dataclass(frozen=True)
class Entry:
    """An object of the mailbox; ``tag`` changes with its content."""

    tag: str
    size_bytes: int
    modified: datetime


class Mailbox:
    """Objects below one URL, ``file:///folder`` or ``s3://bucket/prefix`` (keys and region from ``AWS_*``)."""

    def __init__(self, url: str, endpoint: str = "") -> None:
        """``endpoint``: URL of an S3 server that is not Amazon's."""
        self.url = url.rstrip("/")
        self._store = _open(self.url, endpoint)

    def create(self, name: str, value: Any) -> bool:
        """Write a JSON object unless there is one of this name; False when there was."""
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(self._store, name, _bytes(value), mode="create")
        except AlreadyExistsError:
            return False
        return True

    def put(self, name: str, value: Any) -> None:
        """Write a JSON object over what was there."""
        import obstore

        obstore.put(self._store, name, _bytes(value))

    def get(self, name: str) -> Any:
        """A JSON object; None when it is not there."""
        import obstore

        try:
            return json.loads(bytes(obstore.get(self._store, name).bytes()))
        except FileNotFoundError:
            return None

    def list(self, prefix: str) -> dict[str, Entry]:
        """Objects below ``prefix`` (a folder; empty: all), by name relative to it."""
        import obstore

        found = {}
        for batch in obstore.list(self._store, prefix=prefix or None):
            for item in batch:
                name = item["path"].removeprefix(prefix + "/")
                found[name] = Entry(item["e_tag"] or "", item["size"], item["last_modified"])
        return found

    def delete(self, prefix: str) -> None:
        """Remove all objects below ``prefix``; none is fine."""
        for name in self.list(prefix):
            self.remove(f"{prefix}/{name}")

    def remove(self, name: str) -> None:
        """Remove one object; absent is fine."""
        import obstore

        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, name)

    def upload(self, name: str, source: Path) -> None:
        """Write a file's bytes."""
        import obstore

        obstore.put(self._store, name, source)

    def download(self, name: str, target: Path) -> None:
        """Read an object into a file. FileNotFoundError when it is not there."""
        import obstore

        with open(target, "wb") as file:
            for chunk in obstore.get(self._store, name).stream():
                file.write(chunk)


def default_url(settings: Any) -> str:
    """The mailbox of these settings: as named, else beside an S3 store, else a folder under home."""
    if settings.mailbox_url:
        return str(settings.mailbox_url)
    if settings.store_url:
        return f"{settings.store_url.partition('?')[0].rstrip('/')}/mailbox"
    return (settings.home / "mailbox").absolute().as_uri()


def split_attempt_url(url: str) -> tuple[str, str, int]:
    """(mailbox url, operation, attempt) of ``<mailbox url>/<op>/<n>``."""
    box, _, number = url.rstrip("/").rpartition("/")
    box, _, op_id = box.rpartition("/")
    if not (box and op_id and number.isdigit()):
        raise ValueError(f"{url!r} is not <mailbox url>/<operation>/<attempt number>")
    return box, op_id, int(number)


def _bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def _open(url: str, endpoint: str) -> Any:
    from obstore.store import from_url

    if url.startswith("file://"):
        return from_url(url, mkdir=True)
    if not url.startswith("s3://"):
        raise ValueError(f"the mailbox {url!r} is neither file:///path nor s3://bucket/prefix")
    options: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    client: Any = {
        "connect_timeout": timedelta(seconds=5),
        "timeout": timedelta(hours=1),  # of a whole checkpoint
        "read_timeout": READ_TIMEOUT,
    }
    if endpoint.startswith("http://"):
        client["allow_http"] = True
    # Whoever uses a mailbox asks again by itself, and must not hang meanwhile.
    retry: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
    return from_url(url, client_options=client, retry_config=retry, **options)
