"""One attempt that runs as a job, as its server sees it: what the system says of it and what it writes itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cislex_runtime.engines.engine import Exit, Observation, Outcome, Phase
from cislex_runtime.engines.job_logs import JobLogs
from cislex_runtime.engines.jobs import JobPhase, JobStatus
from cislex_runtime.engines.mailbox import OUTCOME, REPORT, Mailbox
from cislex_runtime.working.outcomes import outcome_of

#: A job that ended without an outcome counts as lost only after so long: shared folders show new files late.
OUTCOME_GRACE_S = 2.0
#: Of the time without news, at most so much is counted between two looks: while the mailbox was away nobody was silent.
LONGEST_STEP_S = 5.0


@dataclass
class Followed:
    """An attempt that this process follows."""

    ref: str
    name: str
    heavy: bool
    observation: Observation
    submitted: bool = False
    #: A thread is handing it over just now.
    sending: bool = False
    begun: bool = False
    report_tag: str = ""
    report_revision: int = -1
    #: The system says that it runs (so its silence counts).
    runs: bool = False
    silent_s: float = 0.0
    idle_s: float = 0.0
    read_at: float | None = None
    ended_at: float | None = None
    stop_at: float | None = None
    killed_at: float | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.observation.phase in (Phase.EXITED, Phase.LOST)

    def see(self, **changes: Any) -> None:
        """A new observation."""
        self.observation = replace(self.observation, revision=self.observation.revision + 1, **changes)


@dataclass
class Mail:
    """What the mailbox held of an attempt at one moment."""

    names: set[str] = field(default_factory=set)
    report_tag: str = ""
    report: dict[str, Any] | None = None
    outcome: Outcome | None = None


def read_mail(mailbox: Mailbox, box: str, tag: str) -> Mail:
    """What an attempt wrote. ``tag``: of the report that is known; it is read only when it is another now."""
    entries = mailbox.list(box)
    mail = Mail(set(entries))
    if REPORT in entries and entries[REPORT].tag != tag:
        mail.report_tag, mail.report = entries[REPORT].tag, mailbox.get(f"{box}/{REPORT}")
    if OUTCOME in entries:
        value = mailbox.get(f"{box}/{OUTCOME}")
        mail.outcome = Outcome.from_json(value) if value is not None else None
    return mail


class Judge:
    """Makes observations of what system and mailbox say."""

    def __init__(self, system: str, logs: JobLogs) -> None:
        """``system``: its name, for people."""
        self._system = system
        self._logs = logs

    def look(self, run: Followed, known: Mapping[str, JobStatus] | None, mail: Mail | None) -> None:
        """One look at one attempt. ``known`` and ``mail`` are None while the system or the mailbox is away."""
        now = time.monotonic()
        if run.over:
            return
        status = known.get(run.name) if known is not None else None
        if mail is not None:
            self._hear(run, mail, now)
            if mail.outcome is not None:
                run.see(phase=Phase.EXITED, outcome=mail.outcome)
                self._logs.follow(run.name)
                return
        if known is None:
            return
        ended = status is None or status.phase is JobPhase.ENDED
        if status is not None and not ended:
            run.ended_at = None
            run.runs = status.phase is JobPhase.RUNNING
            if run.runs:
                self._logs.follow(run.name)
            if not run.begun:
                phase = Phase.INITIALIZING if run.runs else Phase.PENDING
                text = f"waiting for {self._system}: {status.detail}" if status.detail and not run.runs else ""
                if (phase, text) != (run.observation.phase, run.observation.message):
                    run.see(phase=phase, message=text)
        elif mail is not None:
            run.ended_at = run.ended_at or now
            self._logs.follow(run.name)
            # One that was to stop has nothing more to say that matters.
            if run.stop_at is not None or now - run.ended_at >= OUTCOME_GRACE_S:
                self._conclude(run, status)

    def _hear(self, run: Followed, mail: Mail, now: float) -> None:
        step = 0.0 if run.read_at is None else min(LONGEST_STEP_S, now - run.read_at)
        run.read_at = now
        if run.runs or run.begun:
            run.silent_s += step
            run.idle_s += step
        if mail.report is None:
            return
        run.report_tag, run.silent_s = mail.report_tag, 0.0
        if mail.report["revision"] == run.report_revision:
            return
        run.report_revision, run.idle_s = mail.report["revision"], 0.0
        report = mail.report
        if not report["begun"]:
            return
        first, run.begun = not run.begun, True
        run.see(
            phase=Phase.RUNNING,
            running_at=time.time() if first else run.observation.running_at,
            progress=report.get("progress", {}),
            metrics=report.get("metrics", {}),
            message=report.get("message", ""),
            warnings=tuple(report.get("warnings", ())),
        )

    def _conclude(self, run: Followed, status: JobStatus | None) -> None:
        """The job is gone and left no outcome."""
        if status is None:
            run.see(phase=Phase.LOST, detail=f"{self._system} does not know the job {run.name} any more")
            return
        detail = status.detail or "it ended without an outcome"
        if status.ending is Exit.PREEMPTED and run.killed_at is None:
            run.see(phase=Phase.EXITED, outcome=Outcome(Exit.PREEMPTED))
        elif status.ending is Exit.OUT_OF_MEMORY:
            run.see(phase=Phase.EXITED, outcome=outcome_of(MemoryError(detail), {})[0])
        else:
            last = self._logs.last_lines(run.name)
            run.see(phase=Phase.LOST, detail=f"{detail}; its last lines: {last}" if last else detail)
