"""A ``google.longrunning.Operation`` of cislex as a plain value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cislex.ops.v1 import ops_pb2
from cislex_runtime.calling.client import metadata_of
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.serving.status import read_status
from google.longrunning import operations_pb2

from cislex_client.exit_codes import CommandError
from cislex_client.messages import enum_text, plain, unpack
from cislex_client.service_errors import from_problem

_STATE: Any = ops_pb2.OperationMetadata.DESCRIPTOR.fields_by_name["state"].enum_type
_REASON: Any = ops_pb2.OperationMetadata.DESCRIPTOR.fields_by_name["waiting_reason"].enum_type
WAITING = ("queued", "waiting_for_resources")
_SAYS = {"no_owner": "no process runs the operations of this service now"}


@dataclass(frozen=True)
class OperationView:
    """One state of an operation. ``resource``: the response as a dict (proto field names) when it succeeded."""

    name: str
    done: bool
    state: str
    task: str = ""
    text: str = ""
    done_share: float | None = None
    eta_s: float | None = None
    cache_hit: bool = False
    error: CommandError | None = None
    resource: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[tuple[str, str], ...] = ()
    created: str = ""
    queue_position: int = 0
    waiting_reason: str = ""

    @property
    def waits(self) -> bool:
        """True before a worker has it."""
        return self.state in WAITING

    @property
    def succeeded(self) -> bool:
        """True when there is a result."""
        return self.done and self.error is None

    @property
    def artifact(self) -> dict[str, Any]:
        """``{sha256, size_bytes, media_type}`` of the result; empty without one."""
        return self.resource.get("artifact", {})

    def as_row(self) -> dict[str, Any]:
        """A flat row for ``op ls``."""
        share = "" if self.done_share is None else f"{self.done_share * 100:.0f} %"
        return {
            "name": self.name,
            "task": self.task,
            "state": self.state,
            "queue": self.queue_position or "",
            "waiting": self.waiting_reason.replace("_", " "),
            "progress": share,
            "cache_hit": self.cache_hit,
            "created": self.created,
            "result": self.resource.get("name", ""),
            "message": self.error.message if self.error else self.text,
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``-o json``."""
        error = None
        if self.error:
            error = {"reason": self.error.reason, "message": self.error.message, "metadata": self.error.metadata}
        return {
            "name": self.name,
            "done": self.done,
            "state": self.state,
            "queue_position": self.queue_position or None,
            "waiting_reason": self.waiting_reason or None,
            "metadata": self.metadata,
            "error": error,
            "response": self.resource or None,
        }


def view(operation: operations_pb2.Operation) -> OperationView:
    """Read an operation. Its metadata must be ``cislex.ops.v1.OperationMetadata`` (or absent)."""
    metadata = metadata_of(operation)
    progress = metadata.progress
    share = min(1.0, progress.done / progress.total) if progress.total > 0 else None
    error, resource = None, {}
    if operation.HasField("error"):
        error = from_problem(RpcProblem.from_status(operation.error))
    elif operation.HasField("response"):
        message = unpack(operation.response, metadata.task)
        resource = plain(message) if message is not None else {}
    return OperationView(
        name=operation.name,
        done=operation.done,
        state=enum_text(_STATE, metadata.state),
        task=metadata.task,
        text=_text(metadata),
        done_share=share,
        eta_s=progress.eta_s if progress.eta_s > 0 and not operation.done else None,
        cache_hit=metadata.cache_hit,
        error=error,
        resource=resource,
        metadata=_metadata(metadata),
        warnings=tuple(_warning(status) for status in metadata.warnings),
        created=metadata.timings.queued.ToJsonString() if metadata.timings.HasField("queued") else "",
        queue_position=metadata.queue_position,
        waiting_reason=enum_text(_REASON, metadata.waiting_reason) if metadata.waiting_reason else "",
    )


def _text(metadata: ops_pb2.OperationMetadata) -> str:
    """The task's own line, else its figures, else its state where that explains a wait."""
    state = enum_text(_STATE, metadata.state)
    if state in (*WAITING, "initializing", "cancelling"):
        says = _SAYS.get(enum_text(_REASON, metadata.waiting_reason)) or metadata.message or state.replace("_", " ")
        return f"{says} (number {metadata.queue_position} in the queue)" if metadata.queue_position else says
    figures = "  ".join(f"{key} {value:.4g}" for key, value in sorted(metadata.metrics.items()))
    return metadata.message or figures


def _warning(status: Any) -> tuple[str, str]:
    return read_status(status)[0], status.message


def _metadata(metadata: ops_pb2.OperationMetadata) -> dict[str, Any]:
    out = plain(metadata)
    out["warnings"] = [{"reason": reason, "message": text} for reason, text in map(_warning, metadata.warnings)]
    return out
