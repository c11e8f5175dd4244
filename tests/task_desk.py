"""Run a task as a worker does, without a server: a spec in, a committed artifact out. For every room's tests."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from cislex_core.manifests import Artifact, Manifest
from cislex_core.stores.local import LocalStore
from cislex_core.tasks import Inputs, Progress, TaskInfo, TaskSpec
from cislex_runtime.working.task_io import WorkerInputs, WorkerOut, WorkerProgress, refuse_nan


def task_info(task: str) -> TaskInfo:
    """``"trainer.Predict"`` → its entry in the trainer's SPECS."""
    return importlib.import_module(f"cislex_{task.split('.')[0]}.specs").SPECS[task]


def run_task(
    store: LocalStore, task: str, spec: TaskSpec, progress: Progress, inputs: Inputs | None = None
) -> Artifact:
    """Run ``task`` and commit what it wrote; ``inputs`` are those of the store unless given."""
    function = importlib.import_module(f"cislex_{task.split('.')[0]}.tasks").TASKS[task]
    kind = task_info(task).kind
    out = WorkerOut(store.stage(), kind)
    function(spec, inputs or WorkerInputs(store, {}), out, progress)
    assert out.kind == kind
    refuse_nan(out.summary)
    manifest = Manifest(
        kind=out.kind, semantics=out.semantics, summary=out.summary, spec=spec.digestable(), seeds=out.seeds,
        genome_digest=out.genome_digest, tools=out.tools,
    )  # fmt: skip
    return store.commit_artifact(out.dir, manifest)


def progress_in(folder: Path, reports: list[dict[str, Any]] | None = None) -> WorkerProgress:
    """A worker's progress, checkpoints and scratch in ``folder``; what it would send is appended to ``reports``."""
    return WorkerProgress((reports if reports is not None else []).append, folder, folder)


@dataclass
class Desk:
    """A store, and the tasks of one service run against it. Checkpoints and scratch files lie in one folder."""

    store: LocalStore
    scratch: Path
    area: ClassVar[str]

    @classmethod
    def at(cls, folder: Path) -> Self:
        """A new store and a new scratch folder in ``folder``."""
        (folder / "scratch").mkdir()
        return cls(LocalStore(folder / "store"), folder / "scratch")

    def commit(self, kind: str, write: Callable[[Path], None], **manifest: Any) -> Artifact:
        """An artifact of the files that ``write`` leaves in the folder it is given."""
        staged = self.store.stage()
        write(staged)
        return self.store.commit_artifact(staged, Manifest(kind=kind, **manifest))

    def progress(self, reports: list[dict[str, Any]] | None = None) -> WorkerProgress:
        """See ``progress_in``."""
        return progress_in(self.scratch, reports)

    def run(self, task: str, progress: WorkerProgress | None = None, **fields: Any) -> Artifact:
        """``desk.run("Predict", export=…)``: the artifact of the service's task with these spec fields."""
        name = f"{self.area}.{task}"
        spec = task_info(name).spec.model_validate(fields)
        return run_task(self.store, name, spec, progress or self.progress())
