"""What each rpc takes: the role of its caller, and names of the caller's own tenant only.

Rpcs outside of the standard forms stand in ``TABLE``. The others are known by the form that every service keeps to
(docs/protocol.md): requests that start operations, and Get, List and Delete of resources. What is neither is refused.
docs/security.md holds the whole list, and a test compares it with the services that are registered.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from typing import Any

from cislex_core.errors import Reason, UserError
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message

from cislex_runtime.security.identity import Principal, Role


class Access(Enum):
    """What an rpc does to the server, and so who may call it."""

    PUBLIC = "public"
    """No token: health."""
    READ = "reader"
    COMPUTE = "user (nothing is kept)"
    WRITE = "user"
    SUBMIT = "user; reader with validate_only"
    ADMIN = "admin"

    @property
    def mutates(self) -> bool:
        """True when something is different afterwards: such calls are audited."""
        return self in (Access.WRITE, Access.SUBMIT, Access.ADMIN)


REFLECTION = "/grpc.reflection."
_COMMON = ["parent", "request_id", "validate_only", "labels"]
_OPERATIONS = "/google.longrunning.Operations/"
_ARTIFACTS = "/cislex.artifacts.v1.ArtifactService/"
_INFERENCE = "/inference.GRPCInferenceService/"
_ENCODER = "/cislex.encoder.v1.EncoderService/"
TABLE: dict[str, Access] = {
    "/grpc.health.v1.Health/Check": Access.PUBLIC,
    "/grpc.health.v1.Health/Watch": Access.PUBLIC,
    "/grpc.health.v1.Health/List": Access.PUBLIC,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": Access.READ,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": Access.READ,
    f"{_OPERATIONS}GetOperation": Access.READ,
    f"{_OPERATIONS}ListOperations": Access.READ,
    f"{_OPERATIONS}WaitOperation": Access.READ,
    f"{_OPERATIONS}CancelOperation": Access.WRITE,
    f"{_OPERATIONS}DeleteOperation": Access.WRITE,
    "/cislex.ops.v1.OperationEvents/WatchOperation": Access.READ,
    "/cislex.ops.v1.DiagnosticsService/Diagnose": Access.READ,
    "/cislex.info.v1.ServiceInfo/GetServiceInfo": Access.READ,
    f"{_INFERENCE}ServerLive": Access.READ,
    f"{_INFERENCE}ServerReady": Access.READ,
    f"{_INFERENCE}ServerMetadata": Access.READ,
    f"{_INFERENCE}ModelReady": Access.READ,
    f"{_INFERENCE}ModelMetadata": Access.READ,
    f"{_INFERENCE}ModelInfer": Access.COMPUTE,
    f"{_ARTIFACTS}FindMissing": Access.READ,
    f"{_ARTIFACTS}Stat": Access.READ,
    f"{_ARTIFACTS}Read": Access.READ,
    f"{_ARTIFACTS}ListArtifacts": Access.READ,
    f"{_ARTIFACTS}CreateDownload": Access.READ,
    f"{_ARTIFACTS}QueryWrite": Access.WRITE,
    f"{_ARTIFACTS}Write": Access.WRITE,
    f"{_ARTIFACTS}CreateUpload": Access.WRITE,
    f"{_ARTIFACTS}CompleteUpload": Access.WRITE,
    f"{_ARTIFACTS}CollectGarbage": Access.ADMIN,
    f"{_ENCODER}CompareGenomes": Access.READ,
    f"{_ENCODER}EncodeSequences": Access.READ,
}


@lru_cache(maxsize=1024)
def access_of(method: str) -> Access | None:
    """Access of ``/package.Service/Method``; None: nobody may call it."""
    return TABLE.get(method) or _by_form(method)


def _by_form(method: str) -> Access | None:
    service, _, name = method.removeprefix("/").partition("/")
    if not service.startswith("cislex."):
        return None
    try:
        rpc: MethodDescriptor = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
    except KeyError:
        return None
    fields = [field.name for field in rpc.input_type.fields]
    answer = rpc.output_type.full_name
    if fields[:4] == _COMMON and answer == "google.longrunning.Operation":
        return Access.SUBMIT
    if name.startswith("Get") and fields == ["name"]:
        return Access.READ
    if name.startswith("List") and fields[:1] == ["parent"]:
        return Access.READ
    if name.startswith("Delete") and fields == ["name"] and answer == "google.protobuf.Empty":
        return Access.WRITE
    return None


def check_role(principal: Principal, method: str, access: Access | None, request: Any) -> None:
    """Raise FORBIDDEN unless the role allows the call."""
    if access is None:
        raise UserError(Reason.FORBIDDEN, f"{method} has no entry in the policy of this server", method=method)
    needed = {Access.PUBLIC: Role.READER, Access.READ: Role.READER, Access.ADMIN: Role.ADMIN}.get(access, Role.USER)
    if access is Access.SUBMIT and request.validate_only:
        needed = Role.READER
    if principal.role < needed:
        raise UserError(
            Reason.FORBIDDEN,
            f"{method} needs the role {needed.word}, and this token has the role {principal.role.word}",
            method=method, needed=needed.word, role=principal.role.word,
        )  # fmt: skip


def check_names(principal: Principal, request: Any) -> None:
    """Raise FORBIDDEN when any text of the request is a name of another tenant, whether or not such a thing exists."""
    if not principal.scoped or not isinstance(request, Message):
        return
    for text in _texts(request):
        tenant = text.split("/", 2)[1] if text.startswith("tenants/") else principal.tenant
        if tenant != principal.tenant:
            raise UserError(
                Reason.FORBIDDEN,
                f"this token is of tenant {principal.tenant!r}, and the request names tenant {tenant[:63]!r}",
                tenant=principal.tenant,
            )


def _texts(message: Message) -> Iterator[str]:
    """All texts of a message but labels, at any depth."""
    for field, value in message.ListFields():
        if field.name == "labels" or field.type not in (field.TYPE_STRING, field.TYPE_MESSAGE):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            items = [*value.keys(), *value.values()]
        else:
            items = value if field.is_repeated else [value]
        for item in items:
            if isinstance(item, str):
                yield item
            elif isinstance(item, Message):
                yield from _texts(item)
