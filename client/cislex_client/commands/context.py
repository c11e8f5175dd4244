"""cislex context: where to work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cislex_client import contexts
from cislex_client import output as out
from cislex_client.commands import common
from cislex_client.exit_codes import UsageError
from cislex_client.output import Format

if TYPE_CHECKING:
    from cislex_client.session import Session

app = typer.Typer(name="context", help="Choose where the services are.", no_args_is_help=True)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="A name for it.")],
    address: Annotated[str, typer.Argument(help="grpcs://host[:port], grpc://host:port or unix:///path.")],
    tenant: Annotated[str, typer.Option(help="Tenant to work in.")] = "local",
    token_file: Annotated[str, typer.Option(help="File that holds the bearer token.")] = "",
    token_env: Annotated[str, typer.Option(help="Environment variable that holds it.")] = "",
    ca_file: Annotated[str, typer.Option(help="Certificates to trust instead of the system's.")] = "",
    cert_file: Annotated[
        str, typer.Option("--cert", help="This client's certificate, where servers ask for one.")
    ] = "",
    key_file: Annotated[str, typer.Option("--key", help="Its private key.")] = "",
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
    context = contexts.Context(name, address, tenant, token_file, token_env, ca_file, cert_file, key_file, services)
    path = contexts.add(context)
    out.say(f"kept in {path}; use it with: cislex context use {name}")


@app.command("use")
def use(name: Annotated[str, typer.Argument(help="The context to work in from now on.")]) -> None:
    """Make a context the current one."""
    config = contexts.load()
    config.current = config.get(name).name
    contexts.save(config)


@app.command("check")
def check() -> None:
    """Ask the servers of the current context whether they take its token and tenant; exit code 4 when they do not."""

    async def ask(session: Session) -> None:
        await session.list_operations(page_size=1)
        out.say(f"{session.context.name}: reached, and tenant {session.tenant} may work there")

    common.with_session(ask)


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
