"""What a program that waits for cislex answers to its shell: the one table (docs/cli.md), for every client."""

from __future__ import annotations

from cislex_core.errors import Code, Reason

OK = 0
FAILED = 1
USAGE = 2
"""The command line, an input file or a value in it is wrong."""
NOT_FOUND = 3
AUTH = 4
"""Not signed in, or not allowed."""
UNAVAILABLE = 5
"""The service cannot be reached or has no capacity."""
CANCELLED = 6
WAIT_TIMED_OUT = 124
"""As of timeout(1): the wait is over, the operation goes on."""

_OUT_OF_RANGE = 11
_BY_CODE = {
    0: OK,
    Code.INVALID_ARGUMENT.value: USAGE,
    _OUT_OF_RANGE: USAGE,
    Code.NOT_FOUND.value: NOT_FOUND,
    Code.UNAUTHENTICATED.value: AUTH,
    Code.PERMISSION_DENIED.value: AUTH,
    Code.UNAVAILABLE.value: UNAVAILABLE,
    Code.RESOURCE_EXHAUSTED.value: UNAVAILABLE,
    Code.DEADLINE_EXCEEDED.value: UNAVAILABLE,
    Code.CANCELLED.value: CANCELLED,
}
# Failed preconditions on the wire, but what is wrong is an input that the user named.
_USAGE_REASONS = {
    reason.name
    for reason in (
        Reason.EMPTY_SET, Reason.ONE_CLASS, Reason.EMPTY_SPLIT, Reason.CONTIG_UNKNOWN, Reason.GENOME_MISMATCH,
    )
}  # fmt: skip


def exit_code(code: int, reason: str = "") -> int:
    """Exit code for a gRPC status code (its number) and the catalogue reason that came with it, if any."""
    return USAGE if reason in _USAGE_REASONS else _BY_CODE.get(code, FAILED)
