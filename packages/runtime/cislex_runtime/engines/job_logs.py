"""What jobs print, followed into files beside the server's own logs: ``logs/jobs/<job>.log``."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from pathlib import Path
from typing import TextIO

from cislex_runtime.engines.jobs import JobBackend, SystemAwayError

log = logging.getLogger("cislex.engine")
MAX_BYTES = 8 << 20
KEEP_S = 30 * 86_400.0
LAST_LINES = 5
LAST_LETTERS = 600


class JobLogs:
    """One thread per followed job; a log that breaks off is read again from its first line."""

    def __init__(self, backend: JobBackend, folder: Path) -> None:
        self._backend = backend
        self._folder = folder
        self._followed: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._closing = False

    def path(self, name: str) -> Path:
        """Where a job's lines are."""
        return self._folder / f"{name}.log"

    def follow(self, name: str) -> None:
        """Start following a job, unless it is followed already."""
        with self._lock:
            if name in self._followed or self._closing:
                return
            thread = threading.Thread(target=self._follow, args=(name,), name=f"log-{name}", daemon=True)
            self._followed[name] = thread
        thread.start()

    def last_lines(self, name: str) -> str:
        """The end of what was read of a job's log, on one line, for messages; empty when nothing was."""
        try:
            text = self.path(name).read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return " | ".join(line.strip() for line in text.splitlines()[-LAST_LINES:] if line.strip())[-LAST_LETTERS:]

    def forget(self, name: str) -> None:
        """The job is over: its file stays, the rest of what it prints is still read."""
        with self._lock:
            self._followed.pop(name, None)

    def open(self) -> None:
        """Follow jobs (again)."""
        self._closing = False
        self._make_folder()

    def close(self) -> None:
        """Follow no further jobs; threads end with their jobs or with this process."""
        with self._lock:
            self._closing = True
            self._followed.clear()

    def _follow(self, name: str) -> None:
        while not self._closing:
            with contextlib.ExitStack() as stack:
                file: TextIO | None = None

                def write(text: str) -> None:
                    nonlocal file
                    if file is None:  # only now: what another owner wrote stays when there is nothing to read
                        file = stack.enter_context(self.path(name).open("w", encoding="utf-8", errors="replace"))
                    if file.tell() < MAX_BYTES:
                        file.write(text)
                        file.flush()

                try:
                    self._backend.follow(name, write)
                    return
                except SystemAwayError as error:
                    log.debug("the log of %s broke off: %s", name, error)
            time.sleep(5.0)

    def _make_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.glob("*.log"):
            if time.time() - old.stat().st_mtime > KEEP_S:
                old.unlink(missing_ok=True)
