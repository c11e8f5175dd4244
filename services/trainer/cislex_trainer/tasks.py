"""The trainer's tasks: what a worker runs. Each opens its inputs, calls the domain code and writes its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cislex_core.tasks import Inputs, Out, Progress

from cislex_trainer.comparison_tasks import COMPARISON_TASKS
from cislex_trainer.import_tasks import IMPORT_TASKS
from cislex_trainer.specs import EvaluateModelSpec, ExportModelSpec, PredictSpec, TrainModelSpec


def train_model(spec: TrainModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """trainer.TrainModel → kind model."""
    from cislex_trainer.train import train_model as run

    run(spec, inputs, out, progress)


def evaluate_model(spec: EvaluateModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """trainer.EvaluateModel → kind evaluation."""
    from cislex_trainer.evaluate import evaluate_model as run

    run(spec, inputs, out, progress)


def export_model(spec: ExportModelSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """trainer.ExportModel → kind export."""
    from cislex_trainer.export import export_model as run

    run(spec, inputs, out, progress)


def predict(spec: PredictSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """trainer.Predict → kind predictions."""
    from cislex_trainer.predict import predict as run

    run(spec, inputs, out, progress)


TASKS: dict[str, Callable[[Any, Inputs, Out, Progress], None]] = {
    "trainer.TrainModel": train_model,
    "trainer.EvaluateModel": evaluate_model,
    "trainer.ExportModel": export_model,
    "trainer.Predict": predict,
    **COMPARISON_TASKS,
    **IMPORT_TASKS,
}
