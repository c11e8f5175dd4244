"""cislex context: where to work."""

from __future__ import annotations

from typing import Annotated

import typer

from cislex_client import contexts
from cislex_client import output as out
from cislex_client.commands import common
from cislex_client.exit_codes import UsageError
from cislex_client.output import Format

app = typer.Typer(name="context", help="Choose where the services are.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name for it.")],
    address: Annotated[str, typer.Argument(help="grpcs://host[:port], grpc://host:port or unix:///path.")],
    tenant: Annotated[str, typer.Option(help="Tenant to work in.")] = "local",
    token_file: Annotated[str, typer.Option(help="File that holds the bearer token.")] = "",
    token_env: Annotated[str, typer.Option(help="Environment variable that holds it.")] = "",
    ca_file: Annotated[str, typer.Option(help="Certificates to trust instead of the system's.")] = "",
    service: Annotated[
        list[str] | None, typer.Option("--service", metavar="NAME=ADDRESS", help="Another address for one service.")
    ] = None,
) -> None:
    """Add a context, or replace the one of that name."""
    services = {}
    for text in service or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--service {text!r}: write NAME=ADDRESS")
        services[key] = value
    context = contexts.Context(name, address, tenant, token_file, token_env, ca_file, services)
    path = contexts.add(context)
    out.say(f"kept in {path}; use it with: cislex context use {name}")


@app.command("use")
def use(name: Annotated[str, typer.Argument(help="The context to work in from now on.")]) -> None:
    """Make a context the current one."""
    config = contexts.load()
    config.current = config.get(name).name
    contexts.save(config)


@app.command("ls")
def ls(output: common.OutputOption = Format.table) -> None:
    """List contexts."""
    config = contexts.load()
    rows = [
        {
            "name": context.name,
            "current": name == config.current,
            "address": context.address or ("managed server on this machine" if context.is_local else ""),
            "tenant": context.tenant,
            "services": context.services,
        }
        for name, context in sorted(config.contexts.items())
    ]
    out.emit_rows(rows, ["name", "current", "address", "tenant"], output)


@app.command("rm")
def rm(name: Annotated[str, typer.Argument(help="The context to forget.")]) -> None:
    """Forget a context."""
    config = contexts.load()
    config.get(name)
    if name == contexts.LOCAL:
        raise UsageError("'local' is always there", remedy="cislex server down stops its server")
    del config.contexts[name]
    if config.current == name:
        config.current = contexts.LOCAL
    contexts.save(config)
