"""The ExplaiNN analysis as steps: train units, name them, weigh them, compare their motifs with other discoverers'.

dataset → train → evaluate, export
                → units → compare_units, families, projection, refinement
        → motifs_<engine> ┐
                  units   ┴→ scores
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cislex_client.pipelines.graph import Ref, Step, check
from cislex_client.pipelines.sources import FileRef, TrainingOptions, dataset_steps, motif_database

NAMED_AT_Q = 0.05
"""Units are named at q ≤ 0.05, as in the paper."""


@dataclass(frozen=True, kw_only=True)
class ExplainnOptions(TrainingOptions):
    """Every option of the analysis. None leaves the service's own default (documented in its proto)."""

    two_conditions: bool = True
    """The dataset's classes are WT and KO."""
    units: int = 100
    architecture_options: dict[str, str] = field(default_factory=dict)
    init_database: str | None = None
    freeze_filters: bool = False
    explain_split: str = "all"
    color_by: list[str] = field(default_factory=list)
    denovo: list[str] = field(default_factory=lambda: ["em", "words"])


def plan(options: ExplainnOptions, files: Mapping[str, FileRef], motif_db: str) -> list[Step]:
    """The steps of one analysis, ordered; ``files`` as in ``sources.dataset_steps``, and motif_db, family_table."""
    steps = [] if options.dataset else dataset_steps(options, files)
    dataset: str | Ref = options.dataset or Ref("dataset")
    steps += [
        _train(options, dataset),
        Step("evaluate", "judge on held-out sequences", "trainer.EvaluateModel",
             {"model": Ref("train"), "dataset": dataset, "device": options.device}),
        Step("export", "export to ONNX and check parity", "trainer.ExportModel",
             {"model": Ref("train"), "dataset": dataset, "evaluation": Ref("evaluate")}),
        Step("units", "turn units into motifs and weigh them", "explainer.ExplainUnits",
             {"model": Ref("train"), "dataset": dataset, "split": options.explain_split, "device": options.device}),
        _names(files, motif_db),
        Step("projection", "lay sequences out by their units (UMAP)", "explainer.ProjectUnits",
             {"units": Ref("units"), "dataset": dataset, "color_by": options.color_by}),
    ]  # fmt: skip
    if options.seeds > 1:
        steps.append(Step("families", "find which motifs recur between seeds", "motif.GroupMotifs",
                          {"sources": [Ref("units")]}))  # fmt: skip
    if options.init_database:
        steps.append(Step("refinement", "find which filters left the motifs they began as", "motif.CompareMotifs",
                          {"queries": [Ref("units")], "database_artifact": Ref("train")}))  # fmt: skip
    if options.denovo and options.two_conditions:
        steps += _denovo(options, dataset)
    return check(steps)


def _train(options: ExplainnOptions, dataset: str | Ref) -> Step:
    request = {
        "dataset": dataset,
        "architecture": "explainn",
        "options": _architecture(options),
        "protocol": "explainn",
        "init_database": options.init_database,
        "freeze_filters": options.freeze_filters or None,
        **options.training(),
    }
    count = f"{options.seeds} models" if options.seeds > 1 else "a model"
    return Step("train", f"train {count} of {options.units} units", "trainer.TrainModel", request)


def _architecture(options: ExplainnOptions) -> dict[str, str]:
    """With filters from known motifs their number is that of the motifs, unless it was asked for."""
    own = {} if options.init_database else {"units": str(options.units)}
    return {**own, **options.architecture_options}


def _names(files: Mapping[str, FileRef], motif_db: str) -> Step:
    request: dict[str, Any] = {"queries": [Ref("units")], "threshold": NAMED_AT_Q, "threshold_on": "qvalue"}
    request |= motif_database(files, motif_db, "database_file")
    if "family_table" in files:
        request["family_table"] = files["family_table"]
    return Step("compare_units", "name units", "motif.CompareMotifs", request)


def _denovo(options: ExplainnOptions, dataset: str | Ref) -> list[Step]:
    """Fig. 2 of the paper: the units' motifs and those of other discoverers, judged by the same sequences.

    Discoverers read the training sequences only, as the network did: the best motif is chosen on validation and judged
    on test.
    """
    found = [
        Step(f"motifs_{engine}", f"find motifs without a network ({engine})", "motif.DiscoverMotifs",
             {"dataset": dataset, "scope": "sets", "engine": engine, "split": "train", "contrasts": ["wt", "ko"],
              "n_motifs": 10, "max_width": 19})
        for engine in options.denovo
    ]  # fmt: skip
    sources = [Ref("units"), *(Ref(step.id) for step in found)]
    judged = Step("scores", "judge every motif by the sequences it finds", "motif.ScoreMotifs",
                  {"dataset": dataset, "sources": sources, "split": "test"})  # fmt: skip
    return [*found, judged]
