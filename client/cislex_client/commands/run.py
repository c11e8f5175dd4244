"""cislex run: whole analyses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cislex_client import output as out
from cislex_client import state
from cislex_client.commands import common
from cislex_client.commands import run_options as ro
from cislex_client.commands.run_compare import compare
from cislex_client.commands.run_explainn import explainn
from cislex_client.output import Format

app = typer.Typer(name="run", help="Whole analyses, from peaks to report.", no_args_is_help=True)


@app.callback()
def _noun() -> None:
    """Whole analyses, from peaks to report."""


@app.command("wtko")
def wtko(
    wt: ro.WtPeaks = None,
    ko: ro.KoPeaks = None,
    genome: ro.Genome = None,
    wt_fasta: ro.WtFasta = None,
    ko_fasta: ro.KoFasta = None,
    counts: ro.Counts = None,
    label_definition: ro.LabelDefinition = "",
    window: ro.Window = None,
    test_chroms: ro.TestChroms = "",
    val_chroms: ro.ValChroms = "",
    alias: ro.Alias = "none",
    blacklist: ro.Blacklist = None,
    max_per_class: ro.MaxPerClass = None,
    data_seed: ro.DataSeed = None,
    seeds: ro.Seeds = 5,
    epochs: ro.Epochs = None,
    patience: ro.Patience = None,
    batch_size: ro.BatchSize = None,
    learning_rate: ro.LearningRate = None,
    rc_augmentation: Annotated[bool | None, typer.Option("--rc/--no-rc", help="Train on both strands.")] = None,
    attribution: Annotated[str, typer.Option(help="saliency, input_x_gradient or integrated_gradients.")] = "saliency",
    k: Annotated[int | None, typer.Option("--k", help="Length of the words under the saliency, bp.")] = None,
    top_n: Annotated[int | None, typer.Option(help="Words per sequence.")] = None,
    kmer_protocol: Annotated[str, typer.Option(help="default, eq3 or code (docs/methods.md).")] = "",
    n_clusters: Annotated[int | None, typer.Option(help="Clusters of words; by silhouette when absent.")] = None,
    motif_db: ro.MotifDb = ro.DEFAULT_MOTIF_DB,
    family_table: ro.FamilyTable = None,
    motif_engine: Annotated[str, typer.Option(help="em or words (ours), meme or streme (programs on PATH).")] = "em",
    n_motifs: Annotated[int | None, typer.Option(help="Motifs per set.")] = None,
    protocol: Annotated[str, typer.Option(help="default, or paper: as published, optimistic.")] = "default",
    device: common.Device = "auto",
    to: ro.Out = None,
    force: ro.Force = False,
    dry_run: ro.DryRun = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Two peak sets and a genome in; a model, motifs, transcription factors and a report out."""
    from cislex_client import analysis, inputs, rehearsal
    from cislex_client.contexts import chosen
    from cislex_client.exit_codes import UsageError
    from cislex_client.pipelines.wtko import WtkoOptions, plan
    from cislex_client.results import check_target
    from cislex_client.run_record import command_line

    if protocol not in ("default", "paper"):
        raise UsageError(f"--protocol {protocol!r}: default or paper")
    database, database_file = ro.motif_source(motif_db)
    files = inputs.check_inputs(
        {
            "wt": wt, "ko": ko, "genome": genome, "wt_fasta": wt_fasta, "ko_fasta": ko_fasta, "counts": counts,
            "blacklist": blacklist, "family_table": family_table, "motif_db": database_file,
            "alias_table": ro.alias_file(alias),
        }
    )  # fmt: skip
    inputs.check_roles(set(files))
    rehearsal.check_different(files)
    rehearsal.check_word_length(k, window, files)
    rehearsal.check_motif_files(files)
    options = WtkoOptions(
        window_bp=window,
        test_chroms=common.split_list(test_chroms),
        validation_chroms=common.split_list(val_chroms),
        alias=alias,
        max_per_class=max_per_class,
        data_seed=data_seed,
        protocol=protocol,
        label_definition=label_definition or None,
        seeds=seeds,
        epochs=epochs,
        patience=patience,
        batch_size=batch_size,
        learning_rate=learning_rate,
        rc_augmentation=rc_augmentation,
        device=device,
        attribution_method=attribution,
        k=k,
        top_n=top_n,
        kmer_protocol=kmer_protocol or None,
        n_clusters=n_clusters,
        motif_engine=motif_engine,
        n_motifs=n_motifs,
    )
    target = to or Path(ro.default_folder("wtko", files))
    check_target(target, force)
    context = chosen(state.context_name)
    job = analysis.Analysis(
        pipeline="wtko",
        context=context,
        files=files,
        planner=lambda references: plan(options, references, database),
        options={**options.as_json(), "motif_db": motif_db},
        out=target.absolute(),
        command=command_line(state.argv),
        force=force,
    )
    if dry_run:
        from cislex_client.dry_run import dry_run as rehearse

        found = common.with_session(lambda session: rehearse(job, options, session))
        if output is Format.table:
            found = {key: value for key, value in found.items() if key not in ("spec", "estimate", "dataset")}
        out.emit_object(found, output)
        return
    analysis.finish(common.with_session(lambda session: analysis.run_analysis(job, session)), output)


app.command("explainn")(explainn)
app.command("compare")(compare)
