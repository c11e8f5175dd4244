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


NamedFiles = list[str] | None


@app.command("import")
def import_(
    fasta: Annotated[
        NamedFiles, typer.Option("--fasta", metavar="NAME=FILE", help="Sequences of a class; repeat.")
    ] = None,
    fastq: Annotated[
        NamedFiles, typer.Option("--fastq", metavar="NAME=FILE", help="Reads of a class or cycle; repeat.")
    ] = None,
    regions: Annotated[
        NamedFiles, typer.Option("--regions", metavar="NAME=FILE", help="BED of a class; repeat.")
    ] = None,
    pbm: Annotated[
        NamedFiles, typer.Option("--pbm", metavar="NAME=FILE", help="Probe table of an array; repeat.")
    ] = None,
    matrix: Annotated[
        FileOption, typer.Option(help="Targets by region or sequence: TSV, CSV, parquet, npz, npy.")
    ] = None,
    anndata: Annotated[FileOption, typer.Option(help="Regions by cells, .h5ad.")] = None,
    one_hot: Annotated[FileOption, typer.Option(help="One-hot array, .npy (n, 4, length).")] = None,
    targets: Annotated[FileOption, typer.Option(help="With --one-hot: .npy (n, tasks).")] = None,
    task_names: Annotated[FileOption, typer.Option(help="Names of the tasks: .npy or one a line.")] = None,
    task_groups: Annotated[FileOption, typer.Option(help="Table of task and group (lineage, family).")] = None,
    metadata: Annotated[FileOption, typer.Option(help="More columns of the rows, by name.")] = None,
    genome: Annotated[FileOption, typer.Option(help="Genome FASTA, plain or (b)gzip.")] = None,
    cluster_column: Annotated[str, typer.Option(help="AnnData: the cells' clusters; tasks are their means.")] = "",
    channel_order: Annotated[str, typer.Option(help="Of --one-hot: ACGT, or AI-TAC's ATGC.")] = "",
    window: Annotated[int | None, typer.Option(help="Width of every sequence, bp.")] = None,
    split_by: Annotated[str, typer.Option(help="chromosome, random, stratified or given.")] = "",
    test_chroms: Annotated[str, typer.Option(help="Chromosomes held out, comma separated.")] = "",
    val_chroms: Annotated[str, typer.Option(help="Chromosomes for choosing the epoch.")] = "",
    clip_left: Annotated[int | None, typer.Option(help="Bases cut from the beginning (SMiLE-seq 7).")] = None,
    clip_right: Annotated[int | None, typer.Option(help="Bases cut from the end (SMiLE-seq 64).")] = None,
    seed: Annotated[int | None, typer.Option(help="Of every random choice (service default 42).")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    dry_run: common.ValidateOnly = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Read classes of sequences, reads, probes, matrices or AnnData into a dataset."""
    common.operate(
        "encoder.ImportDataset", "read the dataset",
        {
            "cluster_column": cluster_column or None, "channel_order": channel_order or None, "window_bp": window,
            "split_by": split_by or None, "test_chroms": common.split_list(test_chroms) or None,
            "validation_chroms": common.split_list(val_chroms) or None, "clip_left_bp": clip_left,
            "clip_right_bp": clip_right, "seed": seed,
        },
        files={
            "matrix": matrix, "anndata": anndata, "one_hot": one_hot, "targets": targets, "task_names": task_names,
            "task_groups": task_groups, "metadata": metadata, "genome": genome,
        },
        classes={
            "fasta": common.named_files(fasta, "--fasta"), "fastq": common.named_files(fastq, "--fastq"),
            "regions": common.named_files(regions, "--regions"), "pbm": common.named_files(pbm, "--pbm"),
        },
        settings=settings, form=output, no_wait=no_wait, timeout=timeout, dry_run=dry_run,
    )  # fmt: skip


@app.command("negatives")
def negatives(
    dataset: Annotated[str, typer.Option("--dataset", help="The dataset whose sequences are positive.")],
    method: Annotated[str, typer.Option(help="gc_pool, gc_genome, dinucleotide or subsample.")] = "dinucleotide",
    pool: Annotated[FileOption, typer.Option(help="Regions to choose from (gc_pool).")] = None,
    genome: Annotated[FileOption, typer.Option(help="Genome of the dataset (gc_pool, gc_genome).")] = None,
    ratio: Annotated[float | None, typer.Option(help="Negatives per positive (service default 1).")] = None,
    positive_class: Annotated[str, typer.Option(help="Which class is positive.")] = "",
    blacklist: Annotated[FileOption, typer.Option(help="BED that no negative may touch.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed (service default 42).")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    dry_run: common.ValidateOnly = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Add negatives to a dataset: matched in GC content, shuffled, or subsampled."""
    common.operate(
        "encoder.SampleNegatives", "sample negatives",
        {"method": method, "ratio": ratio, "positive_class": positive_class or None, "seed": seed},
        files={"pool": pool, "genome": genome, "blacklist": blacklist}, names={"dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout, dry_run=dry_run,
    )  # fmt: skip


@app.command("design")
def design(
    kind: Annotated[str, typer.Option("--design", help="multilabel, additive or cooperative.")] = "multilabel",
    n_sequences: Annotated[int | None, typer.Option(help="Sequences (service default 4,000).")] = None,
    window: Annotated[int | None, typer.Option(help="Width, bp (service default 200).")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Simulate a dataset whose motifs, and what they do together, are known."""
    common.operate(
        "encoder.SimulateDataset", "simulate a dataset",
        {"design": kind, "n_sequences": n_sequences, "window_bp": window, "seed": seed},
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
