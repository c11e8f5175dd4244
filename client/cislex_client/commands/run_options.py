"""Options that every `cislex run` command has, and what they come to: files by role and a place for the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from cislex_client.commands import common
from cislex_client.exit_codes import UsageError

DEFAULT_MOTIF_DB = "jaspar2024-vertebrates"

# What goes in.
WtPeaks = Annotated[Path | None, typer.Option(help="Peaks of the wild type: BED, narrowPeak, CSV or TSV.")]
KoPeaks = Annotated[Path | None, typer.Option(help="Peaks of the knockout.")]
Genome = Annotated[Path | None, typer.Option(help="Genome FASTA, plain or (b)gzip.")]
WtFasta = Annotated[Path | None, typer.Option(help="Ready sequences instead of peaks and genome.")]
KoFasta = Annotated[Path | None, typer.Option(help="Ready sequences of the knockout.")]
Counts = Annotated[Path | None, typer.Option(help="Count table: WT and KO sets are made from it.")]
LabelDefinition = Annotated[str, typer.Option(help="With --counts: unchanged (as the paper) or specific.")]
Fasta = Annotated[
    list[str] | None, typer.Option("--fasta", metavar="NAME=FILE", help="One class of ready sequences; repeat.")
]
Matrix = Annotated[Path | None, typer.Option(help="Regions × tasks: npz, TSV or parquet; empty = unresolved.")]
Dataset = Annotated[str, typer.Option("--dataset", help="A dataset that exists (name, short id or digest).")]
# How it is cut and split.
Window = Annotated[
    int | None, typer.Option(min=1, help="Window about the summit, bp: 600, or the length of ready sequences.")
]
TestChroms = Annotated[str, typer.Option(help="Held out for judging: 6,7 or chr6,chr7.")]
ValChroms = Annotated[str, typer.Option(help="For choosing the epoch; chosen and named when absent.")]
Alias = Annotated[str, typer.Option(help="Contig names that differ: none = an error, auto = map them, or a file.")]
Blacklist = Annotated[Path | None, typer.Option(help="BED of regions to leave out.")]
MaxPerClass = Annotated[
    int | None, typer.Option("--max-per-class", "--n-per-class", min=1, help="At most this many of each class.")
]
DataSeed = Annotated[int | None, typer.Option(help="Seed of balancing and sampling.")]
# Training.
Seeds = Annotated[int, typer.Option(min=1, max=100, help="Models trained, one per seed.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Most epochs.")]
Patience = Annotated[int | None, typer.Option(min=1, help="Epochs without improvement before stopping.")]
BatchSize = Annotated[int | None, typer.Option(min=1, help="Sequences per step.")]
LearningRate = Annotated[float | None, typer.Option(help="Step of Adam.")]
Loss = Annotated[str, typer.Option(help="cross_entropy, bce, mse, poisson or pearson; by the targets when absent.")]
ClassWeights = Annotated[str, typer.Option(help="none or balanced.")]
# Naming.
MotifDb = Annotated[str, typer.Option(help="A packaged JASPAR release or a motif file.")]
FamilyTable = Annotated[Path | None, typer.Option(help="TF families of the motif file, TSV.")]
# The result.
Out = Annotated[Path | None, typer.Option("--out", help="Result folder; named after the inputs when absent.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a folder that is not a result folder.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Validate and estimate; run nothing.")]


def alias_file(alias: str) -> Path | None:
    """The table that ``--alias`` names, when it is neither none nor auto."""
    return Path(alias) if alias not in ("auto", "none") else None


def class_files(fasta: Sequence[str] | None) -> dict[str, Path | None]:
    """``["CTCF=a.fa", …]`` as files by role."""
    from cislex_client.pipelines.sources import CLASS_FILE

    return {CLASS_FILE + name: path for name, path in common.named_files(fasta, "--fasta")}


def motif_source(text: str) -> tuple[str, Path | None]:
    """``--motif-db`` as (release, file): one of the two."""
    fields, files = common.motif_database(text, "file")
    return fields.get("database", ""), files.get("file")


def default_folder(pipeline: str, files: Mapping[str, Path], dataset: str = "") -> str:
    """``wtko_Reb1_vs_Abf1`` from the inputs' names."""
    stem = {role: path.name.split(".")[0] for role, path in files.items()}
    classes = [role.partition(":")[2] for role in files if ":" in role]
    if dataset:
        what = dataset.rsplit("/", 1)[-1][:16]
    elif "counts" in stem or "matrix" in stem:
        what = stem.get("counts") or stem["matrix"]
    elif classes:
        what = "_vs_".join(classes)
    else:
        what = f"{stem.get('wt') or stem['wt_fasta']}_vs_{stem.get('ko') or stem['ko_fasta']}"
    return f"{pipeline}_{what}"


def per_model(options: Sequence[str] | None, models: Sequence[str]) -> dict[str, dict[str, str]]:
    """``["explainn.units=300"]`` as options by architecture. Raises UsageError for another form or architecture."""
    found: dict[str, dict[str, str]] = {}
    for text in options or []:
        left, equals, value = text.partition("=")
        model, dot, key = left.partition(".")
        if not (equals and dot and key) or model not in models:
            raise UsageError(
                f"--option {text!r}: write MODEL.OPTION=VALUE with a model of {', '.join(models)}",
                remedy="for instance --option explainn.units=300",
            )
        found.setdefault(model, {})[key] = value
    return found
