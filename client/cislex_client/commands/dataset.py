"""cislex dataset: labelled peaks and datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cislex_client.commands import common, listing
from cislex_client.output import Format

app = typer.Typer(name="dataset", help="Label peaks, cut windows, build datasets.", no_args_is_help=True)

FileOption = Path | None


@app.command("build")
def build(
    wt: Annotated[FileOption, typer.Option(help="Peaks of the wild type: BED, narrowPeak, CSV or TSV.")] = None,
    ko: Annotated[FileOption, typer.Option(help="Peaks of the knockout.")] = None,
    genome: Annotated[FileOption, typer.Option(help="Genome FASTA, plain or (b)gzip.")] = None,
    wt_fasta: Annotated[FileOption, typer.Option(help="Sequences of the wild type instead of peaks.")] = None,
    ko_fasta: Annotated[FileOption, typer.Option(help="Sequences of the knockout.")] = None,
    peaks: Annotated[str, typer.Option(help="Labelled peaks of `dataset label` instead of files.")] = "",
    window: Annotated[int | None, typer.Option(help="Window about the summit, bp (service default 600).")] = None,
    test_chroms: Annotated[str, typer.Option(help="Chromosomes held out, comma separated: 6,7 means chr6,chr7.")] = "",
    val_chroms: Annotated[str, typer.Option(help="Chromosomes for choosing the epoch; chosen when absent.")] = "",
    alias: Annotated[
        str, typer.Option(help="Contig names that differ: none = an error, auto = map them, or a file.")
    ] = "none",
    blacklist: Annotated[FileOption, typer.Option(help="BED of regions to leave out.")] = None,
    max_per_class: Annotated[int | None, typer.Option(help="At most this many sequences of each class.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the sampling (service default 42).")] = None,
    protocol: Annotated[str, typer.Option(help="default or paper.")] = "default",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    dry_run: common.ValidateOnly = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Build a dataset from two peak sets and a genome."""
    common.operate(
        "encoder.BuildDataset",
        "build the dataset",
        {
            "window_bp": window,
            "test_chroms": common.split_list(test_chroms) or None,
            "validation_chroms": common.split_list(val_chroms) or None,
            "alias": alias if alias in ("auto", "none") else None,
            "max_per_class": max_per_class,
            "seed": seed,
            "protocol": protocol,
        },
        files={
            "wt": wt, "ko": ko, "genome": genome, "wt_fasta": wt_fasta, "ko_fasta": ko_fasta, "blacklist": blacklist,
            "alias_table": Path(alias) if alias not in ("auto", "none") else None,
        },
        names={"peaks": ("peaks", peaks)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout, dry_run=dry_run,
    )  # fmt: skip


@app.command("label")
def label(
    counts: Annotated[FileOption, typer.Option(help="Table of counts with WT and KO columns.")] = None,
    differential: Annotated[FileOption, typer.Option(help="Table of DESeq2 or edgeR (log2FC, padj).")] = None,
    wt: Annotated[FileOption, typer.Option(help="Peaks of the wild type.")] = None,
    ko: Annotated[FileOption, typer.Option(help="Peaks of the knockout.")] = None,
    definition: Annotated[str, typer.Option(help="What WT means: unchanged or specific (docs/methods.md).")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    dry_run: common.ValidateOnly = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Make a WT and a KO set from counts, a differential table or two BEDs."""
    common.operate(
        "encoder.LabelPeaks", "label peaks", {"definition": definition or None},
        files={"counts": counts, "differential": differential, "wt": wt, "ko": ko},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout, dry_run=dry_run,
    )  # fmt: skip


@app.command("simulate")
def simulate(
    n_wt: Annotated[int | None, typer.Option(help="Sequences in WT.")] = None,
    n_ko: Annotated[int | None, typer.Option(help="Sequences in KO.")] = None,
    window: Annotated[int | None, typer.Option(help="Window, bp.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Simulate a small genome and two peak sets with planted motifs."""
    common.operate(
        "encoder.Simulate", "simulate", {"n_wt": n_wt, "n_ko": n_ko, "window_bp": window, "seed": seed},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("ls")
def ls(output: common.OutputOption = Format.table, limit: listing.Limit = 50) -> None:
    """List datasets, newest first."""
    listing.ls("dataset", limit, output)


@app.command("show")
def show(name: listing.Name, output: common.OutputOption = Format.table) -> None:
    """Show a dataset: sizes, splits, what was dropped."""
    listing.show("dataset", name, output)
