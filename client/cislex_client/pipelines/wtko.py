"""WTKO-CNN: two peak sets and a genome in, motifs and transcription factors out (Dey 2026; docs/methods.md).

label? → dataset → train → evaluate, export
                         → attributions → kmers → clusters → motifs_clusters ┐
                         → filters → compare_filters, families                ├→ compare
                 → motifs_sets ───────────────────────────────────────────────┘
                 → enrich
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cislex_client.pipelines.graph import Ref, Step, check
from cislex_client.pipelines.sources import DataOptions, FileRef, dataset_steps, motif_database


@dataclass(frozen=True, kw_only=True)
class WtkoOptions(DataOptions):
    """Every option of the analysis. None leaves the service's own default (documented in its proto)."""

    seeds: int = 5
    epochs: int | None = None
    patience: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    rc_augmentation: bool | None = None
    device: str = "auto"
    attribution_method: str = "saliency"
    k: int | None = None
    top_n: int | None = None
    min_distance: int | None = None
    kmer_protocol: str | None = None
    n_clusters: int | None = None
    cluster_method: str | None = None
    motif_engine: str = "em"
    n_motifs: int | None = None
    compare_engine: str | None = None
    enrich_split: str = "test"


def plan(options: WtkoOptions, files: Mapping[str, FileRef], motif_db: str) -> list[Step]:
    """The steps of one analysis, ordered. ``files`` maps roles (wt, ko, genome, wt_fasta, ko_fasta, counts,
    alias_table, blacklist, motif_db, family_table) to inputs; ``motif_db`` names a release when no file is given."""
    steps = [
        *dataset_steps(options, files),
        _train(options),
        Step("evaluate", "judge on held-out sequences", "trainer.EvaluateModel",
             {"model": Ref("train"), "dataset": Ref("dataset"), "device": options.device}),
        Step("export", "export to ONNX and check parity", "trainer.ExportModel",
             {"model": Ref("train"), "dataset": Ref("dataset"), "evaluation": Ref("evaluate")}),
        Step("attributions", f"explain each base ({options.attribution_method})", "explainer.ComputeAttributions",
             {"model": Ref("train"), "dataset": Ref("dataset"), "split": "test",
              "method": options.attribution_method, "device": options.device, "protocol": options.protocol}),
        _kmers(options),
        Step("clusters", "cluster k-mers", "motif.ClusterKmers",
             {"kmers": Ref("kmers"), "method": options.cluster_method or _by_protocol(options, "aligned", "paper"),
              "n_clusters": options.n_clusters}),
        Step("motifs_clusters", "find motifs in clusters", "motif.DiscoverMotifs",
             {"clusters": Ref("clusters"), "scope": "clusters", "engine": options.motif_engine}),
        Step("motifs_sets", "find motifs in the whole sets", "motif.DiscoverMotifs",
             {"dataset": Ref("dataset"), "scope": "sets", "engine": options.motif_engine,
              "n_motifs": options.n_motifs}),
        _compare("compare", "name transcription factors", [Ref("motifs_clusters"), Ref("motifs_sets")],
                 options, files, motif_db),
        Step("filters", "explain filters", "explainer.ExplainFilters",
             {"model": Ref("train"), "dataset": Ref("dataset"), "split": "test"}),
        _compare("compare_filters", "name filters", [Ref("filters")], options, files, motif_db),
        *([Step("families", "find which filters' motifs recur between seeds", "motif.GroupMotifs",
                {"sources": [Ref("filters")]})] if options.seeds > 1 else []),
        Step("enrich", "test known motifs for enrichment", "motif.EnrichMotifs",
             {"dataset": Ref("dataset"), "split": options.enrich_split,
              **motif_database(files, motif_db, "motifs_file")}),
    ]  # fmt: skip
    return check(steps)


def _train(options: WtkoOptions) -> Step:
    request = {
        "dataset": Ref("dataset"),
        "seeds": list(range(options.seeds)),
        "epochs": options.epochs,
        "patience": options.patience,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "rc_augmentation": options.rc_augmentation,
        "protocol": options.protocol,
        "device": options.device,
    }
    return Step("train", f"train {options.seeds} model{'s' * (options.seeds > 1)}", "trainer.TrainModel", request)


def _kmers(options: WtkoOptions) -> Step:
    request = {
        "attributions": Ref("attributions"),
        "dataset": Ref("dataset"),
        "model": Ref("train"),
        "k": options.k,
        "top_n": options.top_n,
        "min_distance": options.min_distance if options.min_distance is not None else _by_protocol(options, None, 0),
        "kmer_protocol": options.kmer_protocol,
    }
    return Step("kmers", "cut k-mers at the peaks of the saliency", "explainer.ExtractKmers", request)


def _compare(
    name: str, title: str, queries: list[Ref], options: WtkoOptions, files: Mapping[str, FileRef], motif_db: str
) -> Step:
    request: dict[str, Any] = {"queries": queries, **motif_database(files, motif_db, "database_file")}
    if "family_table" in files:
        request["family_table"] = files["family_table"]
    if options.compare_engine:
        request["engine"] = options.compare_engine
    return Step(name, title, "motif.CompareMotifs", request)


def _by_protocol(options: WtkoOptions, default: Any, paper: Any) -> Any:
    return paper if options.protocol == "paper" else default
