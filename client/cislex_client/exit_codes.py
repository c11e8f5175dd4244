"""What the exit codes of ``cislex`` mean (docs/cli.md), and the exceptions that carry them."""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 2
NOT_FOUND = 3
AUTH = 4
UNAVAILABLE = 5
CANCELLED = 6
WAIT_TIMED_OUT = 124
DETACHED = 130
"""The shell's own number for ctrl-C: the work goes on, this command stopped watching."""

MEANING = {
    OK: "done",
    FAILED: "failed",
    USAGE: "the command line, an input file or a value in it is wrong",
    NOT_FOUND: "no such resource",
    AUTH: "not signed in, or not allowed",
    UNAVAILABLE: "the service cannot be reached or has no capacity",
    CANCELLED: "cancelled",
    WAIT_TIMED_OUT: "the wait timed out; the operation goes on",
    DETACHED: "stopped watching after ctrl-C; the operation goes on",
}

_BY_GRPC_CODE = {
    "OK": OK,
    "INVALID_ARGUMENT": USAGE,
    "OUT_OF_RANGE": USAGE,
    "NOT_FOUND": NOT_FOUND,
    "UNAUTHENTICATED": AUTH,
    "PERMISSION_DENIED": AUTH,
    "UNAVAILABLE": UNAVAILABLE,
    "RESOURCE_EXHAUSTED": UNAVAILABLE,
    "CANCELLED": CANCELLED,
    "DEADLINE_EXCEEDED": WAIT_TIMED_OUT,
}


def for_grpc_code(name: str) -> int:
    """Exit code for a gRPC status code by name (``"NOT_FOUND"``); what the table lacks is ``FAILED``."""
    return _BY_GRPC_CODE.get(name, FAILED)


class CommandError(Exception):
    """A command ends here: ``message`` says what and which value, ``remedy`` what to do, ``code`` how to exit.

    ``where`` names the place (a file and line, a request field, an operation); ``violations`` are (field, text) pairs.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int = FAILED,
        remedy: str = "",
        where: str = "",
        reason: str = "",
        violations: list[tuple[str, str]] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.remedy = remedy
        self.where = where
        self.reason = reason
        self.violations = list(violations or [])
        self.metadata = dict(metadata or {})


class UsageError(CommandError):
    """The command line or a file it names is wrong."""

    def __init__(self, message: str, *, remedy: str = "", where: str = "") -> None:
        super().__init__(message, code=USAGE, remedy=remedy, where=where)
