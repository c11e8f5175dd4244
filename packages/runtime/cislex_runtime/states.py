"""States of an operation and the steps between them."""

from __future__ import annotations

QUEUED = "QUEUED"
WAITING = "WAITING_FOR_RESOURCES"
INITIALIZING = "INITIALIZING"
RUNNING = "RUNNING"
CANCELLING = "CANCELLING"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
CANCELLED = "CANCELLED"

PENDING = (QUEUED, WAITING)
ACTIVE = (INITIALIZING, RUNNING, CANCELLING)
TERMINAL = (SUCCEEDED, FAILED, CANCELLED)
ALL = (*PENDING, *ACTIVE, *TERMINAL)

#: from → to. A state may always stay as it is (progress), except a terminal one, which never changes again.
STEPS: dict[str, tuple[str, ...]] = {
    QUEUED: (WAITING, INITIALIZING, CANCELLING, CANCELLED, SUCCEEDED, FAILED),
    WAITING: (QUEUED, INITIALIZING, CANCELLING, CANCELLED, SUCCEEDED, FAILED),
    INITIALIZING: (RUNNING, QUEUED, CANCELLING, CANCELLED, SUCCEEDED, FAILED),
    RUNNING: (QUEUED, CANCELLING, CANCELLED, SUCCEEDED, FAILED),
    CANCELLING: (CANCELLED, SUCCEEDED, FAILED),
    SUCCEEDED: (),
    FAILED: (),
    CANCELLED: (),
}


def may_step(old: str, new: str) -> bool:
    """True when ``old`` → ``new`` is a legal step."""
    return (old == new and old not in TERMINAL) or new in STEPS[old]
