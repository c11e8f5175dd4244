"""cislex genome: register genomes and compare their contigs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cislex_client import output as out
from cislex_client.commands import common, listing
from cislex_client.output import Format

app = typer.Typer(name="genome", help="Register genomes, compare their identity.", no_args_is_help=True)


@app.command("register")
def register(
    fasta: Annotated[Path, typer.Argument(help="Genome FASTA, plain or (b)gzip.")],
    alias_table: Annotated[Path | None, typer.Option(help="Two columns: name in BED files, name in the FASTA.")] = None,
    settings: common.Set = None,
    no_wait: common.NoWait = False,
    timeout: common.Timeout = None,
    output: common.OutputOption = Format.table,
) -> None:
    """Read a genome once: contigs, lengths and GA4GH digests."""
    common.operate(
        "encoder.RegisterGenome", "register the genome", {}, files={"fasta": fasta, "alias_table": alias_table},
        settings=settings, form=output, no_wait=no_wait, timeout=timeout,
    )  # fmt: skip


@app.command("compare")
def compare(
    a: Annotated[str, typer.Argument(help="A registered genome.")],
    b: Annotated[str, typer.Argument(help="Another one.")],
    output: common.OutputOption = Format.table,
) -> None:
    """Compare two registered genomes: same sequences, names, lengths?"""

    async def work(session: Any) -> dict[str, Any]:
        tenant = session.tenant
        request = {"genome_a": common.resource(tenant, "genome", a), "genome_b": common.resource(tenant, "genome", b)}
        return await session.call("encoder.CompareGenomes", request)

    out.emit_object(common.with_session(work), output)


@app.command("ls")
def ls(output: common.OutputOption = Format.table, limit: listing.Limit = 50) -> None:
    """List registered genomes."""
    listing.ls("genome", limit, output)


@app.command("show")
def show(name: listing.Name, output: common.OutputOption = Format.table) -> None:
    """Show a registered genome."""
    listing.show("genome", name, output)
