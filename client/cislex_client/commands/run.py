"""cislex run: whole analyses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cislex_client import output as out
from cislex_client import state
from cislex_client.commands import common
from cislex_client.output import Format

app = typer.Typer(name="run", help="Whole analyses, from peaks to report.", no_args_is_help=True)

DEFAULT_MOTIF_DB = "jaspar2024-vertebrates"


@app.callback()
def _noun() -> None:
    """Whole analyses, from peaks to report."""


@app.command("wtko")
def wtko(
    wt: Annotated[Path | None, typer.Option(help="Peaks of the wild type: BED, narrowPeak, CSV or TSV.")] = None,
    ko: Annotated[Path | None, typer.Option(help="Peaks of the knockout.")] = None,
    genome: Annotated[Path | None, typer.Option(help="Genome FASTA, plain or (b)gzip.")] = None,
    wt_fasta: Annotated[Path | None, typer.Option(help="Ready sequences instead of peaks and genome.")] = None,
    ko_fasta: Annotated[Path | None, typer.Option(help="Ready sequences of the knockout.")] = None,
    counts: Annotated[Path | None, typer.Option(help="Count table: WT and KO sets are made from it.")] = None,
    label_definition: Annotated[str, typer.Option(help="With --counts: unchanged (as the paper) or specific.")] = "",
    window: Annotated[
        int | None, typer.Option(min=1, help="Window about the summit, bp: 600, or the length of ready sequences.")
    ] = None,
    test_chroms: Annotated[str, typer.Option(help="Held out for judging: 6,7 or chr6,chr7.")] = "",
    val_chroms: Annotated[str, typer.Option(help="For choosing the epoch; chosen and named when absent.")] = "",
    alias: Annotated[
        str, typer.Option(help="Contig names that differ: none = an error, auto = map them, or a file.")
    ] = "none",
    blacklist: Annotated[Path | None, typer.Option(help="BED of regions to leave out.")] = None,
    max_per_class: Annotated[
        int | None, typer.Option("--max-per-class", "--n-per-class", min=1, help="At most this many of each class.")
    ] = None,
    data_seed: Annotated[int | None, typer.Option(help="Seed of balancing and sampling.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Models trained, one per seed.")] = 5,
    epochs: Annotated[int | None, typer.Option(min=1, help="Most epochs.")] = None,
    patience: Annotated[int | None, typer.Option(min=1, help="Epochs without improvement before stopping.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Sequences per step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step of Adam.")] = None,
    rc_augmentation: Annotated[bool | None, typer.Option("--rc/--no-rc", help="Train on both strands.")] = None,
    attribution: Annotated[str, typer.Option(help="saliency, input_x_gradient or integrated_gradients.")] = "saliency",
    k: Annotated[int | None, typer.Option("--k", help="Length of the words under the saliency, bp.")] = None,
    top_n: Annotated[int | None, typer.Option(help="Words per sequence.")] = None,
    kmer_protocol: Annotated[str, typer.Option(help="default, eq3 or code (docs/methods.md).")] = "",
    n_clusters: Annotated[int | None, typer.Option(help="Clusters of words; by silhouette when absent.")] = None,
    motif_db: Annotated[str, typer.Option(help="A packaged JASPAR release or a motif file.")] = DEFAULT_MOTIF_DB,
    family_table: Annotated[Path | None, typer.Option(help="TF families of the motif file, TSV.")] = None,
    motif_engine: Annotated[str, typer.Option(help="em (ours), meme or streme (programs on PATH).")] = "em",
    n_motifs: Annotated[int | None, typer.Option(help="Motifs per set.")] = None,
    protocol: Annotated[str, typer.Option(help="default, or paper: as published, optimistic.")] = "default",
    device: common.Device = "auto",
    to: Annotated[Path | None, typer.Option("--out", help="Result folder (default: wtko_<wt>_vs_<ko>).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that is not a result folder.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate and estimate; run nothing.")] = False,
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
    database, database_file = motif_source(motif_db)
    files = inputs.check_inputs(
        {
            "wt": wt, "ko": ko, "genome": genome, "wt_fasta": wt_fasta, "ko_fasta": ko_fasta, "counts": counts,
            "blacklist": blacklist, "family_table": family_table, "motif_db": database_file,
            "alias_table": Path(alias) if alias not in ("auto", "none") else None,
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
    target = to or Path(default_folder(files))
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


def motif_source(text: str) -> tuple[str, Path | None]:
    """``--motif-db`` as (release, file): one of the two."""
    from cislex_client.commands.motif import database

    fields, files = database(text, "file")
    return fields.get("database", ""), files.get("file")


def default_folder(files: dict[str, Any]) -> str:
    """``wtko_Reb1_vs_Abf1`` from the inputs' names."""
    stem = {role: path.name.split(".")[0] for role, path in files.items()}
    if "counts" in stem:
        return f"wtko_{stem['counts']}"
    return f"wtko_{stem.get('wt') or stem['wt_fasta']}_vs_{stem.get('ko') or stem['ko_fasta']}"
