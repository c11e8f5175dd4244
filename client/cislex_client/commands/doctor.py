"""cislex doctor: is everything there that a run needs?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cislex_client import output as out
from cislex_client.commands import common
from cislex_client.exit_codes import FAILED, CommandError
from cislex_client.output import Format

if TYPE_CHECKING:
    from cislex_client.checks import Row
    from cislex_client.session import Session

SMOKE_TIMEOUT_S = 120.0


def doctor(
    smoke: Annotated[
        bool, typer.Option("--smoke", help="Also run a tiny dataset, training, export and explanation on the CPU.")
    ] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds for --smoke.")] = SMOKE_TIMEOUT_S,
    output: common.OutputOption = Format.table,
) -> None:
    """Check this machine, the context and its servers, and say what to fix. Exit 1 when something needed is bad."""
    from cislex_client import checks

    rows = checks.client_rows()
    try:
        rows += _of_servers(timeout if smoke else None)
    except CommandError as error:
        rows.append(checks.broken("server", "server", error))
    columns = ["where", "name", "state", *(["seconds"] if smoke else []), "found"]
    out.emit_rows([row.as_dict() for row in rows], columns, output)
    for row in rows:
        if row.remedy:
            out.say(f"{row.where} {row.name}: {row.remedy}")
    if any(row.state == checks.BAD for row in rows):
        raise typer.Exit(FAILED)


def _of_servers(smoke_timeout_s: float | None) -> list[Row]:
    from cislex_client.checks import BAD, server_rows

    async def work(session: Session) -> list[Row]:
        rows = await server_rows(session.channels, session.parent)
        if smoke_timeout_s is None:
            return rows
        if any(row.state == BAD for row in rows):
            out.say("the smoke test is left out: first mend what is bad")
            return rows
        from cislex_client.smoke import run_smoke

        return rows + await run_smoke(session, smoke_timeout_s, out.say)

    return common.with_session(work)
