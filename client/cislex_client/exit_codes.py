"""The exit codes of ``cislex`` (docs/cli.md) and the exceptions that carry them.

The table stands in ``cislex_runtime.calling.exit_codes``, for every client; here is what only a terminal knows.
"""

from __future__ import annotations

from cislex_runtime.calling.exit_codes import (
    AUTH,
    CANCELLED,
    FAILED,
    NOT_FOUND,
    OK,
    UNAVAILABLE,
    USAGE,
    WAIT_TIMED_OUT,
)

__all__ = [
    "AUTH", "CANCELLED", "DETACHED", "FAILED", "NOT_FOUND", "OK", "UNAVAILABLE", "USAGE", "WAIT_TIMED_OUT",
    "CommandError", "UsageError",
]  # fmt: skip

DETACHED = 130
"""The shell's own number for ctrl-C: the work goes on, this command stopped watching."""


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
