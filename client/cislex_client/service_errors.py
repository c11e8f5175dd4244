"""What a service answered, as a ``CommandError``: what, where, every field violation, remedy and exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.rpc import code_pb2, error_details_pb2, status_pb2

from cislex_client.exit_codes import AUTH, CANCELLED, FAILED, UNAVAILABLE, USAGE, CommandError, for_grpc_code

if TYPE_CHECKING:
    import grpc

# What a person at a terminal can do; the service's message already says what to do about the data.
_REMEDIES = {
    "DEVICE_UNAVAILABLE": "use --device auto, or a context whose workers have a GPU",
    "PATH_NOT_ALLOWED": "ask the operator to allow that folder, or let the client upload the file",
    "WORKER_LOST": "run the same command again; if it happens again see the server's log (cislex server status)",
    "STALLED": "run the same command again; if it happens again see the server's log (cislex server status)",
    "OUT_OF_MEMORY": "close other programs, or use a smaller --batch-size or --max-per-class",
    "DISK_FULL": "free space under CISLEX_HOME (cislex doctor shows how much), then run the same command again",
    "INTERNAL": "this is a defect of cislex: please report the message with the log id",
    "UNAVAILABLE": "cislex server status; cislex server up",
}
_USAGE_REASONS = {"EMPTY_SET", "ONE_CLASS", "EMPTY_SPLIT", "CONTIG_UNKNOWN", "GENOME_MISMATCH"}
"""FAILED_PRECONDITION on the wire, but what is wrong is the input the user named."""


def from_status(status: status_pb2.Status, where: str = "") -> CommandError:
    """A ``google.rpc.Status`` with its details as a CommandError. ``where``: the step or operation it came from."""
    code = code_pb2.Code.Name(status.code) if status.code in code_pb2.Code.values() else "UNKNOWN"
    reason, metadata, violations = "", {}, []
    for packed in status.details:
        for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.PreconditionFailure):
            if not packed.Is(kind.DESCRIPTOR):
                continue
            detail = kind()
            packed.Unpack(detail)
            if isinstance(detail, error_details_pb2.ErrorInfo):
                reason, metadata = detail.reason, dict(detail.metadata)
            elif isinstance(detail, error_details_pb2.BadRequest):
                violations += [(v.field, v.description) for v in detail.field_violations]
            else:
                violations += [(v.subject, v.description) for v in detail.violations]
    exit_code = USAGE if reason in _USAGE_REASONS else for_grpc_code(code)
    return CommandError(
        status.message or f"the service answered {code}",
        code=exit_code,
        reason=reason or code,
        where=" · ".join(part for part in (where, _place(metadata)) if part),
        remedy=_REMEDIES.get(reason, ""),
        violations=violations,
        metadata=metadata,
    )


def from_rpc_error(error: grpc.RpcError, where: str = "") -> CommandError:
    """An rpc that failed as a CommandError; a status without details (no server of ours) is explained by its code."""
    from grpc_status import rpc_status

    status = None
    try:
        status = rpc_status.from_call(error)
    except (ValueError, AttributeError):
        # An intermediary rewrote the status: its details contradict the trailers. The code still holds.
        status = None
    if status is not None and status.details:
        return from_status(status, where)
    code = error.code().name
    text = error.details() or code
    explained = {
        "UNAVAILABLE": (f"the service cannot be reached: {text}", _REMEDIES["UNAVAILABLE"]),
        "UNAUTHENTICATED": (f"not signed in: {text}", "check the context's token (cislex context ls)"),
        "PERMISSION_DENIED": (f"not allowed: {text}", "check the context's tenant and token (cislex context ls)"),
        "UNIMPLEMENTED": (
            f"the server does not know this call: {text}",
            "its version may be older: cislex server status; cislex server down",
        ),
    }
    message, remedy = explained.get(code, (f"{code}: {text}", ""))
    return CommandError(message, code=for_grpc_code(code), reason=code, where=where, remedy=remedy)


def is_unavailable(error: grpc.RpcError) -> bool:
    """True when the connection broke or the server is draining: asking again is right."""
    return error.code().name == "UNAVAILABLE"


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
