"""cislex motif: cluster, discover, compare, enrich, score, scan, group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cislex_client.commands import common
from cislex_client.exit_codes import UsageError
from cislex_client.output import Format

app = typer.Typer(name="motif", help="Cluster words, find motifs, name factors, test enrichment.", no_args_is_help=True)

Database = Annotated[str, typer.Option("--motif-db", help="A packaged release or a motif file.")]


@app.command("cluster")
def cluster(
    kmers: Annotated[str, typer.Option("--kmers", help="Result of `explain kmers`.")],
    method: Annotated[str, typer.Option(help="aligned or paper.")] = "",
    n_clusters: Annotated[int | None, typer.Option(help="Number of clusters; by silhouette when absent.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Cluster k-mers."""
    common.operate(
        "motif.ClusterKmers", "cluster k-mers", {"method": method or None, "n_clusters": n_clusters},
        names={"kmers": ("kmers", kmers)}, settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("discover")
def discover(
    clusters: Annotated[str, typer.Option("--clusters", help="Result of `motif cluster`.")] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="Or whole sets of a dataset.")] = "",
    attributions: Annotated[str, typer.Option("--attributions", help="Or TF-MoDISco on `explain saliency`.")] = "",
    engine: Annotated[str, typer.Option(help="em, words (ours), meme, streme (programs on PATH) or modisco.")] = "",
    n_motifs: Annotated[int | None, typer.Option(help="Motifs per cluster or set.")] = None,
    min_width: Annotated[int | None, typer.Option(help="Narrowest motif, bp.")] = None,
    max_width: Annotated[int | None, typer.Option(help="Widest motif, bp.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Find motifs in clusters of k-mers, in the sequence sets of a dataset, or in attributions."""
    if bool(clusters) + bool(dataset and not attributions) + bool(attributions) != 1:
        raise UsageError("name --clusters, --dataset, or --attributions with their --dataset")
    scope = "clusters" if clusters else "attributions" if attributions else "sets"
    common.operate(
        "motif.DiscoverMotifs", "find motifs",
        {"scope": scope, "engine": engine or ("modisco" if attributions else "em"), "n_motifs": n_motifs,
         "min_width": min_width, "max_width": max_width},
        names={"clusters": ("clusters", clusters), "dataset": ("dataset", dataset),
               "attributions": ("attributions", attributions)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("compare")
def compare(
    queries: Annotated[list[str] | None, typer.Argument(help="Motif sets: names or digests.")] = None,
    query_file: Annotated[Path | None, typer.Option(help="Or a motif file.")] = None,
    motif_db: Database = "jaspar2024-vertebrates",
    family_table: Annotated[Path | None, typer.Option(help="Families of the database's factors, TSV.")] = None,
    initial_of: Annotated[
        str, typer.Option("--initial-of", help="Compare a model's units with the motifs its filters started as.")
    ] = "",
    engine: Annotated[str, typer.Option(help="native, memelite or tomtom.")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Name transcription factors: compare motifs with a database."""
    if bool(queries) == (query_file is not None):
        raise UsageError("name motif sets, or a file with --query-file")
    fields, files = ({}, {}) if initial_of else common.motif_database(motif_db, "database_file")
    common.operate(
        "motif.CompareMotifs", "compare motifs", {"engine": engine or None, **fields},
        files={"query_file": query_file, "family_table": family_table, **files},
        names={"queries": ("motifs", queries), "database_artifact": ("model", initial_of)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("enrich")
def enrich(
    dataset: common.DatasetOption,
    motifs: Annotated[str, typer.Option("--motifs", help="A motif set instead of a database.")] = "",
    motif_db: Database = "jaspar2024-vertebrates",
    split: Annotated[str, typer.Option("--split", help="train, validation, test or all.")] = "test",
    homer_wt: Annotated[Path | None, typer.Option(help="HOMER's knownResults.txt of WT, to put beside.")] = None,
    homer_ko: Annotated[Path | None, typer.Option(help="HOMER's knownResults.txt of KO, to put beside.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Test known motifs for enrichment in WT and KO."""
    fields, files = ({}, {}) if motifs else common.motif_database(motif_db, "motifs_file")
    common.operate(
        "motif.EnrichMotifs", "test enrichment", {"split": split, **fields},
        files={"homer_wt": homer_wt, "homer_ko": homer_ko, **files},
        names={"dataset": ("dataset", dataset), "motifs": ("motifs", motifs)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("seqlets")
def seqlets(
    attributions: Annotated[str, typer.Option("--attributions", help="Result of `explain saliency`.")],
    dataset: common.DatasetOption,
    method: Annotated[str, typer.Option(help="recursive or threshold.")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Cut out the stretches that a model attends to."""
    common.operate(
        "motif.CallSeqlets", "call seqlets", {"method": method or None},
        names={"attributions": ("attributions", attributions), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("score")
def score(
    dataset: common.DatasetOption,
    motifs: Annotated[list[str] | None, typer.Argument(help="Motif sets: names or digests.")] = None,
    motif_db: Annotated[str, typer.Option("--motif-db", help="A packaged release or a motif file as well.")] = "",
    split: Annotated[str, typer.Option("--split", help="Where motifs are judged.")] = "test",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Judge motifs by how well their best hits tell sequences apart."""
    fields, files = common.motif_database(motif_db, "motif_file") if motif_db else ({}, {})
    common.operate(
        "motif.ScoreMotifs", "score motifs", {"split": split, **fields}, files=files,
        names={"dataset": ("dataset", dataset), "sources": ("motifs", motifs)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("scan")
def scan(
    dataset: Annotated[str, typer.Option("--dataset", help="Sequences of a dataset.")] = "",
    sequences: Annotated[Path | None, typer.Option(help="Or a FASTA file.")] = None,
    motifs: Annotated[str, typer.Option("--motifs", help="A motif set instead of a database.")] = "",
    motif_db: Database = "jaspar2024-vertebrates",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Find every site of known motifs, with p and q (as FIMO does)."""
    if bool(dataset) == (sequences is not None):
        raise UsageError("name either --dataset or --sequences")
    fields, files = ({}, {}) if motifs else common.motif_database(motif_db, "motif_file")
    common.operate(
        "motif.ScanMotifs", "scan for sites", fields, files={"fasta": sequences, **files},
        names={"dataset": ("dataset", dataset), "sources": ("motifs", [motifs] if motifs else None)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("group")
def group(
    motifs: Annotated[list[str], typer.Argument(help="Motif sets: names or digests.")],
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Group alike motifs: one consensus each, how often it recurs, and a tree."""
    common.operate(
        "motif.GroupMotifs", "group motifs", {}, names={"sources": ("motifs", motifs)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip
