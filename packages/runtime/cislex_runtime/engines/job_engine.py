"""An engine over any system that runs one process per attempt; it and its jobs speak through the mailbox.

The system says whether a job waits, runs or ended; the mailbox says what it reports and how it ended. Nothing is kept
in this process that cannot be read again: another owner, after a hand-over or a restart, adopts what runs.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from cislex_core.errors import CislexError, RetryableError, first_line
from cislex_core.stores import Store
from cislex_core.tasks import InputRef

from cislex_runtime.engines.engine import AttemptSpec, Capacity, Exit, Observation, Outcome, Phase
from cislex_runtime.engines.followed import Followed, Judge, Mail, read_mail
from cislex_runtime.engines.job_logs import JobLogs
from cislex_runtime.engines.jobs import Job, JobBackend, JobStatus, SystemAwayError, job_name
from cislex_runtime.engines.leavings import ABANDON_S, Leavings
from cislex_runtime.engines.mailbox import ATTEMPT, STOP, SUBMITTED, Mailbox
from cislex_runtime.specs import find_info, may_use_gpu
from cislex_runtime.working.outcomes import outcome_of
from cislex_runtime.working.task_io import WorkerInputs

log = logging.getLogger("cislex.engine")
POLL_S = 1.0
LONGEST_RETRY_S = 10.0
_UNKNOWN = Observation(Phase.LOST, counted=False, detail="it was never started")


class JobEngine:
    """See :class:`cislex_runtime.engines.engine.Engine`."""

    no_cuda: bool

    def __init__(
        self,
        backend: JobBackend,
        mailbox: Mailbox,
        store: Store,
        logs: Path,
        max_heavy: int = 16,
        max_light: int = 32,
        env: Mapping[str, str] | None = None,
        poll_s: float = POLL_S,
    ) -> None:
        """``logs``: folder for what the jobs print; ``env``: what every job gets beside what its system gives it."""
        self.name = backend.name
        self.gpus = backend.gpus
        self.no_cuda = backend.gpus == 0
        self.backend = backend
        self._mailbox = mailbox
        self._store = store
        self._logs = JobLogs(backend, logs)
        self._max_heavy, self._max_light = max_heavy, max_light
        self._env = dict(env or {})
        self._poll_s = poll_s
        self._runs: dict[str, Followed] = {}
        self._judge = Judge(self.name, self._logs)
        self._leavings = Leavings(backend, mailbox)
        self._lock = threading.RLock()
        self._wake: Callable[[], None] = lambda: None
        self._news = threading.Event()
        self._closing = threading.Event()
        self.away = ""
        self._senders: ThreadPoolExecutor
        self._readers: ThreadPoolExecutor
        self._poller: threading.Thread

    # ---- the port ---------------------------------------------------------------------------------------------

    def start(self, wake: Callable[[], None]) -> None:
        """Start looking. What a former owner left running is adopted when it is asked for (``observe``)."""
        self._wake = wake
        self._runs.clear()
        self._logs.open()
        self._closing = threading.Event()
        self._senders = ThreadPoolExecutor(4, thread_name_prefix="send-job")
        self._readers = ThreadPoolExecutor(8, thread_name_prefix="read-job")
        self._poller = threading.Thread(target=self._poll, name="jobs", daemon=True)
        self._poller.start()
        self._later(self._leavings.sweep)

    def submit(self, attempt: AttemptSpec) -> str:
        """Take an attempt; it is handed to the system in the background, and again until the system took it."""
        with self._lock:
            if attempt.ref in self._runs:
                return attempt.ref
            if not self.capacity().takes(attempt.heavy):
                raise RuntimeError(f"no free slot for {attempt.ref}")
            name = job_name(attempt.op_id, attempt.attempt)
            run = Followed(attempt.ref, name, attempt.heavy, Observation(Phase.INITIALIZING))
            self._runs[attempt.ref] = run
        self._senders.submit(self._send, run, attempt)
        return attempt.ref

    def observe(self, refs: Iterable[str]) -> Mapping[str, Observation]:
        """State of attempts as last seen; one that this process does not follow is looked for and adopted."""
        refs = list(refs)
        with self._lock:
            answer = dict.fromkeys(self._leavings.among(refs), _UNKNOWN)
            strangers = [ref for ref in refs if ref not in self._runs and ref not in answer]
        if strangers:
            answer |= self._adopt(strangers)
        with self._lock:
            for ref in refs:
                run = self._runs.get(ref)
                if run is not None:
                    answer[ref] = replace(run.observation, silent_s=run.silent_s, idle_s=run.idle_s)
        return answer

    def stop(self, ref: str, grace_s: float) -> None:
        """Leave a ``stop`` object for the job; after the grace the system kills it."""
        with self._lock:
            run = self._runs.get(ref)
            if run is None or run.over:
                return
            # One that still waits for a place has nothing to stop gracefully.
            deadline = time.monotonic() + (0.0 if run.observation.phase is Phase.PENDING else grace_s)
            if run.stop_at is not None and run.stop_at <= deadline:
                return
            first, run.stop_at = run.stop_at is None, deadline
            if not run.submitted and not run.sending:
                self._end(run, Outcome(Exit.CANCELLED))
                return
        if first:
            self._later(lambda: self._mailbox.put(f"{run.ref}/{STOP}", {"grace_s": grace_s}))
        self._news.set()

    def forget(self, ref: str) -> None:
        """Drop an ended attempt, its objects and its job."""
        with self._lock:
            run = self._runs.get(ref)
            if run is None or not run.over:
                return
            del self._runs[ref]
            self._leavings.add(ref, run.name)
        self._logs.forget(run.name)
        self._later(lambda: self._leavings.drop(ref))

    def capacity(self) -> Capacity:
        """What the settings allow, less what is in flight. Light attempts take heavy places when theirs are full."""
        with self._lock:
            going = [run.heavy for run in self._runs.values() if not run.over]
        heavy, light = sum(going), len(going) - sum(going)
        spilled = max(0, light - self._max_light)
        return Capacity(heavy=max(0, self._max_heavy - heavy - spilled), light=max(0, self._max_light - light))

    def clear(self, op_id: str) -> None:
        """Drop an operation's checkpoints and whatever its attempts left."""
        self._later(lambda: self._mailbox.delete(f"checkpoints/{op_id}"))
        self._later(lambda: self._mailbox.delete(op_id))

    def check(self) -> None:
        """Raise when the system or the mailbox cannot be used."""
        self.backend.check()
        self._mailbox.get("nothing")

    def close(self, grace_s: float) -> None:
        """Stop looking. The jobs run on: the next owner adopts them."""
        self._closing.set()
        self._news.set()
        self._senders.shutdown(wait=False, cancel_futures=True)
        self._poller.join(timeout=grace_s + 5)
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._logs.close()

    # ---- handing over -----------------------------------------------------------------------------------------

    def _send(self, run: Followed, attempt: AttemptSpec) -> None:
        """Store the input files, write the attempt, start the job; repeated until each has worked."""
        closing, pause = self._closing, 0.5
        while not closing.is_set():
            with self._lock:
                if run.over:
                    return  # stopped before it was handed over
                run.sending = True
            try:
                self._hand_over(run, attempt)
                break
            except Exception as error:
                if isinstance(error, CislexError) and not isinstance(error, RetryableError):
                    self._end(run, outcome_of(error, {})[0])
                    return
                if isinstance(error, SystemAwayError):
                    self.away = str(error)
                else:
                    log.warning("%s could not be handed to %s: %s; trying again", run.ref, self.name, error)
                with self._lock:
                    run.sending = False
                    run.see(phase=Phase.PENDING, message=f"waiting for {self.name}: {first_line(error)[:300]}")
                    if run.stop_at is not None:
                        self._end(run, Outcome(Exit.CANCELLED))
                self._wake()
                closing.wait(pause)
                pause = min(LONGEST_RETRY_S, 2 * pause)
        self._news.set()

    def _hand_over(self, run: Followed, attempt: AttemptSpec) -> None:
        # Paths of this machine mean nothing elsewhere: what the task reads by path goes into the store.
        inputs = WorkerInputs(self._store, attempt.files)
        for digest in attempt.files:
            if not self._store.has(digest):
                self._store.put_file(inputs.file(InputRef(sha256=digest)), digest)
        attempt = replace(attempt, files={})
        self._mailbox.create(f"{run.ref}/{ATTEMPT}", attempt.to_json())
        self.backend.submit(self._job(run, attempt))
        self._mailbox.put(f"{run.ref}/{SUBMITTED}", {})
        with self._lock:
            run.submitted, run.sending = True, False

    def _job(self, run: Followed, attempt: AttemptSpec) -> Job:
        gpu = self.gpus > 0 and may_use_gpu(find_info(attempt.task), attempt.spec)
        url = f"{self._mailbox.url}/{run.ref}"
        labels = {"operation": attempt.op_id, "attempt": str(attempt.attempt), "tenant": attempt.tenant}
        arguments = ("-m", "cislex_runtime.working.job", "--attempt", url)
        return Job(run.name, arguments, self._env, attempt.heavy, gpu, labels)

    # ---- adopting ---------------------------------------------------------------------------------------------

    def _adopt(self, refs: list[str]) -> dict[str, Observation]:
        """Follow attempts that another owner started; answers those that cannot be followed."""
        unsure = Observation(Phase.INITIALIZING)
        answer: dict[str, Observation] = {}
        names = {ref: job_name(*_split(ref)) for ref in refs}
        known: Mapping[str, JobStatus] | None = None
        with contextlib.suppress(SystemAwayError):
            known = self.backend.status(names.values())
        for ref, name in names.items():
            try:
                value = self._mailbox.get(f"{ref}/{ATTEMPT}")
                mail = read_mail(self._mailbox, ref, "")
            except Exception as error:
                log.warning("cannot tell how %s is: %s", ref, error)
                answer[ref] = unsure
                continue
            if value is None and not (known and name in known):
                answer[ref] = unsure if known is None else _UNKNOWN
                continue
            attempt = AttemptSpec.from_json(value) if value is not None else None
            run = Followed(ref, name, attempt is not None and attempt.heavy, unsure)
            run.submitted = attempt is None or SUBMITTED in mail.names or bool(known and name in known)
            with self._lock:
                self._runs[ref] = run
                if run.submitted:
                    self._judge.look(run, known, mail)
            if not run.submitted and attempt is not None:
                with contextlib.suppress(RuntimeError):  # closed meanwhile: the next owner does it
                    self._senders.submit(self._send, run, attempt)
            log.info("adopted %s", ref)
        return answer

    # ---- looking ----------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        closing = self._closing
        while not closing.is_set():
            self._news.wait(self._pause())
            self._news.clear()
            if closing.is_set():
                return
            try:
                self._look()
                self._leavings.remove_jobs()
            except Exception:
                log.exception("the jobs could not be looked at; trying again")

    def _pause(self) -> float:
        with self._lock:
            deadlines = [r.stop_at for r in self._runs.values() if r.stop_at is not None and r.killed_at is None]
        return max(0.05, min([self._poll_s, *(deadline - time.monotonic() for deadline in deadlines)]))

    def _look(self) -> None:
        with self._lock:
            runs = [run for run in self._runs.values() if run.submitted and not run.over]
        if not runs:
            if self.away:
                self._ask([])
            return
        # First the system, then the mailbox: a job that ended has written its outcome before that.
        known = self._ask([run.name for run in runs])
        mails = list(self._readers.map(self._read_quietly, [run.ref for run in runs], [run.report_tag for run in runs]))
        news = False
        for run, mail in zip(runs, mails, strict=True):
            with self._lock:
                before = run.observation.revision
                self._judge.look(run, known, mail)
                news |= run.observation.revision != before
            self._enforce_stop(run)
        if news:
            self._wake()

    def _ask(self, names: list[str]) -> Mapping[str, JobStatus] | None:
        try:
            known = self.backend.status(names)
        except SystemAwayError as error:
            if str(error) != self.away:
                log.warning("%s: %s", self.name, error)
            self.away = str(error)
            return None
        if self.away:
            log.info("%s answers again", self.name)
        self.away = ""
        return known

    def _read_quietly(self, box: str, tag: str) -> Mail | None:
        try:
            return read_mail(self._mailbox, box, tag)
        except Exception as error:
            log.warning("the mailbox of %s cannot be read: %s", box, error)
            return None

    def _enforce_stop(self, run: Followed) -> None:
        now = time.monotonic()
        with self._lock:
            if run.over or run.stop_at is None or now < run.stop_at:
                return
            first = run.killed_at is None
            run.killed_at = run.killed_at or now
            if now - run.killed_at > ABANDON_S:
                text = (
                    f"{self.name} could not stop it within {ABANDON_S:.0f} s; it was given up, a late result is refused"
                )
                run.see(phase=Phase.LOST, detail=text)
                self._wake()
                return
        if first or now - run.killed_at > 5.0:
            self._later(lambda: self.backend.stop(run.name))

    # ---- inside -----------------------------------------------------------------------------------------------

    def _end(self, run: Followed, outcome: Outcome) -> None:
        with self._lock:
            run.see(phase=Phase.EXITED, outcome=outcome)
        self._wake()

    def _later(self, call: Callable[[], Any]) -> None:
        """Do something that may take long or fail and matters little, in the background."""

        def quietly() -> None:
            try:
                call()
            except Exception as error:
                log.warning("%s: %s", self.name, error)

        with contextlib.suppress(RuntimeError):  # closed meanwhile: the next owner does it
            self._readers.submit(quietly)


def _split(ref: str) -> tuple[str, int]:
    op_id, _, number = ref.rpartition("/")
    return op_id, int(number)
