"""cislex run compare: architectures side by side on one split."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cislex_client import state
from cislex_client.commands import common
from cislex_client.commands import run_options as ro
from cislex_client.output import Format

DEFAULT_MODELS = "wtko_cnn,cnn4,cnn_lstm,transformer,cnn_transformer,explainn,cnn1,cnn1_exp,deep_cnn,danq,deepstarr"


def compare(
    models: Annotated[str, typer.Option(help="Architectures, with commas.")] = DEFAULT_MODELS,
    wt: ro.WtPeaks = None,
    ko: ro.KoPeaks = None,
    genome: ro.Genome = None,
    wt_fasta: ro.WtFasta = None,
    ko_fasta: ro.KoFasta = None,
    fasta: ro.Fasta = None,
    matrix: ro.Matrix = None,
    dataset: ro.Dataset = "",
    window: ro.Window = None,
    test_chroms: ro.TestChroms = "",
    val_chroms: ro.ValChroms = "",
    alias: ro.Alias = "none",
    blacklist: ro.Blacklist = None,
    max_per_class: ro.MaxPerClass = None,
    data_seed: ro.DataSeed = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", metavar="MODEL.NAME=VALUE", help="Any option of one network; repeat."),
    ] = None,
    seeds: ro.Seeds = 3,
    epochs: ro.Epochs = None,
    patience: ro.Patience = None,
    batch_size: ro.BatchSize = None,
    learning_rate: ro.LearningRate = None,
    loss: ro.Loss = "",
    class_weights: ro.ClassWeights = "",
    protocol: Annotated[str, typer.Option(help="How all are trained: default, explainn or paper.")] = "default",
    reference: Annotated[str, typer.Option(help="Differences are to this model; the best when absent.")] = "",
    device: common.Device = "auto",
    to: ro.Out = None,
    force: ro.Force = False,
    dry_run: ro.DryRun = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Train several architectures on one split with the same seeds; table, differences with intervals, and a figure."""
    from cislex_client.commands.run_network import Request, launch
    from cislex_client.exit_codes import UsageError
    from cislex_client.pipelines.compare import CompareOptions, plan

    names = common.split_list(models)
    if len(names) < 2 or len(set(names)) != len(names):
        raise UsageError(f"--models {models}: name at least two architectures, each once")
    if reference and reference not in names:
        raise UsageError(f"--reference {reference} is none of {', '.join(names)}")

    def planner(data: dict[str, Any], two_conditions: bool, files: Any) -> Any:
        options = CompareOptions(
            models=names,
            **data,
            seeds=seeds,
            epochs=epochs,
            patience=patience,
            batch_size=batch_size,
            learning_rate=learning_rate,
            loss=loss or None,
            class_weights=class_weights or None,
            train_protocol=protocol,
            per_model=ro.per_model(option, names),
            reference=reference or None,
            device=device,
        )
        return options.as_json(), plan(options, files)

    launch(
        Request(
            pipeline="compare",
            files={
                "wt": wt, "ko": ko, "genome": genome, "wt_fasta": wt_fasta, "ko_fasta": ko_fasta, "matrix": matrix,
                "blacklist": blacklist, "alias_table": ro.alias_file(alias), **ro.class_files(fasta),
            },
            dataset=dataset,
            data={
                "window_bp": window, "test_chroms": common.split_list(test_chroms),
                "validation_chroms": common.split_list(val_chroms), "alias": alias, "max_per_class": max_per_class,
                "data_seed": data_seed,
            },
            planner=planner,
            extra={},
            out=to,
            force=force,
            dry_run=dry_run,
            command=state.argv,
            form=output,
        )
    )  # fmt: skip
