"""Checkpoints of a job, kept in the mailbox so that the next attempt goes on from them on any node.

Each attempt writes below ``checkpoints/<op>/<n>/`` only: files under names of their own, then ``index.json`` that says
which of them are the state. The index is one object, so a reader sees a whole state; and an attempt that was given up
but still runs somewhere cannot touch what a later one wrote. The newest attempt that has an index counts.
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from cislex_runtime.engines.mailbox import Mailbox

INDEX = "index.json"
#: (size, mtime, inode) of each file.
State = dict[str, tuple[int, int, int]]


class CheckpointSync:
    """Copies the folder of one attempt to the mailbox when it changed."""

    def __init__(self, mailbox: Mailbox, op_id: str, attempt: int, folder: Path) -> None:
        self._mailbox = mailbox
        self._root = f"checkpoints/{op_id}"
        self._attempt = attempt
        self._folder = folder
        self._seen: State = {}
        self._blobs: dict[str, str] = {}
        self._first = True

    def restore(self) -> int | None:
        """Fill the folder from the newest attempt before this one; answers its number, None when there is none.

        That attempt may still be writing: when a file is gone its index is read again.
        """
        for _ in range(5):
            numbers = {int(name.split("/")[0]) for name in self._mailbox.list(self._root) if name.endswith("/" + INDEX)}
            source = max((n for n in numbers if n <= self._attempt), default=None)
            if source is None:
                return None
            index = self._mailbox.get(f"{self._root}/{source}/{INDEX}")
            try:
                for name, blob in (index or {}).get("files", {}).items():
                    self._fetch(f"{self._root}/{source}/{blob}", name)
            except FileNotFoundError:
                shutil.rmtree(self._folder)
                self._folder.mkdir()
                continue
            return source
        raise OSError(f"the checkpoints below {self._root} change faster than they can be read")

    def push(self) -> bool:
        """Copy what changed since the last push; False when nothing did or the task was just writing.

        A state counts only if no file changed while it was copied: it then stood on the disk just so.
        """
        before = self._look()
        if before == self._seen:
            return False
        blobs = {name: self._blobs[name] for name in before if self._seen.get(name) == before[name]}
        fresh: dict[str, str] = {}
        for name in before.keys() - blobs.keys():
            fresh[name] = uuid.uuid4().hex
            try:
                self._mailbox.upload(f"{self._root}/{self._attempt}/{fresh[name]}", self._folder / name)
            except FileNotFoundError:
                break
        if self._look() != before:
            self._drop(list(fresh.values()))
            return False
        blobs |= fresh
        self._mailbox.put(f"{self._root}/{self._attempt}/{INDEX}", {"files": blobs})
        old = [blob for blob in self._blobs.values() if blob not in blobs.values()]
        self._seen, self._blobs = before, blobs
        self._drop(old)
        if self._first:
            self._first = False
            self._drop_earlier_attempts()
        return True

    def _fetch(self, source: str, name: str) -> None:
        target = (self._folder / name).resolve()
        if not target.is_relative_to(self._folder.resolve()):
            raise ValueError(f"the checkpoint {name!r} leads out of its folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(target.name + ".part")
        self._mailbox.download(source, temporary)
        os.replace(temporary, target)

    def _look(self) -> State:
        found = {}
        for path in self._folder.rglob("*"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # replaced just now: the second look will differ
            if path.is_file():
                found[path.relative_to(self._folder).as_posix()] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        return found

    def _drop(self, blobs: list[str]) -> None:
        for blob in blobs:
            self._mailbox.remove(f"{self._root}/{self._attempt}/{blob}")

    def _drop_earlier_attempts(self) -> None:
        numbers = {int(name.split("/")[0]) for name in self._mailbox.list(self._root)}
        for number in numbers:
            if number < self._attempt:
                self._mailbox.delete(f"{self._root}/{number}")
