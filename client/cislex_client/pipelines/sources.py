"""Where an analysis takes its dataset from: peaks and a genome, ready sequences, a count table, a matrix, or a name.

Every pipeline begins with the same step ``dataset``, so that its rules (split, drops, alias map) are asked for in one
way. A dataset that exists already has no step: the pipeline names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cislex_client.pipelines.graph import Ref, Step

FileRef = Mapping[str, str]
"""``{"sha256": …, "path": …}`` of an input file, as ``cislex.artifacts.v1.InputFile``."""

CLASS_FILE = "class:"
"""Role of a class's FASTA file: ``class:CTCF``."""


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """What every analysis may be told of its data; None leaves the service's own default (documented in its proto)."""

    window_bp: int | None = None
    test_chroms: list[str] = field(default_factory=list)
    validation_chroms: list[str] = field(default_factory=list)
    alias: str = "none"
    max_per_class: int | None = None
    data_seed: int | None = None
    protocol: str = "default"
    label_definition: str | None = None

    def as_json(self) -> dict[str, Any]:
        """All options as JSON, for run.json."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(DataOptions):
    """And of training; ``dataset`` names one that exists, "" = it is made from files."""

    dataset: str = ""
    seeds: int = 3
    epochs: int | None = None
    patience: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    loss: str | None = None
    class_weights: str | None = None
    device: str = "auto"

    def training(self) -> dict[str, Any]:
        """The fields of TrainModel that they set."""
        return {
            "seeds": list(range(self.seeds)),
            "epochs": self.epochs,
            "patience": self.patience,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "loss": self.loss,
            "class_weights": self.class_weights,
            "device": self.device,
        }


def dataset_steps(options: DataOptions, files: Mapping[str, FileRef]) -> list[Step]:
    """The steps up to ``dataset``, from the roles that files have (wt, ko, genome, wt_fasta, ko_fasta, counts,
    alias_table, blacklist; or class:<name>; or matrix with genome)."""
    if "matrix" in files or any(role.startswith(CLASS_FILE) for role in files):
        return [_imported(options, files)]
    steps = [_label(options, files)] if "counts" in files else []
    return [*steps, _windows(options, files)]


def motif_database(files: Mapping[str, FileRef], release: str, file_field: str) -> dict[str, Any]:
    """The motif database as fields: the file where one is given, else a packaged release by name."""
    return {file_field: files["motif_db"]} if "motif_db" in files else {"database": release}


def _label(options: DataOptions, files: Mapping[str, FileRef]) -> Step:
    request = {"counts": files["counts"], "definition": options.label_definition}
    return Step("label", "label peaks from the count table", "encoder.LabelPeaks", request)


def _windows(options: DataOptions, files: Mapping[str, FileRef]) -> Step:
    roles = ("genome", "wt", "ko", "wt_fasta", "ko_fasta", "alias_table", "blacklist")
    request: dict[str, Any] = {role: files[role] for role in roles if role in files}
    if "counts" in files:
        request["peaks"] = Ref("label")
    request |= {**_split(options), **_alias(options, files)}
    request |= {"max_per_class": options.max_per_class, "protocol": options.protocol}
    return Step("dataset", "cut windows, split by chromosome", "encoder.BuildDataset", request)


def _imported(options: DataOptions, files: Mapping[str, FileRef]) -> Step:
    request: dict[str, Any] = {role: files[role] for role in ("matrix", "genome", "alias_table") if role in files}
    classes = [{"name": role.removeprefix(CLASS_FILE), "file": file} for role, file in files.items()
               if role.startswith(CLASS_FILE)]  # fmt: skip
    if classes:
        request["fasta"] = classes
    request |= {**_split(options), **_alias(options, files), "max_rows": options.max_per_class}
    return Step("dataset", "read the sequences and their targets", "encoder.ImportDataset", request)


def _alias(options: DataOptions, files: Mapping[str, FileRef]) -> dict[str, Any]:
    return {} if "alias_table" in files else {"alias": options.alias}


def _split(options: DataOptions) -> dict[str, Any]:
    return {
        "window_bp": options.window_bp,
        "test_chroms": options.test_chroms,
        "validation_chroms": options.validation_chroms,
        "seed": options.data_seed,
    }
