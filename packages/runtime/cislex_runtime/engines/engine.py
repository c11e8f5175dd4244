"""The engine port: where attempts run. ``local`` is in local_engine.py; one test suite covers all engines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Protocol


@dataclass(frozen=True)
class AttemptSpec:
    """All that a worker needs to run one attempt; plain JSON, so that it travels to any machine."""

    op_id: str
    attempt: int
    task: str
    spec: dict[str, Any]
    kind: str
    #: sha256 → where the bytes may be found and how the file looked when it was hashed.
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Spec fields replaced for this attempt only (a smaller batch after memory ran out).
    overrides: dict[str, Any] = field(default_factory=dict)
    #: True: needs a slot for heavy tasks.
    heavy: bool = False
    #: Whose operation it is; engines put it on what they start, results do not depend on it.
    tenant: str = ""
    #: Of the request, for logs.
    request_id: str = ""
    #: The trace that the attempt continues (``tracing.Carrier``).
    trace: dict[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """The engine's handle: operation and attempt number, so that submitting twice is one run."""
        return f"{self.op_id}/{self.attempt}"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> AttemptSpec:
        """From ``to_json``."""
        return cls(**value)


class Phase(Enum):
    """Where an attempt is, as the engine sees it."""

    PENDING = "pending"
    INITIALIZING = "initializing"
    RUNNING = "running"
    EXITED = "exited"
    #: The worker is gone without an outcome, or the engine never heard of the attempt.
    LOST = "lost"


class Exit(Enum):
    """How an attempt ended."""

    OK = "ok"
    CANCELLED = "cancelled"
    #: Stopped from outside (SIGTERM): tried again, not counted.
    PREEMPTED = "preempted"
    #: The request or its input is wrong: never tried again.
    USER = "user"
    #: Memory ran out: tried again with half the batch.
    OUT_OF_MEMORY = "out_of_memory"
    #: The environment failed: tried again.
    RETRY = "retry"


#: Exit status of a process that runs one attempt; any other is a crash. 143 = 128 + SIGTERM.
EXIT_STATUS = {
    Exit.OK: 0,
    Exit.CANCELLED: 0,
    Exit.RETRY: 1,
    Exit.USER: 10,
    Exit.OUT_OF_MEMORY: 11,
    Exit.PREEMPTED: 143,
}


@dataclass(frozen=True)
class Outcome:
    """The end of an attempt, as JSON-able values."""

    exit: Exit
    artifact: str = ""
    size_bytes: int = 0
    kind: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    #: {"reason", "message", "violations": [[field, description]], "metadata": {}}
    error: dict[str, Any] | None = None
    usage: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {**asdict(self), "exit": self.exit.value}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Outcome:
        """From ``to_json``."""
        return cls(**{**value, "exit": Exit(value["exit"])})


@dataclass(frozen=True)
class Observation:
    """What the engine knows of an attempt now."""

    phase: Phase
    #: Raised by each report of the task; the reconciler writes an event when it grew.
    revision: int = 0
    progress: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    message: str = ""
    warnings: tuple[dict[str, str], ...] = ()
    running_at: float | None = None
    #: Seconds since the worker's last sign of life, and since the task's last report (monotonic clock).
    silent_s: float = 0.0
    idle_s: float = 0.0
    outcome: Outcome | None = None
    #: False for a lost attempt that the engine never ran: its owner went away, the task is not to blame.
    counted: bool = True
    #: Why it was lost, for people.
    detail: str = ""


@dataclass(frozen=True)
class Capacity:
    """Free places now."""

    heavy: int
    light: int

    def takes(self, heavy: bool) -> bool:
        """True when an attempt of this weight could start now. Light tasks also use idle heavy slots."""
        return self.heavy > 0 or (not heavy and self.light > 0)


class Engine(Protocol):
    """Where attempts run. All calls are idempotent and quick; ``wake`` is called (from any thread) on news."""

    name: str
    #: GPUs that heavy attempts can have; 0 = none.
    gpus: int
    #: Why no attempt can be handed over now, as last seen; empty when one can.
    away: str
    #: True when it is certain that no attempt can have CUDA, so that a request for it is refused at once.
    no_cuda: bool

    def start(self, wake: Callable[[], None]) -> None:
        """Get ready; leftovers of a former owner are gone after this."""

    def submit(self, attempt: AttemptSpec) -> str:
        """Start an attempt in a free slot and answer its ref. RuntimeError when no slot takes it."""

    def observe(self, refs: Iterable[str]) -> Mapping[str, Observation]:
        """State of attempts; one that is not known is LOST."""

    def stop(self, ref: str, grace_s: float) -> None:
        """Ask an attempt to stop; after ``grace_s`` its processes are killed. Unknown refs are ignored."""

    def forget(self, ref: str) -> None:
        """Drop what is kept of an ended attempt."""

    def capacity(self) -> Capacity:
        """Free places."""

    def clear(self, op_id: str) -> None:
        """The operation is done: drop its checkpoints."""

    def check(self) -> None:
        """Raise when attempts cannot be started now, in words for people."""

    def close(self, grace_s: float) -> None:
        """This process ends. An engine of this machine pre-empts everything and kills what is left after the grace; one
        of another system leaves its attempts to the next owner, who adopts them."""
