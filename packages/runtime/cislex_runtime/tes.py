"""States of an operation in the words of GA4GH's Task Execution Service, for those who watch many systems.

| ours | TES |
|---|---|
| QUEUED, WAITING_FOR_RESOURCES | QUEUED |
| INITIALIZING | INITIALIZING |
| RUNNING | RUNNING |
| CANCELLING | CANCELING |
| SUCCEEDED | COMPLETE |
| CANCELLED | CANCELED |
| FAILED, by what was asked for or its input | EXECUTOR_ERROR |
| FAILED, by the system (lost worker, stall, disk, memory, damaged file, defect) | SYSTEM_ERROR |

PAUSED and PREEMPTED never appear: an attempt that is pre-empted leads back to QUEUED and goes on from its checkpoint.
"""

from __future__ import annotations

from cislex_core.errors import Reason

from cislex_runtime import states

_PLAIN = {
    states.QUEUED: "QUEUED",
    states.WAITING: "QUEUED",
    states.INITIALIZING: "INITIALIZING",
    states.RUNNING: "RUNNING",
    states.CANCELLING: "CANCELING",
    states.SUCCEEDED: "COMPLETE",
    states.CANCELLED: "CANCELED",
}
#: Reasons of failures that another try, or the operator of the server, could mend; the caller could not.
_OF_THE_SYSTEM = {
    reason.name
    for reason in (
        Reason.WORKER_LOST, Reason.STALLED, Reason.UNAVAILABLE, Reason.DISK_FULL, Reason.OUT_OF_MEMORY,
        Reason.ARTIFACT_CORRUPT, Reason.ARTIFACT_MISSING, Reason.TOOL_MISSING, Reason.DEVICE_UNAVAILABLE,
        Reason.INTERNAL,
    )
}  # fmt: skip


def tes_state(state: str, reason: str = "") -> str:
    """TES's word for a state (``RUNNING``) and, of one that failed, the reason of its error; UNKNOWN for others."""
    if state == states.FAILED:
        return "SYSTEM_ERROR" if reason in _OF_THE_SYSTEM else "EXECUTOR_ERROR"
    return _PLAIN.get(state, "UNKNOWN")
