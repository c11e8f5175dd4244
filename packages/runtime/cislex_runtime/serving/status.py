"""Catalogue errors ↔ google.rpc.Status. No service code builds a status by hand."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cislex_core.errors import DOMAIN, CislexError, Reason, Violation
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2, status_pb2

#: Failed preconditions that a client can mend: PreconditionFailure type by reason, subject from this metadata key.
_PRECONDITIONS = {
    Reason.ARTIFACT_MISSING: ("MISSING", "digest"),
    Reason.GENOME_MISMATCH: ("GENOME_MISMATCH", "expected"),
    Reason.DEVICE_UNAVAILABLE: ("DEVICE", "device"),
    Reason.TOOL_MISSING: ("TOOL", "tool"),
}
TRAILER_BYTES = 6_000
"""Of the 8 KiB of metadata that a gRPC client takes by default; the rest is for the transport's own."""
MESSAGE_CHARACTERS = 600
#: Seconds to wait before the next try; the metadata key ``retry_after_s`` knows better where there is one.
_RETRY_S = {Reason.UNAVAILABLE: 1, Reason.RATE_LIMITED: 1, Reason.WORKER_LOST: 5, Reason.STALLED: 5}
#: Whose limit was reached; the metadata key ``subject`` (``tenant:lab-a``) says more where there is one.
_QUOTAS = {
    Reason.DISK_FULL: "disk", Reason.OUT_OF_MEMORY: "memory", Reason.QUOTA_EXCEEDED: "tenant",
    Reason.RATE_LIMITED: "server",
}  # fmt: skip


def to_status(error: CislexError) -> status_pb2.Status:
    """Status with ErrorInfo, and the further details that fit the reason."""
    status = status_pb2.Status(code=error.reason.code.value, message=error.message)
    info = error_details_pb2.ErrorInfo(reason=error.reason.name, domain=DOMAIN, metadata=error.metadata)
    status.details.add().Pack(info)
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.description)
        status.details.add().Pack(bad)
    if error.reason in _PRECONDITIONS:
        kind, key = _PRECONDITIONS[error.reason]
        failure = error_details_pb2.PreconditionFailure()
        failure.violations.add(type=kind, subject=error.metadata.get(key, ""), description=error.message)
        status.details.add().Pack(failure)
    if error.reason in _QUOTAS:
        quota = error_details_pb2.QuotaFailure()
        subject = error.metadata.get("subject", _QUOTAS[error.reason])
        quota.violations.add(subject=subject, description=error.message)
        status.details.add().Pack(quota)
    if error.reason is Reason.NOT_FOUND and "name" in error.metadata:
        resource = error_details_pb2.ResourceInfo(
            resource_type=error.metadata.get("type", ""),
            resource_name=error.metadata["name"],
            description=error.message,
        )
        status.details.add().Pack(resource)
    if error.reason in _RETRY_S:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(1000 * float(error.metadata.get("retry_after_s", _RETRY_S[error.reason]))))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def fit_trailers(error: CislexError) -> CislexError:
    """The error itself, or a shortened one whose status fits the metadata that every gRPC client takes (8 KiB).

    Message and details of an aborted call travel as trailing metadata; a client refuses larger ones with an error of
    its own, and nobody would learn what was wrong. Whole violations go first, from the end, and their number is said;
    then texts are cut.
    """
    if _trailer_bytes(to_status(error)) <= TRAILER_BYTES:
        return error
    message = _cut(error.message)
    for n_kept in range(len(error.violations), 0, -1):
        fitted = _shortened(error, message, error.violations[:n_kept])
        if _trailer_bytes(to_status(fitted)) <= TRAILER_BYTES:
            return fitted
    first = [Violation(v.field[:MESSAGE_CHARACTERS], _cut(v.description)) for v in error.violations[:1]]
    return _shortened(error, message, first)


def _cut(text: str) -> str:
    """At most so many bytes as percent-encoding makes of them."""
    for length in (MESSAGE_CHARACTERS, MESSAGE_CHARACTERS // 3, MESSAGE_CHARACTERS // 9):
        if len(quote(text[:length])) <= MESSAGE_CHARACTERS:
            break
    return text if len(text) <= length else text[:length] + " …"


def _shortened(error: CislexError, message: str, kept: list[Violation]) -> CislexError:
    left_out = len(error.violations) - len(kept)
    said = [Violation("", f"and {left_out} more; mend these and ask again")] if left_out else []
    fitted = CislexError(error.reason, message, violations=[*kept, *said])
    fitted.metadata.update({key: _cut(value) for key, value in error.metadata.items()})
    return fitted


def _trailer_bytes(status: status_pb2.Status) -> int:
    """Size of grpc-message (percent-encoded) and grpc-status-details-bin (base64)."""
    return len(quote(status.message)) + 4 * len(status.SerializeToString()) // 3


def warning_status(reason: str, message: str) -> status_pb2.Status:
    """A warning, which is no error: code OK, and the task's own reason, which the catalogue need not know."""
    status = status_pb2.Status(code=0, message=message)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN))
    return status


def from_json(value: dict[str, Any]) -> CislexError:
    """The error that ``outcomes.error_json`` wrote; a reason that today's catalogue lacks counts as INTERNAL."""
    reason = Reason[value["reason"]] if value["reason"] in Reason.__members__ else Reason.INTERNAL
    violations = [Violation(field, text) for field, text in value.get("violations", [])]
    error = CislexError(reason, value["message"], violations=violations)
    error.metadata.update(value.get("metadata", {}))
    return error


def read_status(status: status_pb2.Status) -> tuple[str, list[Violation], dict[str, str]]:
    """(reason, violations, metadata) of a status; the reason is empty when there is no ErrorInfo."""
    reason, violations, metadata = "", [], {}
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            violations = [Violation(v.field, v.description) for v in bad.field_violations]
    return reason, violations, metadata
