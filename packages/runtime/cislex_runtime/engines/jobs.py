"""The port of a system that runs one process per attempt: Ray, Kubernetes, or a machine's own processes.

A backend only starts, looks at and stops jobs. What a job reports and how it ended it writes into the mailbox itself
(``job_run``), so an engine over any backend (``job_engine``) needs nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from cislex_runtime.engines.engine import Exit

MAX_NAME_LETTERS = 63
"""Of a DNS label, as Kubernetes takes."""


class SystemAwayError(Exception):
    """The system cannot be asked or does not take jobs now; what runs there may well run on. Says why, for people."""


@dataclass(frozen=True)
class Job:
    """A process to be run once."""

    #: Lower-case DNS label; the same name is the same job.
    name: str
    #: Arguments of ``python``.
    arguments: tuple[str, ...]
    env: Mapping[str, str]
    heavy: bool
    #: It may use a GPU.
    gpu: bool
    labels: Mapping[str, str] = field(default_factory=dict)


class JobPhase(Enum):
    """Where a job is, as its system sees it."""

    PENDING = "pending"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True)
class JobStatus:
    """What the system knows of a job."""

    phase: JobPhase
    #: Why it waits or how it ended, for people.
    detail: str = ""
    #: Set when the system knows better than the process could say: it was evicted, or its memory ran out.
    ending: Exit | None = None


class JobBackend(Protocol):
    """A system that runs jobs. Calls may take seconds (never more than about 30) and raise SystemAwayError."""

    name: str
    gpus: int

    def check(self) -> None:
        """Raise SystemAwayError when the system cannot be reached or does not let us in."""

    def submit(self, job: Job) -> None:
        """Start a job; one of this name that exists already is left alone. CislexError when it is refused for good."""

    def status(self, names: Iterable[str]) -> Mapping[str, JobStatus]:
        """Status of those jobs that the system knows."""

    def stop(self, name: str) -> None:
        """SIGTERM now and SIGKILL within seconds, to all processes of the job. Unknown is fine."""

    def remove(self, name: str) -> bool:
        """Forget a job; False while it cannot be forgotten because it still runs. Unknown is fine."""

    def follow(self, name: str, write: Callable[[str], None]) -> None:
        """Pass on what the job prints, from its first line, until it ends. Unknown is fine."""


def job_name(op_id: str, attempt: int) -> str:
    """The DNS label of an attempt; different attempts have different names.

    >>> job_name("01K3ZZZZZZZZZZZZZZZZZZZZZZ", 2)
    'cislex-01k3zzzzzzzzzzzzzzzzzzzzzz-2'
    """
    safe = op_id.lower()
    if not re.fullmatch(r"[0-9A-Z]+", op_id) or len(safe) > 40:
        digest = hashlib.sha256(op_id.encode()).hexdigest()[:10]
        safe = re.sub(r"[^a-z0-9-]", "-", safe)[:30].strip("-") + "-" + digest
    name = f"cislex-{safe}-{attempt}"
    assert len(name) <= MAX_NAME_LETTERS, name
    return name
