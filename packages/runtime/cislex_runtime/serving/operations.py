"""Submitting operations: what every long rpc of every service does, in one place."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cislex_core.canonical import digest_json
from cislex_core.errors import CislexError, Reason, UserError, Violation
from cislex_core.stores import Store
from cislex_core.tasks import TaskInfo, TaskSpec, cache_key
from google.longrunning import operations_pb2
from google.protobuf.message import Message

from cislex_runtime import names, states
from cislex_runtime.ledger import Ledger, NewOperation, Operation
from cislex_runtime.owning.endings import succeeded
from cislex_runtime.owning.known_results import find_cached
from cislex_runtime.resources import Resources
from cislex_runtime.security import identity
from cislex_runtime.security.quotas import Quotas
from cislex_runtime.serving import requests
from cislex_runtime.serving.admission import Admission
from cislex_runtime.serving.operation_proto import to_proto
from cislex_runtime.serving.waiting import WaitingRoom
from cislex_runtime.specs import find_info, may_use_gpu
from cislex_runtime.telemetry import logs, metrics, tracing

log = logging.getLogger("cislex.operations")


class OperationsManager:
    """Accepts, reads and cancels operations. Its async methods are for servicers; the ledger is used in threads."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        resources: Resources,
        resolver: requests.Resolver,
        wake: Callable[[], None],
        gpus: int = 0,
        no_cuda: bool = False,
        quotas: Quotas | None = None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._resources = resources
        self._resolver = resolver
        self._wake = wake
        self._gpus = gpus
        self._no_cuda = no_cuda
        #: Tells places in the queue; the platform sets it.
        self.waiting: WaitingRoom | None = None
        self._quotas = quotas or Quotas(None, ledger)
        self._admission = Admission(ledger)

    def close(self) -> None:
        """Write what is being submitted; nothing is accepted after it."""
        self._admission.close()

    async def submit(self, task: str, request: Message, context: Any = None) -> operations_pb2.Operation:
        """Validate a request, write it to the ledger and answer the operation.

        A repeated request_id answers the operation of then; a result that is known already answers done at once with
        ``cache_hit``; ``validate_only`` answers done, with the full spec in the metadata, and stores nothing.
        Errors: INVALID_REQUEST (all violations), REQUEST_ID_REUSED, NOT_FOUND, ARTIFACT_MISSING, ARTIFACT_KIND,
        FILE_NOT_FOUND, PATH_NOT_ALLOWED, ARTIFACT_CORRUPT, DEVICE_UNAVAILABLE (cuda where there can be none),
        QUOTA_EXCEEDED.
        """
        prepared = await asyncio.to_thread(self._prepare, task, request)
        if isinstance(prepared, NewOperation):
            return await self._admission.add(prepared, self._admitted)
        return prepared

    async def get(self, name: str) -> operations_pb2.Operation:
        """The operation of this name. Errors: INVALID_REQUEST, NOT_FOUND."""
        return await asyncio.to_thread(lambda: self.proto(self.find(name)))

    async def cancel(self, name: str) -> None:
        """Ask to cancel; no effect on one that is done. Errors: INVALID_REQUEST, NOT_FOUND."""
        await asyncio.to_thread(self._cancel, name)

    def proto(self, operation: Operation) -> operations_pb2.Operation:
        """The operation as its message."""
        return to_proto(operation, self._ledger, self._resources, self.waiting)

    def find(self, name: str) -> Operation:
        """The ledger's row. Raises NOT_FOUND."""
        tenant, collection, op_id = names.parse_name(name)
        operation = self._ledger.get(op_id) if collection == "operations" else None
        if operation is None or operation.tenant != tenant:
            raise UserError(Reason.NOT_FOUND, f"there is no operation {name}", name=name, type="operation")
        return operation

    # ---- inside -----------------------------------------------------------------------------------------------

    def _prepare(self, task: str, request: Message) -> operations_pb2.Operation | NewOperation:
        """The operation to write, or the answer where nothing is to be written."""
        info = find_info(task)
        problems: list[Violation] = []
        common = requests.read_common(request, problems)
        values = requests.to_spec_dict(request)
        spec = requests.parse_spec(info, values, problems)
        if problems or spec is None:
            raise _invalid(problems)
        body = digest_json({"values": _ints_as_text(values), "labels": common.labels, "tenant": common.tenant})
        try:
            operation = self._resolved(task, info, spec, common)
            if common.validate_only:
                return self.proto(replace(operation, state=states.SUCCEEDED))
            gpu = operation.request["gpu"]
            full = None if operation.done else self._quotas.check_submission(common.tenant, gpu)
        except CislexError:
            # A repeated request is answered with the operation of then, whatever has become of inputs and quotas.
            existing = self._repeated(task, common, body)
            if existing is None:
                raise
            return self.proto(existing)
        return NewOperation(operation, task, operation.request["request_id"], body, full)

    def _repeated(self, task: str, common: requests.Submission, body: str) -> Operation | None:
        if not common.request_id or common.validate_only:
            return None
        return self._ledger.find_request(common.tenant, task, common.request_id, body)

    def _resolved(self, task: str, info: TaskInfo, spec: TaskSpec, common: requests.Submission) -> Operation:
        """The operation with its inputs by digest; done where its result is known."""
        if self._no_cuda and getattr(spec, "device", None) == "cuda":
            raise UserError(
                Reason.DEVICE_UNAVAILABLE,
                "device cuda was asked for, but the machine that does the work has no usable NVIDIA GPU; use device "
                "auto or cpu, or a server with a GPU",
                field="device",
            )
        resolved = self._resolver.resolve(spec, common.tenant)
        now = time.time()
        spec_digest = cache_key(task, info, resolved.spec)
        values = resolved.spec.model_dump(mode="json")
        gpu = may_use_gpu(info, values)
        operation = Operation(
            id=names.new_id(),
            tenant=common.tenant,
            task=task,
            state=states.QUEUED,
            created_at=now,
            request={
                "spec": values,
                "files": resolved.files,
                "kind": info.kind,
                "heavy": info.heavy or (gpu and self._gpus > 0),
                "gpu": gpu,
                "spec_digest": spec_digest,
                "cache_key": _own_key(spec_digest),
                "labels": common.labels,
                "request_id": common.request_id or str(uuid.uuid4()),
                "validate_only": common.validate_only,
                "trace": tracing.carrier(),
            },
            snapshot={"timings": {"queued": now}},
        )
        digest = self._ledger.cached_result(operation.request["cache_key"])
        known = find_cached(self._ledger, self._store, self._resources, common.tenant, digest, operation.id)
        if common.validate_only:
            return operation.with_snapshot(cache_hit=known is not None)
        return operation if known is None else succeeded(operation.with_snapshot(cache_hit=True), known, now)

    def _admitted(self, operation: Operation, created: bool) -> operations_pb2.Operation:
        if created:
            metrics.count_accepted(operation.task, cache_hit=operation.done)
            with logs.about_operation(operation):
                how = " (cache hit)" if operation.done else ""
                log.info("%s %s accepted%s", operation.task, operation.id, how)
            self._wake()
        return self.proto(operation)

    def _cancel(self, name: str) -> None:
        operation = self.find(name)

        def step(op: Operation) -> Operation | None:
            if op.done or op.cancel_requested:
                return None
            return replace(op, state=states.CANCELLING, cancel_requested=True)

        if self._ledger.change(operation.id, step) is not None:
            log.info("%s %s: cancel was asked for", operation.task, operation.id)
            self._wake()


def _own_key(spec_digest: str) -> str:
    """The key under which results are shared: among the operations of one tenant where callers are kept to theirs, so
    that nobody learns from a quick answer what others computed."""
    tenant = identity.current().tenant
    return digest_json({"tenant": tenant, "spec_digest": spec_digest}) if tenant else spec_digest


def _invalid(problems: list[Violation]) -> CislexError:
    text = "; ".join(f"{v.field}: {v.description}" if v.field else v.description for v in problems)
    return UserError(Reason.INVALID_REQUEST, text, violations=problems)


def _ints_as_text(value: Any) -> Any:
    """Canonical JSON takes no integers above 2^53 and no NaN; the body digest needs neither."""
    if isinstance(value, dict):
        return {key: _ints_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_ints_as_text(item) for item in value]
    return repr(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
