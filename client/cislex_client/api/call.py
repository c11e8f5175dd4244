"""What can be asked of the services, as values: made by the functions of ``calls``, given to a client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any, Generic, TypeVar

from cislex.artifacts.v1 import artifacts_pb2
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

#: A file of this machine (it is uploaded where the server cannot read it), or one that the server has.
File = str | PathLike[str] | artifacts_pb2.InputFile
#: A result: what a job gave, its resource name, or the sha256 of its artifact.
Ref = str | Message
#: Options of an architecture, by name.
Options = Mapping[str, str | float | bool]


@dataclass(frozen=True)
class Call(Generic[M]):
    """Work that takes long: ``task`` with the fields that were set, and the message that its result is."""

    task: str
    response: type[M]
    fields: dict[str, Any]


@dataclass(frozen=True)
class Question(Generic[M]):
    """Something that is answered at once."""

    task: str
    response: type[M]
    fields: dict[str, Any]


def given(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a function that are set."""
    return {name: value for name, value in fields.items() if value is not None}
