"""The explainer's tasks, run by workers: each reads inputs by digest and writes one artifact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cislex_core.tasks import Inputs, Out, Progress

from cislex_explainer.specs import ComputeAttributionsSpec, ExplainFiltersSpec, ExtractKmersSpec
from cislex_explainer.unit_tasks import UNIT_TASKS


def compute_attributions(spec: ComputeAttributionsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Scores of every base of a split → kind attributions."""
    from cislex_explainer.attributions_task import run

    run(spec, inputs, out, progress)


def extract_kmers(spec: ExtractKmersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Words under the most important positions → kind kmers."""
    from cislex_explainer.kmers_task import run

    run(spec, inputs, out, progress)


def explain_filters(spec: ExplainFiltersSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """First-layer filters as motifs → kind filters."""
    from cislex_explainer.filters_task import run

    run(spec, inputs, out, progress)


TASKS: dict[str, Callable[[Any, Inputs, Out, Progress], None]] = {
    "explainer.ComputeAttributions": compute_attributions,
    "explainer.ExtractKmers": extract_kmers,
    "explainer.ExplainFilters": explain_filters,
    **UNIT_TASKS,
}
