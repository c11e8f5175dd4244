"""cislex explain: bases, words, filters, units and what they do together."""

from __future__ import annotations

from typing import Annotated

import typer

from cislex_client.commands import common
from cislex_client.output import Format

app = typer.Typer(name="explain", help="Say which bases, words, filters and units a model uses.", no_args_is_help=True)

SplitOption = Annotated[str, typer.Option("--split", help="train, validation, test or all.")]


@app.command("saliency")
def saliency(
    model: common.ModelOption,
    dataset: common.DatasetOption,
    split: SplitOption = "test",
    method: Annotated[
        str, typer.Option(help="saliency, input_x_gradient, integrated_gradients, deeplift_shap or ism.")
    ] = "saliency",
    target: Annotated[str, typer.Option(help="wt_minus_ko, predicted or output.")] = "",
    outputs: Annotated[str, typer.Option(help="With --target output: classes or tasks, with commas.")] = "",
    seed_index: Annotated[int | None, typer.Option(help="Explain one seed instead of their mean.")] = None,
    device: common.Device = "auto",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Score each base of a split."""
    common.operate(
        "explainer.ComputeAttributions", "explain each base",
        {"split": split, "method": method, "target": target or ("output" if outputs else None),
         "outputs": common.split_list(outputs) or None, "seed_index": seed_index, "device": device},
        names={"model": ("model", model), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("kmers")
def kmers(
    attributions: Annotated[str, typer.Option("--attributions", help="Result of `explain saliency`.")],
    dataset: common.DatasetOption,
    k: Annotated[int | None, typer.Option("--k", help="Length of the words, bp (service default 20).")] = None,
    top_n: Annotated[int | None, typer.Option(help="Words per sequence (service default 3).")] = None,
    min_distance: Annotated[int | None, typer.Option(help="Least distance between two words, bp.")] = None,
    kmer_protocol: Annotated[str, typer.Option(help="default, eq3 or code (docs/methods.md).")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Cut k-mers at the peaks of the saliency."""
    common.operate(
        "explainer.ExtractKmers", "cut k-mers",
        {"k": k, "top_n": top_n, "min_distance": min_distance, "kmer_protocol": kmer_protocol or None},
        names={"attributions": ("attributions", attributions), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("filters")
def filters(
    model: common.ModelOption,
    dataset: common.DatasetOption,
    split: SplitOption = "test",
    threshold: Annotated[float | None, typer.Option(help="Share of the maximum that counts as active.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Turn the first layer's filters into motifs and measure what each does."""
    common.operate(
        "explainer.ExplainFilters", "explain filters", {"split": split, "threshold": threshold},
        names={"model": ("model", model), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("units")
def units(
    model: common.ModelOption,
    dataset: common.DatasetOption,
    split: SplitOption = "test",
    threshold: Annotated[float | None, typer.Option(help="Share of the maximum that counts as active.")] = None,
    device: common.Device = "auto",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Turn the units of an additive network into motifs, weights and importances."""
    common.operate(
        "explainer.ExplainUnits", "explain units", {"split": split, "threshold": threshold, "device": device},
        names={"model": ("model", model), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("umap")
def umap(
    units: Annotated[str, typer.Option("--units", help="Result of `explain units`.")],
    dataset: common.DatasetOption,
    color_by: Annotated[str, typer.Option(help="Columns, tasks or units, with commas.")] = "",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Lay sequences out by the units they switch on."""
    common.operate(
        "explainer.ProjectUnits", "project units", {"color_by": common.split_list(color_by) or None},
        names={"units": ("units", units), "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("interactions")
def interactions(
    model: common.ModelOption,
    motifs: Annotated[str, typer.Option(help="Two to ten words or motif ids, with commas.")],
    motif_artifact: Annotated[str, typer.Option("--from", help="The motif set that holds the ids.")] = "",
    dataset: Annotated[str, typer.Option("--dataset", help="Its sequences are shuffled for backgrounds.")] = "",
    control: Annotated[str, typer.Option(help="Word in the second motif's place (service default GGGCT).")] = "",
    device: common.Device = "auto",
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Measure whether two motifs do more together than apart, by their distance."""
    common.operate(
        "explainer.MeasureInteractions", "measure interactions",
        {"motifs": common.split_list(motifs), "control": control or None, "device": device,
         "background": None if dataset else "random"},
        names={"model": ("model", model), "motif_artifact": ("motifs", motif_artifact),
               "dataset": ("dataset", dataset)},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip
