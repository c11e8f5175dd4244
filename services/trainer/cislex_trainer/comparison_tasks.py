"""The task of CompareModels: loaded by workers; heavy modules are imported when it runs."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_trainer.comparison_specs import CompareModelsSpec


def compare_models(spec: CompareModelsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """trainer.CompareModels → kind comparison."""
    from cislex_trainer.comparison import compare_models as run

    run(spec, inputs, out, progress)


COMPARISON_TASKS: dict[str, Task] = {"trainer.CompareModels": compare_models}
