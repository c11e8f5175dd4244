"""What the API process knows of tasks: their specs, by entry point or as a service handed them over; and spec walks."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from cislex_core.errors import CislexError, Reason
from cislex_core.tasks import InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_known: dict[str, TaskInfo] = {}


def add_specs(specs: dict[str, TaskInfo]) -> None:
    """Make tasks known to this process."""
    _known.update(specs)


def find_info(task: str) -> TaskInfo:
    """Facts about a task, looked up among the known ones, CISLEX_EXTRA_SPECS (``module:DICT``) and entry points."""
    if task not in _known:
        extra = os.environ.get("CISLEX_EXTRA_SPECS", "")
        if extra:
            module, _, attribute = extra.partition(":")
            add_specs(getattr(importlib.import_module(module), attribute))
    if task not in _known:
        for entry in entry_points(group="cislex.specs"):
            if entry.name == task.split(".")[0]:
                add_specs(entry.load())
    if task not in _known:
        raise CislexError(Reason.INTERNAL, f"no installed package has the task {task}", task=task)
    return _known[task]


def may_use_gpu(info: TaskInfo, spec: Mapping[str, Any]) -> bool:
    """Whether an attempt could compute on a GPU: its task can, and its spec (as JSON) does not ask for the CPU."""
    return info.gpu and spec.get("device", "auto") != "cpu"


def kinds_of(services: Collection[str]) -> list[str]:
    """Kinds of the results that the tasks of these services make, sorted; of tasks that are known to this process."""
    return sorted({info.kind for task, info in _known.items() if task.partition(".")[0] in services})


@functools.cache
def _mark(annotation: Any, metadata: tuple[Any, ...]) -> NamesArtifact | None:
    """The NamesArtifact of a field, looked for at any depth of ``Annotated``, unions and containers; the last wins."""
    found = None
    for item in metadata:
        if isinstance(item, NamesArtifact):
            found = item
    if found is not None:
        return found
    inner_metadata = getattr(annotation, "__metadata__", ())
    for item in inner_metadata:
        if isinstance(item, NamesArtifact):
            found = item
    if found is not None:
        return found
    for argument in getattr(annotation, "__args__", ()):
        found = _mark_of(argument, ())
        if found is not None:
            return found
    return None


def _mark_of(annotation: Any, metadata: tuple[Any, ...]) -> NamesArtifact | None:
    try:
        return _mark(annotation, metadata)
    except TypeError:  # something unhashable among the metadata
        return _mark.__wrapped__(annotation, metadata)


def artifact_mark(field: FieldInfo) -> NamesArtifact | None:
    """What a field of a spec refers to, or None when it names no artifact."""
    return _mark_of(field.annotation, tuple(field.metadata))


Visit = Callable[[str, str, NamesArtifact], str]


def map_references(spec: TaskSpec, on_artifact: Visit, on_file: Callable[[str, InputRef], InputRef]) -> TaskSpec:
    """A copy of the spec with each artifact reference and each InputRef replaced by what the callbacks answer.

    Callbacks get the field's path (``genome``, ``queries[1]``, ``options.table``) first.
    """
    values = {}
    for name, info in type(spec).model_fields.items():
        mark = artifact_mark(info)
        values[name] = _map(getattr(spec, name), name, mark, on_artifact, on_file)
    return spec.model_copy(update=values)


def _map(value: Any, path: str, mark: NamesArtifact | None, on_artifact: Visit, on_file: Any) -> Any:
    if isinstance(value, InputRef):
        return on_file(path, value)
    if isinstance(value, str):
        return on_artifact(path, value, mark) if mark is not None else value
    if isinstance(value, BaseModel):
        changed = {}
        for name, info in type(value).model_fields.items():
            inner = artifact_mark(info)
            changed[name] = _map(getattr(value, name), f"{path}.{name}", inner, on_artifact, on_file)
        return value.model_copy(update=changed)
    if isinstance(value, (list, tuple)):
        return type(value)(_map(item, f"{path}[{i}]", mark, on_artifact, on_file) for i, item in enumerate(value))
    if isinstance(value, dict):
        return {k: _map(item, f"{path}.{k}", mark, on_artifact, on_file) for k, item in value.items()}
    return value


def references(spec: TaskSpec) -> Iterator[tuple[str, str]]:
    """(field path, digest) of every artifact and file that a resolved spec refers to."""
    found: list[tuple[str, str]] = []

    def on_artifact(path: str, digest: str, _: NamesArtifact) -> str:
        found.append((path, digest))
        return digest

    def on_file(path: str, ref: InputRef) -> InputRef:
        found.append((path, ref.sha256))
        return ref

    map_references(spec, on_artifact, on_file)
    return iter(found)


def inputs_of(spec: TaskSpec) -> dict[str, str]:
    """Role → digest, for the manifest."""
    return {path: digest for path, digest in references(spec) if digest}
