from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetServiceInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServiceInfoResponse(_message.Message):
    __slots__ = ("id", "name", "type", "description", "organization", "contact_url", "documentation_url", "environment", "version", "services", "engine", "auth", "media_types", "limits")
    class ServiceType(_message.Message):
        __slots__ = ("group", "artifact", "version")
        GROUP_FIELD_NUMBER: _ClassVar[int]
        ARTIFACT_FIELD_NUMBER: _ClassVar[int]
        VERSION_FIELD_NUMBER: _ClassVar[int]
        group: str
        artifact: str
        version: str
        def __init__(self, group: _Optional[str] = ..., artifact: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...
    class Organization(_message.Message):
        __slots__ = ("name", "url")
        NAME_FIELD_NUMBER: _ClassVar[int]
        URL_FIELD_NUMBER: _ClassVar[int]
        name: str
        url: str
        def __init__(self, name: _Optional[str] = ..., url: _Optional[str] = ...) -> None: ...
    class Limits(_message.Message):
        __slots__ = ("max_message_bytes", "default_deadline_s", "require_deadline", "max_concurrent_rpcs", "max_watches_per_tenant", "max_inference_batch")
        MAX_MESSAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
        DEFAULT_DEADLINE_S_FIELD_NUMBER: _ClassVar[int]
        REQUIRE_DEADLINE_FIELD_NUMBER: _ClassVar[int]
        MAX_CONCURRENT_RPCS_FIELD_NUMBER: _ClassVar[int]
        MAX_WATCHES_PER_TENANT_FIELD_NUMBER: _ClassVar[int]
        MAX_INFERENCE_BATCH_FIELD_NUMBER: _ClassVar[int]
        max_message_bytes: int
        default_deadline_s: float
        require_deadline: bool
        max_concurrent_rpcs: int
        max_watches_per_tenant: int
        max_inference_batch: int
        def __init__(self, max_message_bytes: _Optional[int] = ..., default_deadline_s: _Optional[float] = ..., require_deadline: _Optional[bool] = ..., max_concurrent_rpcs: _Optional[int] = ..., max_watches_per_tenant: _Optional[int] = ..., max_inference_batch: _Optional[int] = ...) -> None: ...
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    ORGANIZATION_FIELD_NUMBER: _ClassVar[int]
    CONTACT_URL_FIELD_NUMBER: _ClassVar[int]
    DOCUMENTATION_URL_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    AUTH_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    type: GetServiceInfoResponse.ServiceType
    description: str
    organization: GetServiceInfoResponse.Organization
    contact_url: str
    documentation_url: str
    environment: str
    version: str
    services: _containers.RepeatedScalarFieldContainer[str]
    engine: str
    auth: str
    media_types: _containers.RepeatedScalarFieldContainer[str]
    limits: GetServiceInfoResponse.Limits
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[_Union[GetServiceInfoResponse.ServiceType, _Mapping]] = ..., description: _Optional[str] = ..., organization: _Optional[_Union[GetServiceInfoResponse.Organization, _Mapping]] = ..., contact_url: _Optional[str] = ..., documentation_url: _Optional[str] = ..., environment: _Optional[str] = ..., version: _Optional[str] = ..., services: _Optional[_Iterable[str]] = ..., engine: _Optional[str] = ..., auth: _Optional[str] = ..., media_types: _Optional[_Iterable[str]] = ..., limits: _Optional[_Union[GetServiceInfoResponse.Limits, _Mapping]] = ...) -> None: ...
