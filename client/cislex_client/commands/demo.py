"""cislex demo: the whole analysis on simulated peaks, scored against what was planted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cislex_client import state
from cislex_client.commands import common
from cislex_client.output import Format


def demo(
    to: Annotated[Path, typer.Option("--out", help="Result folder.")] = Path("demo"),
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Models trained, one per seed.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Most epochs.")] = 10,
    n: Annotated[int | None, typer.Option("--n", min=20, help="Sequences per class.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
    device: common.Device = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that is not a result folder.")] = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Simulate two peak sets with planted motifs, analyse them, and say what was recovered."""
    from cislex_client import analysis
    from cislex_client.demo import DemoOptions, run_demo
    from cislex_client.run_record import command_line

    options = DemoOptions(seeds=seeds, epochs=epochs, n_per_class=n, seed=seed, device=device)
    command = command_line(state.argv)
    outcome = common.with_session(lambda session: run_demo(session, options, to.absolute(), command, force))
    analysis.finish(outcome, output)
