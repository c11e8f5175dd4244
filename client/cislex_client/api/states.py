"""One state of a job as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, field

from cislex_runtime.calling.client import metadata_of, state_name
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.serving.status import read_status
from cislex_runtime.tes import tes_state
from google.longrunning import operations_pb2


@dataclass(frozen=True)
class JobState:
    """Where a job is. Times are in seconds; 0 and negative numbers of progress mean that it is not known."""

    name: str
    task: str
    state: str
    """QUEUED, WAITING_FOR_RESOURCES, INITIALIZING, RUNNING, CANCELLING, SUCCEEDED, FAILED or CANCELLED."""
    tes_state: str
    """The same in the words of GA4GH TES (``cislex_runtime.tes``)."""
    done: bool
    attempt: int
    cache_hit: bool
    message: str
    progress: float
    """Units done."""
    total: float
    """Units to do."""
    unit: str
    rate: float
    """Units a second."""
    eta_s: float
    metrics: dict[str, float] = field(default_factory=dict)
    warnings: tuple[tuple[str, str], ...] = ()
    """(reason, text) of each."""
    error: RpcProblem | None = None
    """Why it failed, or that it was cancelled."""

    @property
    def share(self) -> float | None:
        """Done of the whole, 0 to 1; None when it is not known."""
        return min(1.0, self.progress / self.total) if self.total > 0 else None


def state_of(operation: operations_pb2.Operation) -> JobState:
    """Read an operation."""
    metadata = metadata_of(operation)
    error = RpcProblem.from_status(operation.error) if operation.HasField("error") else None
    state = state_name(metadata)
    return JobState(
        name=operation.name,
        task=metadata.task,
        state=state,
        tes_state=tes_state(state, error.reason if error else ""),
        done=operation.done,
        attempt=metadata.attempt,
        cache_hit=metadata.cache_hit,
        message=metadata.message,
        progress=metadata.progress.done,
        total=metadata.progress.total,
        unit=metadata.progress.unit,
        rate=metadata.progress.rate,
        eta_s=metadata.progress.eta_s,
        metrics=dict(metadata.metrics),
        warnings=tuple((read_status(status)[0], status.message) for status in metadata.warnings),
        error=error,
    )
