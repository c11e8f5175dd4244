"""Specs of the trainer's operations: every field, its range and its default. No torch here (the API reads this)."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from cislex_core.tasks import ArtifactDigest, InputRef, NamesArtifact, TaskInfo, TaskSpec
from pydantic import Field, model_validator

from cislex_trainer.comparison_specs import COMPARISON_SPECS
from cislex_trainer.import_specs import IMPORT_SPECS
from cislex_trainer.start_specs import StartFields, checked_options

DatasetDigest = Annotated[ArtifactDigest, NamesArtifact(("dataset",))]
ModelDigest = Annotated[ArtifactDigest, NamesArtifact(("model",))]
ExportDigest = Annotated[ArtifactDigest, NamesArtifact(("export",))]
EvaluationDigest = Annotated[ArtifactDigest, NamesArtifact(("evaluation",))]
Device = Literal["auto", "cpu", "cuda"]
Split = Literal["train", "validation", "test", "all"]
Strands = Literal["random", "both", "forward"]

# What a protocol sets where the request says nothing. "default": chosen on yeast Reb1/Abf1 (docs/methods.md);
# "paper": WTKO-CNN, section 3.2 and the published code (no weight decay there; the text has 1e-4);
# "explainn": Methods of Novakovsky et al. 2023 (the reverse complements are part of train and validation).
PROTOCOLS: dict[str, dict[str, Any]] = {
    "default": {
        "patience": 10,
        "batch_size": 32,
        "accumulation": 1,
        "learning_rate": 2e-3,
        "weight_decay": 0.0,
        "strands": "random",
    },
    "paper": {
        "epochs": 100,
        "patience": 0,
        "batch_size": 16,
        "accumulation": 4,
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "strands": "forward",
    },
    "explainn": {
        "patience": 10,
        "batch_size": 100,
        "accumulation": 1,
        "learning_rate": 3e-3,
        "weight_decay": 0.0,
        "strands": "both",
    },
}

# Where the request names no number of epochs: enough for this many updates, within these bounds. 846 yeast windows get
# 60 epochs, 11,598 CTCF/PU.1 sequences 14: more of them changed the test AUROC in the third decimal and cost minutes.
UPDATES = 5_000
EPOCHS_LEAST, EPOCHS_MOST = 10, 60


def epochs_for(n_sequences: int, batch_size: int, accumulation: int) -> int:
    """The number of epochs when the request leaves it open; both strands of a sequence count as two sequences."""
    per_epoch = max(1, math.ceil(n_sequences / (batch_size * accumulation)))
    return min(EPOCHS_MOST, max(EPOCHS_LEAST, math.ceil(UPDATES / per_epoch)))


class TrainModelSpec(StartFields):
    """Train one model per seed. Fields left out take the protocol's values, which are then part of the spec."""

    dataset: DatasetDigest
    architecture: str = "wtko_cnn"
    options: dict[str, Any] = Field(default_factory=dict)
    seeds: list[Annotated[int, Field(ge=0, lt=2**31)]] = Field([0, 1, 2, 3, 4], min_length=1, max_length=100)
    protocol: Literal["default", "paper", "explainn"] = "default"
    loss: Literal["auto", "cross_entropy", "bce", "mse", "poisson", "pearson"] = "auto"
    class_weights: Literal["none", "balanced"] = "none"
    epochs: int | None = Field(None, ge=1, le=10_000)
    patience: int = Field(10, ge=0, le=10_000)
    batch_size: int = Field(32, ge=1, le=65_536)
    accumulation: int = Field(1, ge=1, le=1024)
    learning_rate: float = Field(2e-3, gt=0.0, le=1.0)
    weight_decay: float = Field(0.0, ge=0.0, le=1.0)
    strands: Strands = "random"
    rc_augmentation: bool = True
    device: Device = "auto"
    amp: Literal["auto", "off", "bf16", "fp16"] = "auto"
    data_parallel: int = Field(1, ge=1, le=1024)

    @model_validator(mode="before")
    @classmethod
    def _fill_in_protocol(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        preset = dict(PROTOCOLS.get(str(values.get("protocol", "default")), {}))
        augment = values.get("rc_augmentation")
        if augment is not None and preset and "strands" not in values:
            off, on = "forward", "both" if preset["strands"] == "both" else "random"
            preset["strands"] = off if augment in (False, "false", "False", 0) else on
        return {**preset, **values}

    @model_validator(mode="after")
    def _check(self) -> TrainModelSpec:
        if len(set(self.seeds)) != len(self.seeds):
            raise ValueError(f"seeds must differ from one another, got {self.seeds}")
        both_strands = self.strands != "forward"
        if "rc_augmentation" in self.model_fields_set and self.rc_augmentation != both_strands:
            raise ValueError(
                f"strands {self.strands} contradicts rc_augmentation {self.rc_augmentation}; give one of them"
            )
        self.rc_augmentation = both_strands
        if self.data_parallel > self.batch_size:
            raise ValueError(
                f"data_parallel {self.data_parallel}: a batch of {self.batch_size} sequences cannot be divided among "
                "so many processes; use fewer, or a larger batch_size"
            )
        self.options = checked_options(self, self.architecture, self.options)
        return self

    def digestable(self) -> dict[str, Any]:
        """One process is left out: requests of before ``data_parallel`` keep their digests."""
        fields = super().digestable()
        if self.data_parallel == 1:
            del fields["data_parallel"]
        return fields


class EvaluateModelSpec(TaskSpec):
    """Metrics of a trained model on one split of a dataset, with baselines fitted on the same dataset."""

    model: ModelDigest
    dataset: DatasetDigest
    split: Split = "test"
    n_bootstrap: int = Field(1000, ge=0, le=100_000)
    bootstrap_seed: int = Field(0, ge=0, lt=2**31)
    rc_average: bool = False
    correlation_threshold: float = Field(0.5, ge=-1.0, lt=1.0)
    batch_size: int = Field(512, ge=1, le=65_536)
    device: Device = "auto"


class ExportModelSpec(TaskSpec):
    """ONNX of the seeds' ensemble behind a parity gate; ``dataset`` supplies the real sequences of the gate."""

    model: ModelDigest
    dataset: DatasetDigest
    evaluation: EvaluationDigest | None = None
    tolerance: float = Field(1e-4, gt=0.0, le=1.0)
    strand_symmetric: bool = False
    calibrate: bool = False
    format: Literal["onnx", "triton_repository"] = "onnx"
    model_name: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$")
    max_batch_size: int | None = Field(None, ge=1, le=65_536)
    licence: str = Field("", max_length=500)

    @model_validator(mode="after")
    def _of_a_repository(self) -> ExportModelSpec:
        if self.format == "onnx" and (self.model_name or self.max_batch_size is not None):
            raise ValueError("model_name and max_batch_size are for format triton_repository only")
        return self


class PredictSpec(TaskSpec):
    """Run an exported model with onnxruntime over a dataset or a FASTA file of ready sequences."""

    export: ExportDigest
    dataset: DatasetDigest | None = None
    sequences: InputRef | None = None
    split: Split = "all"
    pad: Literal["center", "end"] = "center"
    batch_size: int = Field(256, ge=1, le=65_536)
    device: Device = "auto"

    @model_validator(mode="after")
    def _one_source(self) -> PredictSpec:
        if (self.dataset is None) == (self.sequences is None):
            raise ValueError("give either dataset or sequences, not both and not neither")
        return self


SPECS: dict[str, TaskInfo] = {
    "trainer.TrainModel": TaskInfo(spec=TrainModelSpec, kind="model", version=2, gpu=True, heavy=True),
    "trainer.EvaluateModel": TaskInfo(spec=EvaluateModelSpec, kind="evaluation", version=2, gpu=True, heavy=True),
    "trainer.ExportModel": TaskInfo(spec=ExportModelSpec, kind="export", version=2, heavy=True),
    "trainer.Predict": TaskInfo(spec=PredictSpec, kind="predictions", version=2, heavy=True),
    **COMPARISON_SPECS,
    **IMPORT_SPECS,
}
