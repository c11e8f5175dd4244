"""cislex model: train, evaluate, export, predict."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cislex_client.commands import common, listing
from cislex_client.exit_codes import UsageError
from cislex_client.output import Format

app = typer.Typer(name="model", help="Train, judge, export and use models.", no_args_is_help=True)

ArchitectureOption = Annotated[
    list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Any option of the network; repeat.")
]


@app.command("train")
def train(
    dataset: common.DatasetOption,
    seeds: Annotated[str, typer.Option(help="Number of seeds, or the seeds themselves: 0,1,2.")] = "5",
    epochs: Annotated[int | None, typer.Option(help="Most epochs.")] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs without improvement before stopping.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Sequences per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step of Adam.")] = None,
    architecture: Annotated[str, typer.Option(help="A registered architecture.")] = "wtko_cnn",
    protocol: Annotated[str, typer.Option(help="default, explainn or paper.")] = "default",
    option: ArchitectureOption = None,
    init_motif_db: Annotated[
        str, typer.Option(help="Start filters as the motifs of a release (jaspar2020-vertebrates) or a file.")
    ] = "",
    init_motifs: Annotated[str, typer.Option(help="Or as those of a motif set.")] = "",
    freeze_filters: Annotated[bool, typer.Option("--freeze-filters", help="Keep such filters as they start.")] = False,
    unit_models: Annotated[
        list[str] | None, typer.Option("--unit-model", help="unit_transfer: a model whose outputs are units; repeat.")
    ] = None,
    data_parallel: Annotated[
        int | None, typer.Option(help="Processes that train each network together, on one or several nodes.")
    ] = None,
    device: common.Device = "auto",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    dry_run: common.ValidateOnly = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Train one model per seed on a dataset."""
    fields, files = common.motif_database(init_motif_db, "init_motifs_file") if init_motif_db else ({}, {})
    common.operate(
        "trainer.TrainModel",
        "train",
        {
            "options": common.keyed(option, "--option") or None, "init_database": fields.get("database"),
            "freeze_filters": freeze_filters or None,
            "architecture": architecture, "seeds": parse_seeds(seeds), "epochs": epochs, "patience": patience,
            "batch_size": batch_size, "learning_rate": learning_rate, "protocol": protocol, "device": device,
            "data_parallel": data_parallel,
        },
        files=files,
        names={
            "dataset": ("dataset", dataset), "init_motifs": ("motifs", init_motifs),
            "unit_models": ("model", unit_models),
        },
        settings=settings, form=output, no_wait=no_wait, timeout=timeout, dry_run=dry_run,
    )  # fmt: skip


@app.command("evaluate")
def evaluate(
    model: common.ModelOption,
    dataset: common.DatasetOption,
    device: common.Device = "auto",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Judge a model on held-out sequences, beside two honest baselines."""
    common.operate(
        "trainer.EvaluateModel", "evaluate", {"device": device},
        names={"model": ("model", model), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("export")
def export(
    model: common.ModelOption,
    dataset: common.DatasetOption,
    tolerance: Annotated[float | None, typer.Option(help="Largest difference allowed (service default 1e-4).")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Export to ONNX; refused when the exported model computes something else."""
    common.operate(
        "trainer.ExportModel", "export", {"tolerance": tolerance},
        names={"model": ("model", model), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("predict")
def predict(
    export: Annotated[str, typer.Option("--export", help="An export (cislex artifact ls --kind export).")],
    dataset: Annotated[str, typer.Option("--dataset", help="Sequences of a dataset.")] = "",
    sequences: Annotated[Path | None, typer.Option(help="Or a FASTA file.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Predict with an exported model."""
    if bool(dataset) == (sequences is not None):
        raise UsageError("name either --dataset or --sequences")
    common.operate(
        "trainer.Predict", "predict", {}, files={"sequences": sequences},
        names={"export": ("export", export), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("compare")
def compare(
    models: Annotated[list[str] | None, typer.Option("--model", help="A model; repeat.")] = None,
    evaluations: Annotated[
        list[str] | None, typer.Option("--evaluation", help="Its evaluation, in the same order.")
    ] = None,
    names: Annotated[str, typer.Option(help="Their names in the table, with commas.")] = "",
    reference: Annotated[str, typer.Option(help="Differences are to this one; the best when absent.")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Put models that were judged on the same sequences side by side, with paired differences."""
    if not models or not evaluations or len(models) != len(evaluations) or len(models) < 2:
        raise UsageError("name two models or more, each with its evaluation: --model A --evaluation EA --model B …")
    common.operate(
        "trainer.CompareModels", "compare models",
        {"names": common.split_list(names) or None, "reference": reference or None},
        names={"models": ("model", models), "evaluations": ("evaluation", evaluations)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("import")
def import_(
    checkpoint: Annotated[Path, typer.Argument(help="Published ExplaiNN weights: a state dict, .pth or .safetensors.")],
    window: Annotated[int, typer.Option(min=1, help="Bases it was trained on.")],
    outputs: Annotated[str, typer.Option(help="Names of its outputs in their order, with commas.")],
    target_type: Annotated[str, typer.Option(help="multilabel, class_index or regression.")] = "multilabel",
    channel_order: Annotated[str, typer.Option(help="Letters of its four input rows.")] = "ACGT",
    option: ArchitectureOption = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Make a model of weights that were trained elsewhere; only tensors are read from the file."""
    common.operate(
        "trainer.ImportModel", "import weights",
        {
            "window_bp": window, "outputs": common.split_list(outputs), "target_type": target_type,
            "channel_order": channel_order, "options": common.keyed(option, "--option") or None,
        },
        files={"checkpoint": checkpoint}, settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("ls")
def ls(output: common.OutputOption = Format.table, limit: listing.Limit = 50) -> None:
    """List models, newest first."""
    listing.ls("model", limit, output)


@app.command("show")
def show(name: listing.Name, output: common.OutputOption = Format.table) -> None:
    """Show a model."""
    listing.show("model", name, output)


def parse_seeds(text: str) -> list[int]:
    """``"5"`` → 0..4; ``"0,7"`` → those. Raises UsageError."""
    try:
        numbers = [int(part) for part in common.split_list(text)]
    except ValueError:
        numbers = []
    if not numbers or (len(numbers) == 1 and "," not in text and numbers[0] < 1) or min(numbers) < 0:
        raise UsageError(f"--seeds {text!r}: give a number of seeds (5) or the seeds (0,1,2)")
    return list(range(numbers[0])) if len(numbers) == 1 and "," not in text else numbers
