"""From the fields of a call to its request: files are brought to the server, results become their names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from cislex.artifacts.v1 import artifacts_pb2
from google.protobuf.message import Message

from cislex_client import messages
from cislex_client.session import Session

_INPUT_FILE = artifacts_pb2.InputFile.DESCRIPTOR.full_name


async def body(session: Session, task: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The request as ``messages.request_message`` takes it. Raises what ``Session.bring`` raises, and ValueError for a
    result without a name."""
    descriptor = messages.method(task).request.DESCRIPTOR
    return {name: await _value(session, descriptor.fields_by_name[name], value) for name, value in fields.items()}


async def _value(session: Session, field: Any, value: Any) -> Any:
    kind = field.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return {name: _text(item) for name, item in value.items()}
    if kind is not None and kind.full_name == _INPUT_FILE:
        return await _each(session, field, value, _file)
    if kind is not None and "file" in kind.fields_by_name and isinstance(value, Mapping):
        return [{"name": name, "file": await _file(session, file)} for name, file in value.items()]
    if field.type == field.TYPE_STRING:
        return await _each(session, field, value, _name)
    return value


async def _each(session: Session, field: Any, value: Any, change: Any) -> Any:
    if field.is_repeated and isinstance(value, Sequence) and not isinstance(value, str):
        return [await change(session, item) for item in value]
    return await change(session, value)


async def _file(session: Session, value: Any) -> Any:
    if isinstance(value, (str, PathLike)):
        return await session.bring(Path(fspath(value)))
    if isinstance(value, artifacts_pb2.InputFile):
        return messages.plain(value)
    return value


async def _name(session: Session, value: Any) -> Any:
    return reference(value) if isinstance(value, Message) else value


def reference(value: Message | str) -> str:
    """The name of a result, else the sha256 of its artifact."""
    if isinstance(value, str):
        return value
    given: Any = value
    found = getattr(given, "name", "") or getattr(getattr(given, "artifact", given), "sha256", "")
    if not found:
        raise ValueError(f"{type(value).__name__} is no result of a job: it has neither name nor artifact")
    return str(found)


def digest(value: Message | str) -> str:
    """The sha256 of a result's artifact; a string is one."""
    if isinstance(value, str):
        return value
    given: Any = value
    found = getattr(getattr(given, "artifact", given), "sha256", "")
    if not found:
        raise ValueError(f"{type(value).__name__} has no artifact")
    return str(found)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
