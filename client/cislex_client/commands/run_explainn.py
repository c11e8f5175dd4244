"""cislex run explainn: units that can be read, from data to report."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cislex_client import state
from cislex_client.commands import common
from cislex_client.commands import run_options as ro
from cislex_client.output import Format

DENOVO = ("em", "words", "meme", "streme")


def explainn(
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
    units: Annotated[int, typer.Option(min=1, max=4096, help="Units: how many motifs can be learnt.")] = 100,
    option: Annotated[
        list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="Any option of the network; repeat.")
    ] = None,
    seeds: ro.Seeds = 3,
    epochs: ro.Epochs = None,
    patience: ro.Patience = None,
    batch_size: ro.BatchSize = None,
    learning_rate: ro.LearningRate = None,
    loss: ro.Loss = "",
    class_weights: ro.ClassWeights = "",
    init_motifs: Annotated[
        str, typer.Option(help="Start filters from a packaged release: jaspar2020-vertebrates.")
    ] = "",
    freeze_filters: Annotated[bool, typer.Option("--freeze-filters", help="Keep those filters as they are.")] = False,
    explain_split: Annotated[str, typer.Option(help="Sequences that units are read on: all, test, …")] = "all",
    color_by: Annotated[
        str, typer.Option(help="Columns that colour the UMAP, with commas; by the targets when absent.")
    ] = "",
    denovo: Annotated[
        str, typer.Option(help="Discoverers beside the units: em,words,streme; none = leave out.")
    ] = "em,words",
    motif_db: ro.MotifDb = ro.DEFAULT_MOTIF_DB,
    family_table: ro.FamilyTable = None,
    device: common.Device = "auto",
    to: ro.Out = None,
    force: ro.Force = False,
    dry_run: ro.DryRun = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Train ExplaiNN; show which motif drives which class, with names, weights, importances and a report."""
    from cislex_client.commands.run_network import Request, launch
    from cislex_client.exit_codes import UsageError
    from cislex_client.pipelines.explainn import ExplainnOptions, plan

    engines = [] if denovo == "none" else common.split_list(denovo)
    if unknown := [name for name in engines if name not in DENOVO]:
        raise UsageError(f"--denovo {', '.join(unknown)}: the discoverers are {', '.join(DENOVO)}, or none")
    release, database_file = ro.motif_source(motif_db)

    def planner(data: dict[str, Any], two_conditions: bool, files: Any) -> Any:
        options = ExplainnOptions(
            **data,
            two_conditions=two_conditions,
            units=units,
            architecture_options=common.keyed(option, "--option"),
            seeds=seeds,
            epochs=epochs,
            patience=patience,
            batch_size=batch_size,
            learning_rate=learning_rate,
            loss=loss or None,
            class_weights=class_weights or None,
            init_database=init_motifs or None,
            freeze_filters=freeze_filters,
            explain_split=explain_split,
            color_by=common.split_list(color_by),
            denovo=engines,
            device=device,
        )
        return options.as_json(), plan(options, files, release)

    launch(
        Request(
            pipeline="explainn",
            files={
                "wt": wt, "ko": ko, "genome": genome, "wt_fasta": wt_fasta, "ko_fasta": ko_fasta, "matrix": matrix,
                "blacklist": blacklist, "alias_table": ro.alias_file(alias), "motif_db": database_file,
                "family_table": family_table, **ro.class_files(fasta),
            },
            dataset=dataset,
            data={
                "window_bp": window, "test_chroms": common.split_list(test_chroms),
                "validation_chroms": common.split_list(val_chroms), "alias": alias, "max_per_class": max_per_class,
                "data_seed": data_seed,
            },
            planner=planner,
            extra={"motif_db": motif_db},
            out=to,
            force=force,
            dry_run=dry_run,
            command=state.argv,
            form=output,
        )
    )  # fmt: skip
