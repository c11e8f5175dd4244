import datetime

from google.longrunning import operations_pb2 as _operations_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WaitingReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAITING_REASON_UNSPECIFIED: _ClassVar[WaitingReason]
    WAITING_REASON_NO_FREE_SLOT: _ClassVar[WaitingReason]
    WAITING_REASON_QUOTA: _ClassVar[WaitingReason]
    WAITING_REASON_BACK_OFF: _ClassVar[WaitingReason]
    WAITING_REASON_EQUAL_OPERATION: _ClassVar[WaitingReason]
    WAITING_REASON_ENGINE_AWAY: _ClassVar[WaitingReason]
    WAITING_REASON_NO_OWNER: _ClassVar[WaitingReason]
    WAITING_REASON_STORE_AWAY: _ClassVar[WaitingReason]
WAITING_REASON_UNSPECIFIED: WaitingReason
WAITING_REASON_NO_FREE_SLOT: WaitingReason
WAITING_REASON_QUOTA: WaitingReason
WAITING_REASON_BACK_OFF: WaitingReason
WAITING_REASON_EQUAL_OPERATION: WaitingReason
WAITING_REASON_ENGINE_AWAY: WaitingReason
WAITING_REASON_NO_OWNER: WaitingReason
WAITING_REASON_STORE_AWAY: WaitingReason

class Progress(_message.Message):
    __slots__ = ("done", "total", "unit", "rate", "eta_s")
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    ETA_S_FIELD_NUMBER: _ClassVar[int]
    done: float
    total: float
    unit: str
    rate: float
    eta_s: float
    def __init__(self, done: _Optional[float] = ..., total: _Optional[float] = ..., unit: _Optional[str] = ..., rate: _Optional[float] = ..., eta_s: _Optional[float] = ...) -> None: ...

class Timings(_message.Message):
    __slots__ = ("queued", "started", "running", "finished")
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    queued: _timestamp_pb2.Timestamp
    started: _timestamp_pb2.Timestamp
    running: _timestamp_pb2.Timestamp
    finished: _timestamp_pb2.Timestamp
    def __init__(self, queued: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., started: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., running: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., finished: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResourceUsage(_message.Message):
    __slots__ = ("device", "peak_memory_bytes", "peak_device_memory_bytes", "wall_s", "cpu_s")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PEAK_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    PEAK_DEVICE_MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    WALL_S_FIELD_NUMBER: _ClassVar[int]
    CPU_S_FIELD_NUMBER: _ClassVar[int]
    device: str
    peak_memory_bytes: int
    peak_device_memory_bytes: int
    wall_s: float
    cpu_s: float
    def __init__(self, device: _Optional[str] = ..., peak_memory_bytes: _Optional[int] = ..., peak_device_memory_bytes: _Optional[int] = ..., wall_s: _Optional[float] = ..., cpu_s: _Optional[float] = ...) -> None: ...

class OperationMetadata(_message.Message):
    __slots__ = ("state", "task", "attempt", "progress", "metrics", "message", "cache_hit", "warnings", "timings", "resource_usage", "spec_digest", "labels", "request_id", "spec_json", "validate_only", "waiting_reason", "queue_position")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[OperationMetadata.State]
        STATE_QUEUED: _ClassVar[OperationMetadata.State]
        STATE_WAITING_FOR_RESOURCES: _ClassVar[OperationMetadata.State]
        STATE_INITIALIZING: _ClassVar[OperationMetadata.State]
        STATE_RUNNING: _ClassVar[OperationMetadata.State]
        STATE_CANCELLING: _ClassVar[OperationMetadata.State]
        STATE_SUCCEEDED: _ClassVar[OperationMetadata.State]
        STATE_FAILED: _ClassVar[OperationMetadata.State]
        STATE_CANCELLED: _ClassVar[OperationMetadata.State]
    STATE_UNSPECIFIED: OperationMetadata.State
    STATE_QUEUED: OperationMetadata.State
    STATE_WAITING_FOR_RESOURCES: OperationMetadata.State
    STATE_INITIALIZING: OperationMetadata.State
    STATE_RUNNING: OperationMetadata.State
    STATE_CANCELLING: OperationMetadata.State
    STATE_SUCCEEDED: OperationMetadata.State
    STATE_FAILED: OperationMetadata.State
    STATE_CANCELLED: OperationMetadata.State
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CACHE_HIT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    TIMINGS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_USAGE_FIELD_NUMBER: _ClassVar[int]
    SPEC_DIGEST_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_JSON_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    WAITING_REASON_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    state: OperationMetadata.State
    task: str
    attempt: int
    progress: Progress
    metrics: _containers.ScalarMap[str, float]
    message: str
    cache_hit: bool
    warnings: _containers.RepeatedCompositeFieldContainer[_status_pb2.Status]
    timings: Timings
    resource_usage: ResourceUsage
    spec_digest: str
    labels: _containers.ScalarMap[str, str]
    request_id: str
    spec_json: str
    validate_only: bool
    waiting_reason: WaitingReason
    queue_position: int
    def __init__(self, state: _Optional[_Union[OperationMetadata.State, str]] = ..., task: _Optional[str] = ..., attempt: _Optional[int] = ..., progress: _Optional[_Union[Progress, _Mapping]] = ..., metrics: _Optional[_Mapping[str, float]] = ..., message: _Optional[str] = ..., cache_hit: _Optional[bool] = ..., warnings: _Optional[_Iterable[_Union[_status_pb2.Status, _Mapping]]] = ..., timings: _Optional[_Union[Timings, _Mapping]] = ..., resource_usage: _Optional[_Union[ResourceUsage, _Mapping]] = ..., spec_digest: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., request_id: _Optional[str] = ..., spec_json: _Optional[str] = ..., validate_only: _Optional[bool] = ..., waiting_reason: _Optional[_Union[WaitingReason, str]] = ..., queue_position: _Optional[int] = ...) -> None: ...

class WatchOperationRequest(_message.Message):
    __slots__ = ("name", "after_sequence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_sequence: int
    def __init__(self, name: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchOperationResponse(_message.Message):
    __slots__ = ("sequence", "operation", "bookmark")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    BOOKMARK_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    operation: _operations_pb2.Operation
    bookmark: bool
    def __init__(self, sequence: _Optional[int] = ..., operation: _Optional[_Union[_operations_pb2.Operation, _Mapping]] = ..., bookmark: _Optional[bool] = ...) -> None: ...
