"""The audit log: every call that changes something and every refusal, in the ledger and as a log line.

Entries are written in batches by a thread, so that no rpc waits for them. The queue is bounded; what does not fit is
in the log all the same, and how many did not reach the ledger is said.
"""

from __future__ import annotations

import logging
import queue
import threading
import time

from cislex_runtime import names
from cislex_runtime.ledger import AuditEntry, Ledger
from cislex_runtime.security.identity import Principal

log = logging.getLogger("cislex.audit")
BATCH = 500
EVERY_S = 0.5
MAX_WAITING = 20_000
MAX_TEXT = 200


class AuditLog:
    """Append-only; ``close`` writes what waits."""

    def __init__(self, ledger: Ledger, max_waiting: int = MAX_WAITING) -> None:
        self._ledger = ledger
        self._waiting: queue.Queue[AuditEntry] = queue.Queue(max_waiting)
        self._stopped = threading.Event()
        self.n_left_out = 0
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def record(self, principal: Principal, method: str, target: str, decision: str, peer: str) -> None:
        """Note one call; never waits, callable from any thread. ``decision``: ``OK`` or the reason of the refusal."""
        entry = AuditEntry(
            id=names.new_id(),
            at=time.time(),
            tenant=principal.tenant or names.tenant_in(target),
            subject=_plain(principal.subject),
            role=principal.role.word,
            method=_plain(method),
            target=_plain(target),
            decision=decision[:60],
            peer=_plain(peer),
        )
        log.info(
            "tenant=%s subject=%r role=%s method=%s target=%r decision=%s peer=%s",
            entry.tenant, entry.subject, entry.role, entry.method, entry.target, entry.decision, entry.peer,
        )  # fmt: skip
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            self.n_left_out += 1

    def close(self) -> None:
        """Write what waits, and end."""
        self._stopped.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        told = 0
        while True:
            last = self._stopped.wait(EVERY_S)
            while batch := self._batch():
                if not self._write(batch):
                    break
            if self.n_left_out > told:
                log.error("%d audit entries stand in this log only: the ledger did not keep up", self.n_left_out - told)
                told = self.n_left_out
            if last:
                return

    def _batch(self) -> list[AuditEntry]:
        batch: list[AuditEntry] = []
        while len(batch) < BATCH:
            try:
                batch.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return batch

    def _write(self, batch: list[AuditEntry]) -> bool:
        try:
            self._ledger.record_audit(batch)
        except Exception as error:
            # The ledger is away or its disk is full: keep them for the next round, as far as there is room.
            log.warning("%d audit entries cannot be written now: %s", len(batch), error)
            for entry in batch:
                try:
                    self._waiting.put_nowait(entry)
                except queue.Full:
                    self.n_left_out += 1
            return False
        return True


def _plain(text: str) -> str:
    """One line of bounded length: what callers wrote must not look like entries of the log."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_TEXT])
