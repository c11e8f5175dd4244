"""Architectures side by side as steps: each is trained with the same seeds on the same split, judged, and tabled.

dataset → train_<name> → evaluate_<name> ┐
        → …                              ┴→ comparison
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cislex_client.pipelines.graph import Ref, Step, check
from cislex_client.pipelines.sources import FileRef, TrainingOptions, dataset_steps


@dataclass(frozen=True, kw_only=True)
class CompareOptions(TrainingOptions):
    """Every option of the comparison. ``per_model``: options of single architectures, by name."""

    models: list[str]
    train_protocol: str | None = None
    per_model: dict[str, dict[str, str]] = field(default_factory=dict)
    reference: str | None = None


def plan(options: CompareOptions, files: Mapping[str, FileRef]) -> list[Step]:
    """The steps of one comparison, ordered; ``files`` as in ``sources.dataset_steps``."""
    steps = [] if options.dataset else dataset_steps(options, files)
    dataset: str | Ref = options.dataset or Ref("dataset")
    for name in options.models:
        steps += [
            _train(options, dataset, name),
            Step(f"evaluate_{name}", f"judge {name}", "trainer.EvaluateModel",
                 {"model": Ref(f"train_{name}"), "dataset": dataset, "device": options.device}),
        ]  # fmt: skip
    table = {
        "models": [Ref(f"train_{name}") for name in options.models],
        "evaluations": [Ref(f"evaluate_{name}") for name in options.models],
        "names": options.models,
        "reference": options.reference,
    }
    steps.append(Step("comparison", "compare them", "trainer.CompareModels", table))
    return check(steps)


def _train(options: CompareOptions, dataset: str | Ref, name: str) -> Step:
    request = {
        "dataset": dataset,
        "architecture": name,
        "options": options.per_model.get(name, {}),
        "protocol": options.train_protocol,
        **options.training(),
    }
    return Step(f"train_{name}", f"train {name}", "trainer.TrainModel", request)
