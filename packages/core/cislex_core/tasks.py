"""What a task is: a function ``(spec, inputs, out, progress) -> None`` that any engine can run.

Services declare tasks in ``specs.py`` (what the API process needs: the spec model and its facts) and ``tasks.py``
(the functions, loaded by workers only). A task reads inputs by digest, writes only into ``out``, reports progress and
looks for a cancel request at its checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, StringConstraints

from cislex_core.canonical import digest_json
from cislex_core.manifests import Artifact


@dataclass(frozen=True)
class NamesArtifact:
    """Marks a spec field that refers to an artifact: the servicer layer puts the full digest in its place."""

    kinds: tuple[str, ...] = ()


#: A reference to an artifact. A request gives a resource name (``tenants/local/datasets/0123456789abcdef``) or a
#: full digest; a task always sees the digest. ``ArtifactDigest | None``, ``list[ArtifactDigest]`` work as well. To say
#: which kinds a field takes: ``Annotated[ArtifactDigest, NamesArtifact(("dataset",))]`` (else ARTIFACT_KIND).
ArtifactDigest = Annotated[str, StringConstraints(min_length=1), NamesArtifact()]


class InputRef(BaseModel):
    """An input file by content. ``path`` only says where the bytes may be found; it never enters a digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sha256: str = ""
    path: str | None = None


class TaskSpec(BaseModel):
    """Base of all specs: unknown fields are refused, defaults live here and are documented in the proto."""

    model_config = ConfigDict(extra="forbid")

    def digestable(self) -> dict[str, Any]:
        """The spec as JSON without locators: equal work gives equal digests wherever the files lie."""
        return _without_paths(self.model_dump(mode="json"))


@dataclass(frozen=True)
class TaskInfo:
    """Facts about a task that the API process needs without importing its code.

    ``version`` is raised by hand when the task's results change: it is part of the cache key.
    """

    spec: type[TaskSpec]
    kind: str
    version: int = 1
    gpu: bool = False
    heavy: bool = False


def cache_key(task: str, info: TaskInfo, spec: TaskSpec) -> str:
    """sha256 of task name, version and path-free spec: the key of the result cache."""
    return digest_json({"task": task, "version": info.version, "spec": spec.digestable()})


class Inputs(Protocol):
    """How a task reads: by digest, verified."""

    def file(self, ref: InputRef) -> Path:
        """Local path of a file whose content has been checked against ``ref.sha256``."""

    def artifact(self, digest: str) -> Artifact:
        """An artifact of the store."""

    def recipe(self) -> dict[str, Any]:
        """What another process, here or on another machine, needs to read the same by digest."""


class Out(Protocol):
    """Where a task writes. The worker commits the folder as one artifact when the task returns."""

    kind: str
    semantics: dict[str, Any]
    summary: dict[str, Any]
    genome_digest: str | None
    seeds: list[int]
    tools: dict[str, str]
    dir: Path

    def path(self, name: str) -> Path:
        """Path to write the file ``name`` at (parents are made)."""

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write a parquet table."""

    def write_json(self, name: str, value: Any) -> None:
        """Write indented JSON."""


class Progress(Protocol):
    """How a task speaks while it runs."""

    checkpoint_dir: Path
    scratch_dir: Path

    def update(self, done: float, total: float, unit: str = "", **metrics: float) -> None:
        """Report ``done`` of ``total`` and any figures worth watching."""

    def message(self, text: str) -> None:
        """A line for people."""

    def warn(self, reason: str, message: str) -> None:
        """A warning that stays with the operation."""

    def check_cancel(self) -> None:
        """Raise ``Cancelled`` when cancellation was asked for."""


Task = Callable[[Any, Inputs, Out, Progress], None]


def _without_paths(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"sha256", "path"}:
            return {"sha256": value["sha256"]}
        return {key: _without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_paths(item) for item in value]
    return value
