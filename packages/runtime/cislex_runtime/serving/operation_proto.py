"""A row of the ledger as google.longrunning.Operation."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from cislex.ops.v1 import ops_pb2
from cislex_core.errors import CislexError, Reason
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from cislex_runtime import names, states
from cislex_runtime.ledger import Ledger, Operation
from cislex_runtime.resources import Resources
from cislex_runtime.serving.status import from_json, to_status, warning_status
from cislex_runtime.serving.waiting import WaitingRoom


def to_metadata(operation: Operation, waiting: WaitingRoom | None = None) -> ops_pb2.OperationMetadata:
    """The metadata message; ``waiting`` tells what a waiting operation waits for."""
    request, snapshot = operation.request, operation.snapshot
    metadata = ops_pb2.OperationMetadata(
        state=f"STATE_{operation.state}",
        task=operation.task,
        attempt=operation.attempt,
        metrics=snapshot.get("metrics", {}),
        message=snapshot.get("message", ""),
        cache_hit=snapshot.get("cache_hit", False),
        spec_digest=request.get("spec_digest") or request.get("cache_key", ""),
        labels=request.get("labels", {}),
        request_id=request.get("request_id", ""),
        spec_json=json.dumps(request.get("spec", {})),
        validate_only=request.get("validate_only", False),
    )
    if snapshot.get("progress"):
        metadata.progress.CopyFrom(ops_pb2.Progress(**snapshot["progress"]))
    if snapshot.get("usage"):
        metadata.resource_usage.CopyFrom(ops_pb2.ResourceUsage(**snapshot["usage"]))
    for warning in snapshot.get("warnings", []):
        metadata.warnings.append(warning_status(warning["reason"], warning["message"]))
    if waiting is not None and operation.state in states.PENDING:
        metadata.queue_position = waiting.place(operation)
        reason = waiting.reason(operation) or "UNSPECIFIED"
        metadata.waiting_reason = getattr(ops_pb2, f"WAITING_REASON_{reason}")
    for name, at in snapshot.get("timings", {}).items():
        getattr(metadata.timings, name).FromDatetime(datetime.fromtimestamp(at, UTC))
    return metadata


def to_proto(
    operation: Operation, ledger: Ledger, resources: Resources, waiting: WaitingRoom | None = None
) -> operations_pb2.Operation:
    """The whole operation; the response is the resource's message."""
    message = operations_pb2.Operation(
        name=names.operation_name(operation.tenant, operation.id), done=operation.state in states.TERMINAL
    )
    message.metadata.Pack(to_metadata(operation, waiting))
    if operation.state == states.SUCCEEDED:
        name = operation.snapshot.get("resource", "")
        if not name:  # validate_only
            message.response.Pack(empty_pb2.Empty())
            return message
        resource = ledger.get_resource(name)
        if resource is None:
            gone = CislexError(Reason.NOT_FOUND, f"the result {name} was deleted", name=name, type="resource")
            message.error.CopyFrom(to_status(gone))
        else:
            message.response.Pack(resources.to_message(resource))
    elif operation.state in (states.FAILED, states.CANCELLED):
        message.error.CopyFrom(to_status(from_json(operation.snapshot["error"])))
    return message
