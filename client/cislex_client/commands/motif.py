"""cislex motif: cluster, discover, compare, enrich."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cislex_client.commands import common
from cislex_client.commands.model import DatasetOption
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
    engine: Annotated[str, typer.Option(help="em (ours), meme or streme (programs on PATH).")] = "em",
    n_motifs: Annotated[int | None, typer.Option(help="Motifs per cluster or set.")] = None,
    min_width: Annotated[int | None, typer.Option(help="Narrowest motif, bp.")] = None,
    max_width: Annotated[int | None, typer.Option(help="Widest motif, bp.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Find motifs in clusters of k-mers, or in the sequence sets of a dataset."""
    if bool(clusters) == bool(dataset):
        raise UsageError("name either --clusters or --dataset")
    common.operate(
        "motif.DiscoverMotifs", "find motifs",
        {"scope": "clusters" if clusters else "sets", "engine": engine, "n_motifs": n_motifs, "min_width": min_width,
         "max_width": max_width},
        names={"clusters": ("clusters", clusters), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("compare")
def compare(
    queries: Annotated[list[str] | None, typer.Argument(help="Motif sets: names or digests.")] = None,
    query_file: Annotated[Path | None, typer.Option(help="Or a motif file.")] = None,
    motif_db: Database = "jaspar2024-vertebrates",
    family_table: Annotated[Path | None, typer.Option(help="Families of the database's factors, TSV.")] = None,
    engine: Annotated[str, typer.Option(help="native, memelite or tomtom.")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Name transcription factors: compare motifs with a database."""
    if bool(queries) == (query_file is not None):
        raise UsageError("name motif sets, or a file with --query-file")
    fields, files = database(motif_db, "database_file")
    common.operate(
        "motif.CompareMotifs", "compare motifs", {"engine": engine or None, **fields},
        files={"query_file": query_file, "family_table": family_table, **files},
        names={"queries": ("motifs", queries)}, settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("enrich")
def enrich(
    dataset: DatasetOption,
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
    fields, files = ({}, {}) if motifs else database(motif_db, "motifs_file")
    common.operate(
        "motif.EnrichMotifs", "test enrichment", {"split": split, **fields},
        files={"homer_wt": homer_wt, "homer_ko": homer_ko, **files},
        names={"dataset": ("dataset", dataset), "motifs": ("motifs", motifs)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


def database(text: str, file_field: str) -> tuple[dict[str, Any], dict[str, Path]]:
    """``--motif-db`` as (fields, files): a path when it looks like one or exists, else a release by name."""
    if "/" in text or Path(text).suffix in (".meme", ".gz", ".txt", ".motif", ".jaspar") or Path(text).is_file():
        return {}, {file_field: Path(text)}
    return {"database": text}, {}
