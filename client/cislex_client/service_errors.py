"""What a service answered, as a person at a terminal is told: where it happened, and what can be done about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cislex_runtime.calling.problem import RpcProblem

from cislex_client.exit_codes import AUTH, CANCELLED, FAILED, UNAVAILABLE, USAGE, CommandError

# What a person at a terminal can do; the service's message already says what to do about the data.
_REMEDIES = {
    "DEVICE_UNAVAILABLE": "use --device auto, or a context whose workers have a GPU",
    "PATH_NOT_ALLOWED": "ask the operator to allow that folder, or let the client upload the file",
    "WORKER_LOST": "run the same command again; if it happens again see the server's log (cislex server status)",
    "STALLED": "run the same command again; if it happens again see the server's log (cislex server status)",
    "OUT_OF_MEMORY": "close other programs, or use a smaller --batch-size or --max-per-class",
    "DISK_FULL": "free space under CISLEX_HOME (cislex doctor shows how much), then run the same command again",
    "ARTIFACT_CORRUPT": "run the command again",
    "INTERNAL": "this is a defect of cislex: please report the message with the log id",
    "UNAVAILABLE": "cislex server status; cislex server up",
    # Codes of a status that no server of ours made.
    "UNAUTHENTICATED": "check the context's token (cislex context ls)",
    "PERMISSION_DENIED": "check the context's tenant and token (cislex context ls)",
    "UNIMPLEMENTED": "its version may be older: cislex server status; cislex server down",
}


def from_problem(problem: RpcProblem, where: str = "") -> CommandError:
    """A problem as a CommandError. ``where``: the step or operation it came from."""
    return CommandError(
        problem.message,
        code=problem.exit_code,
        reason=problem.reason,
        where=" · ".join(part for part in (where, _place(problem.metadata)) if part),
        remedy=_REMEDIES.get(problem.reason, ""),
        violations=[(violation.field, violation.description) for violation in problem.violations],
        metadata=problem.metadata,
    )


@contextlib.contextmanager
def telling(where: str) -> Iterator[None]:
    """Turns a problem of the block into a CommandError."""
    try:
        yield
    except RpcProblem as problem:
        raise from_problem(problem, where) from None


def unreachable(address: str, why: str, remedy: str) -> CommandError:
    """No server at an address."""
    return CommandError(f"no answer from {address}: {why}", code=UNAVAILABLE, reason="UNAVAILABLE", remedy=remedy)


def worst(errors: list[CommandError]) -> int:
    """One exit code for several failures: cancelled only when nothing else happened."""
    codes = [error.code for error in errors]
    for code in (FAILED, USAGE, AUTH, UNAVAILABLE):
        if code in codes:
            return code
    return CANCELLED if CANCELLED in codes else (codes[0] if codes else FAILED)


def _place(metadata: dict[str, str]) -> str:
    """``peaks.bed:17 chr99`` from what the service put beside its message."""
    place = metadata.get("file") or metadata.get("path") or ""
    if line := metadata.get("line"):
        place = f"{place}:{line}" if place else f"line {line}"
    return place
