"""From an exception of a task to the outcome of its attempt."""

from __future__ import annotations

import errno
import traceback
import uuid
from typing import Any

from cislex_core.errors import Cancelled, CislexError, Reason, UserError

from cislex_runtime.engines.engine import Exit, Outcome
from cislex_runtime.working.task_io import Preempted

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
#: Defects of the code: the same would happen again, so another attempt is not made.
_DEFECTS = (ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, TypeError, ValueError,
            NotImplementedError)  # fmt: skip


def error_json(error: CislexError) -> dict[str, Any]:
    """A catalogue error as JSON."""
    return {
        "reason": error.reason.name,
        "message": error.message,
        "violations": [[v.field, v.description] for v in error.violations],
        "metadata": error.metadata,
    }


def outcome_of(error: BaseException, usage: dict[str, Any]) -> tuple[Outcome, str]:
    """(outcome, text for the worker's log; empty when there is nothing to look into)."""
    if isinstance(error, Preempted):
        return Outcome(Exit.PREEMPTED, usage=usage), ""
    if isinstance(error, Cancelled):
        return Outcome(Exit.CANCELLED, usage=usage), ""
    if is_out_of_memory(error):
        detail = str(error).splitlines()[0] if str(error) else "no detail"
        known = CislexError(Reason.OUT_OF_MEMORY, f"memory ran out: {detail}", detail=detail)
        return Outcome(Exit.OUT_OF_MEMORY, error=error_json(known), usage=usage), _trace(error)
    if is_disk_full(error):
        where = getattr(error, "filename", None) or "the store"
        known = CislexError(
            Reason.DISK_FULL,
            f"the disk is full while writing {where}: {error}. Free some space (or set CISLEX_HOME to a larger disk) "
            "and repeat the request",
            path=where,
        )
        return Outcome(Exit.USER, error=error_json(known), usage=usage), _trace(error)
    if isinstance(error, CislexError):
        user = isinstance(error, UserError) or error.reason is Reason.ARTIFACT_CORRUPT
        how = Exit.USER if user else Exit.RETRY
        return Outcome(how, error=error_json(error), usage=usage), "" if user else _trace(error)
    log_id = uuid.uuid4().hex[:12]
    known = CislexError(
        Reason.INTERNAL, f"a defect of cislex ({type(error).__name__}); the log entry {log_id} has the details",
        log_id=log_id, error_type=type(error).__name__,
    )  # fmt: skip
    how = Exit.USER if isinstance(error, _DEFECTS) else Exit.RETRY
    return Outcome(how, error=error_json(known), usage=usage), f"log id {log_id}\n{_trace(error)}"


def is_out_of_memory(error: BaseException) -> bool:
    """True for Python's, torch's and our own out-of-memory errors."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, CislexError):
        return error.reason is Reason.OUT_OF_MEMORY
    text = str(error)
    return isinstance(error, RuntimeError) and ("CUDA out of memory" in text or "can't allocate memory" in text)


def is_disk_full(error: BaseException) -> bool:
    """True for ENOSPC, EDQUOT and EFBIG, also when a library only says so in words."""
    if not isinstance(error, (OSError, RuntimeError)):
        return False
    return getattr(error, "errno", None) in _DISK or "No space left on device" in str(error)


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))
