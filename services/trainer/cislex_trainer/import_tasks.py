"""The task of ImportModel: loaded by workers; heavy modules are imported when it runs."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_trainer.import_specs import ImportModelSpec


def import_model(spec: ImportModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """trainer.ImportModel → kind model."""
    from cislex_trainer.import_model import import_model as run

    run(spec, inputs, out, progress)


IMPORT_TASKS: dict[str, Task] = {"trainer.ImportModel": import_model}
