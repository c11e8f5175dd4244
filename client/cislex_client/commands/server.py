"""cislex server: the managed server of this machine."""

from __future__ import annotations

from typing import Any

import typer

from cislex_client import output as out
from cislex_client.commands import common
from cislex_client.exit_codes import UNAVAILABLE
from cislex_client.output import Format

app = typer.Typer(name="server", help="Start, stop and see the server of this machine.", no_args_is_help=True)


@app.command("up")
def up(output: common.OutputOption = Format.table) -> None:
    """Start the server unless it runs. Other commands do this by themselves."""
    from cislex_client import local_server

    started = local_server.ensure()
    out.say("started" if started else "it runs already")
    out.emit_object(_facts(), output)


@app.command("status")
def status(output: common.OutputOption = Format.table) -> None:
    """Say whether the server runs. Exit 5 when it does not."""
    facts = _facts()
    out.emit_object(facts, output)
    if not facts["running"]:
        raise typer.Exit(UNAVAILABLE)


@app.command("down")
def down() -> None:
    """Stop the server. Running operations go on from their checkpoints when it is started again."""
    from cislex_client import local_server

    out.say("stopped" if local_server.stop() else "no server runs")


def _facts() -> dict[str, Any]:
    from cislex_client import local_server

    pid, known = local_server.pid(), local_server.read_facts()
    return {
        "name": "local",
        "running": pid is not None,
        "pid": pid,
        "version": known.version if known and pid else None,
        "outdated": local_server.is_outdated() if pid else None,
        "socket": str(local_server.settings().socket_path),
        "home": str(local_server.home_folder()),
        "log": str(local_server.log_path()),
    }
