"""Between plain dicts and the messages of the contracts, by descriptor: one place knows no service in particular.

``"encoder.BuildDataset"`` is ``/cislex.encoder.v1.EncoderService/BuildDataset``. In dicts, enum values are lower case
without the type's prefix (``KMER_PROTOCOL_EQ3`` is ``"eq3"``), as in the specs.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, message_factory
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

Descriptor = Any
"""A protobuf descriptor: of upb or of pure Python, which share no base class."""


@dataclass(frozen=True)
class Method:
    """One rpc: its path on the wire and its message classes."""

    path: str
    request: type[Message]
    response: type[Message]


def method(task: str) -> Method:
    """The rpc of a task name. Raises KeyError naming the rpcs that exist."""
    service, _, name = task.partition(".")
    module = importlib.import_module(f"cislex.{service}.v1.{service}_pb2")
    descriptor = next(iter(module.DESCRIPTOR.services_by_name.values()))
    found = descriptor.methods_by_name.get(name)
    if found is None:
        raise KeyError(f"{descriptor.full_name} has no rpc {name}; it has {', '.join(descriptor.methods_by_name)}")
    return Method(
        path=f"/{descriptor.full_name}/{name}",
        request=message_factory.GetMessageClass(found.input_type),
        response=message_factory.GetMessageClass(found.output_type),
    )


def request_message(task: str, fields: Mapping[str, Any]) -> Message:
    """Build the request of a task from plain fields; ``None`` values are left unset.

    Raises json_format.ParseError for a field or value that the contract lacks.
    """
    cls = method(task).request
    return json_format.ParseDict(_to_json(cls.DESCRIPTOR, fields), cls())


def has_field(task: str, name: str) -> bool:
    """True when the task's request has this field: lets a newer client speak with an older contract."""
    return name in method(task).request.DESCRIPTOR.fields_by_name


def plain(message: Message) -> dict[str, Any]:
    """A message as a dict with proto field names; integers stay integers, enums are lower case, unset is left out.

    Scalars without presence are always there, so that a table has all its columns.
    """
    out: dict[str, Any] = {}
    fields: list[Descriptor] = list(message.DESCRIPTOR.fields)
    for field in fields:
        if field.has_presence and not message.HasField(field.name):
            continue
        value = getattr(message, field.name)
        if _is_map(field):
            inner = field.message_type.fields_by_name["value"]
            out[field.name] = {str(key): _plain_value(inner, value[key]) for key in sorted(value)}
        elif field.is_repeated:
            out[field.name] = [_plain_value(field, item) for item in value]
        else:
            out[field.name] = _plain_value(field, value)
    return out


def unpack(packed: AnyMessage, task: str) -> Message | None:
    """The message inside an ``Any`` (the stubs of ``task``'s service are loaded first); None when it is empty."""
    if not packed.type_url:
        return None
    service = task.partition(".")[0]
    importlib.import_module(f"cislex.{service}.v1.{service}_pb2")
    from google.protobuf import descriptor_pool

    kind = packed.type_url.rpartition("/")[2]
    message = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(kind))()
    packed.Unpack(message)
    return message


def enum_prefix(enum: Descriptor) -> str:
    """``KmerProtocol`` → ``KMER_PROTOCOL_``."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", enum.name)
    return snake.upper() + "_"


def enum_text(enum: Descriptor, number: int) -> str:
    """Lower-case name of a value without its prefix; the number itself when it is unknown."""
    value = enum.values_by_number.get(number)
    return str(number) if value is None else value.name.removeprefix(enum_prefix(enum)).lower()


def _to_json(descriptor: Descriptor, fields: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in fields.items():
        field = descriptor.fields_by_name.get(name)
        if value is None:
            continue
        if field is not None and field.enum_type is not None and not _is_map(field):
            out[name] = [_enum(field, v) for v in value] if field.is_repeated else _enum(field, value)
        elif field is not None and field.message_type is not None and not _is_map(field) and _ours(field.message_type):
            inner = field.message_type
            out[name] = [_to_json(inner, v) for v in value] if field.is_repeated else _to_json(inner, value)
        else:
            out[name] = value
    return out


def _enum(field: Descriptor, value: str) -> str:
    full = enum_prefix(field.enum_type) + str(value).upper().replace("-", "_")
    if full not in field.enum_type.values_by_name:
        known = [enum_text(field.enum_type, entry.number) for entry in field.enum_type.values if entry.number]
        raise json_format.ParseError(f"{field.name} {value!r} is none of {', '.join(known)}")
    return full


def _ours(message: Descriptor) -> bool:
    return not message.full_name.startswith("google.protobuf.")


def _is_map(field: Descriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _plain_value(field: Descriptor, value: Any) -> Any:
    if field.message_type is not None:
        if not _ours(field.message_type):
            return json_format.MessageToDict(value)
        return plain(value)
    if field.enum_type is not None:
        return enum_text(field.enum_type, value)
    return value
