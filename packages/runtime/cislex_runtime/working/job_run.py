"""What a job does: reads its attempt from the mailbox, runs it, reports, keeps checkpoints and writes the outcome."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.settings import Settings
from cislex_core.stores import Store, open_store

from cislex_runtime.engines.engine import EXIT_STATUS, AttemptSpec, Exit, Outcome
from cislex_runtime.engines.leftovers import kill_group_but_me
from cislex_runtime.engines.mailbox import ATTEMPT, OUTCOME, REPORT, STOP, Mailbox, split_attempt_url
from cislex_runtime.working.attempt import run_attempt
from cislex_runtime.working.checkpoint_sync import CheckpointSync
from cislex_runtime.working.outcomes import outcome_of
from cislex_runtime.working.task_io import WorkerProgress

log = logging.getLogger("cislex.job")
LOOK_EVERY_S = 1.0
"""How often a new report is sent, and ``stop`` looked for."""
BEAT_S = 5.0
"""A report is sent at least so often, as a sign of life."""
CHECKPOINTS_EVERY_S = 5.0
GIVE_UP_S = 600.0
"""How long the start and the end wait for a mailbox that is away."""
T = TypeVar("T")


class Job:
    """One attempt. ``preempt`` may be called from a signal handler."""

    def __init__(self, mailbox: Mailbox, attempt: AttemptSpec, store: Store, folder: Path) -> None:
        checkpoints, scratch = folder / "checkpoints", folder / "scratch"
        checkpoints.mkdir()
        scratch.mkdir()
        self._mailbox = mailbox
        self._attempt = attempt
        self._store = store
        self._progress = WorkerProgress(self._keep, checkpoints, scratch)
        self._checkpoints = CheckpointSync(mailbox, attempt.op_id, attempt.attempt, checkpoints)
        self._report: dict[str, Any] = {"revision": 0, "begun": False, "beat": 0}
        self._lock = threading.Lock()
        self._done = threading.Event()

    @classmethod
    def open(cls, url: str, folder: Path) -> Job:
        """The job of an attempt's URL, with the store and the endpoint of this machine's settings."""
        settings = Settings.from_env()
        box, op_id, number = split_attempt_url(url)
        mailbox = Mailbox(box, settings.store_endpoint)
        value = mailbox.get(f"{op_id}/{number}/{ATTEMPT}")
        if value is None:
            text = f"{url} holds no {ATTEMPT}: the attempt was given up, or this is another mailbox"
            raise UserError(Reason.NOT_FOUND, text, url=url)
        return cls(mailbox, AttemptSpec.from_json(value), open_store(), folder)

    def preempt(self) -> None:
        """End at the next checkpoint; another attempt will go on."""
        self._progress.preempted.set()

    def run(self) -> int:
        """Run to the end; answers the exit status."""
        log.info("%s %s attempt %d", self._attempt.task, self._attempt.op_id, self._attempt.attempt)
        mail = threading.Thread(target=self._mail, name="mail", daemon=True)
        try:
            source = patiently(self._checkpoints.restore)
            if source is not None:
                log.info("going on from the checkpoints of attempt %d", source)
            mail.start()
            outcome = run_attempt(self._attempt, self._store, self._progress, self._begin)
        except Exception as error:
            log.exception("the attempt could not start")
            outcome = outcome_of(error, {})[0]
        self._done.set()
        if mail.ident is not None:
            mail.join()
        outcome = self._keep_checkpoints(outcome)
        patiently(lambda: self._write(outcome))
        log.info("ended: %s", outcome.exit.value)
        return EXIT_STATUS[outcome.exit]

    def _begin(self) -> None:
        with self._lock:
            self._report["begun"] = True
            self._report["revision"] += 1

    def _keep(self, report: dict[str, Any]) -> None:
        with self._lock:
            self._report |= report
            self._report["revision"] += 1

    def _mail(self) -> None:
        sent, sent_at, pushed_at = -1, 0.0, time.monotonic()
        while not self._done.wait(LOOK_EVERY_S):
            try:
                self._look_for_stop()
                self._progress.flush()
                now = time.monotonic()
                if now - pushed_at > CHECKPOINTS_EVERY_S:
                    self._checkpoints.push()
                    pushed_at = now
                with self._lock:
                    due = self._report["revision"] != sent or now - sent_at > BEAT_S
                    self._report["beat"] += due
                    report = dict(self._report)
                if due:
                    self._put(REPORT, report)
                    sent, sent_at = report["revision"], now
            except Exception as error:
                log.warning("the mailbox cannot be used: %s; trying again", error)

    def _look_for_stop(self) -> None:
        box = f"{self._attempt.op_id}/{self._attempt.attempt}"
        names = self._mailbox.list(box)
        if self._progress.cancelled.is_set() or (ATTEMPT in names and STOP not in names):
            return
        # Asked to stop, or nobody waits for this attempt any more.
        grace_s = (self._mailbox.get(f"{box}/{STOP}") or {}).get("grace_s", 10.0)
        self._progress.cancelled.set()
        # A task that does not listen is ended from here: the system's own way may take much longer.
        timer = threading.Timer(grace_s, self._die)
        timer.daemon = True
        timer.start()

    def _die(self) -> None:
        if not self._done.is_set():
            log.error("the task did not stop in time; killing it")
            kill_group_but_me()
            os._exit(128 + signal.SIGKILL)  # a container's first process cannot send itself SIGKILL

    def _keep_checkpoints(self, outcome: Outcome) -> Outcome:
        """Leave the newest state for the next attempt, if there may be one."""
        if outcome.exit not in (Exit.PREEMPTED, Exit.RETRY, Exit.OUT_OF_MEMORY):
            return outcome
        try:
            self._checkpoints.push()
        except Exception as error:  # the next attempt starts from an older state: slower, not wrong
            log.warning("the last checkpoints could not be kept: %s", error)
        return outcome

    def _write(self, outcome: Outcome) -> None:
        """Write the last report and the outcome; whoever wrote one first wins."""
        self._put(REPORT, self._report)
        name = f"{self._attempt.op_id}/{self._attempt.attempt}/{OUTCOME}"
        if not self._mailbox.create(name, outcome.to_json()):
            log.warning("%s was there already: this attempt ran twice", name)

    def _put(self, name: str, value: Any) -> None:
        self._mailbox.put(f"{self._attempt.op_id}/{self._attempt.attempt}/{name}", value)


def patiently(call: Callable[[], T], give_up_s: float = GIVE_UP_S) -> T:
    """Call until it works; the last error is raised after ``give_up_s``. For calls that may be repeated."""
    end = time.monotonic() + give_up_s
    pause = 0.5
    while True:
        try:
            return call()
        except Exception as error:
            if isinstance(error, CislexError) or time.monotonic() > end:
                raise
            log.warning("the mailbox cannot be used: %s; trying again", error)
            time.sleep(pause)
            pause = min(10.0, 2 * pause)
