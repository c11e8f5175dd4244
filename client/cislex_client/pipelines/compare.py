"""Architectures side by side as steps: each is trained with the same seeds on the same split, judged, and tabled.

dataset → train_<name> → evaluate_<name> ┐
        → …                              ┴→ comparison
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cislex_client.pipelines.graph import Ref, Step, check
from cislex_client.pipelines.sources import FileRef, dataset_steps


@dataclass(frozen=True)
class CompareOptions:
    """Every option of the comparison. ``per_model``: options of single architectures, by name."""

    models: list[str]
    window_bp: int | None = None
    test_chroms: list[str] = field(default_factory=list)
    validation_chroms: list[str] = field(default_factory=list)
    alias: str = "none"
    max_per_class: int | None = None
    data_seed: int | None = None
    protocol: str = "default"
    label_definition: str | None = None
    dataset: str = ""
    seeds: int = 3
    epochs: int | None = None
    patience: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    loss: str | None = None
    class_weights: str | None = None
    train_protocol: str | None = None
    per_model: dict[str, dict[str, str]] = field(default_factory=dict)
    reference: str | None = None
    device: str = "auto"

    def as_json(self) -> dict[str, Any]:
        """All options as JSON, for run.json."""
        return asdict(self)


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
        "seeds": list(range(options.seeds)),
        "protocol": options.train_protocol,
        "epochs": options.epochs,
        "patience": options.patience,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "loss": options.loss,
        "class_weights": options.class_weights,
        "device": options.device,
    }
    return Step(f"train_{name}", f"train {name}", "trainer.TrainModel", request)
