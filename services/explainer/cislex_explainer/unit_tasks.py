"""Tasks about units and interactions: loaded by workers; heavy modules are imported when a task runs."""

from __future__ import annotations

from cislex_core.tasks import Inputs, Out, Progress, Task

from cislex_explainer.unit_specs import ExplainUnitsSpec, MeasureInteractionsSpec, ProjectUnitsSpec


def explain_units(spec: ExplainUnitsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Units as motifs with their weights and importances → kind units."""
    from cislex_explainer.units_task import run

    run(spec, inputs, out, progress)


def project_units(spec: ProjectUnitsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """UMAP of unit outputs → kind projection."""
    from cislex_explainer.projection_task import run

    run(spec, inputs, out, progress)


def measure_interactions(spec: MeasureInteractionsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Residuals over the sum of two motifs' effects → kind interactions."""
    from cislex_explainer.interactions_task import run

    run(spec, inputs, out, progress)


UNIT_TASKS: dict[str, Task] = {
    "explainer.ExplainUnits": explain_units,
    "explainer.ProjectUnits": project_units,
    "explainer.MeasureInteractions": measure_interactions,
}
