"""cislex op: operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cislex_client import output as out
from cislex_client.commands import common
from cislex_client.output import Format

if TYPE_CHECKING:
    from cislex_client.operations import OperationView
    from cislex_client.session import Session

app = typer.Typer(name="op", help="See, await and cancel operations.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="tenants/…/operations/…, or the id at its end.")]


@app.command("ls")
def ls(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 20,
    filter_text: Annotated[str, typer.Option("--filter", help="As the service takes it, e.g. state=running.")] = "",
    output: common.OutputOption = Format.table,
) -> None:
    """List operations, newest first."""

    async def work(session: Session) -> list[OperationView]:
        return await session.list_operations(limit, filter_text)

    views = common.with_session(work)
    rows = [view.as_json() if output is Format.json else view.as_row() for view in views]
    columns = ["name", "task", "state", "queue", "waiting", "progress", "cache_hit", "created", "message"]
    out.emit_rows(rows, columns, output)


@app.command("get")
def get(name: Name, output: common.OutputOption = Format.table) -> None:
    """Show an operation as it is now."""

    async def work(session: Session) -> OperationView:
        return await session.get(full(session, name))

    common.emit_operation(common.with_session(work), output)


@app.command("wait")
def wait(name: Name, timeout: common.Timeout = None, output: common.OutputOption = Format.table) -> None:
    """Wait for an operation and print its result. Exit 124 when the time is over, 6 when it was cancelled."""

    async def work(session: Session) -> OperationView:
        view = await session.get(full(session, name))
        return await common.follow(session, view, view.task or view.name, timeout)

    common.emit_result(common.with_session(work), output)


@app.command("watch")
def watch(name: Name) -> None:
    """Print every state of an operation, and its moves in the queue, as one JSON line each, until it is done."""
    import json
    import sys

    def tell(view: OperationView) -> None:
        sys.stdout.write(json.dumps(view.as_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    async def work(session: Session) -> OperationView:
        from cislex_client.queue_watch import watch_with_queue

        view = None
        async for view in watch_with_queue(session, full(session, name)):
            tell(view)
        assert view is not None
        return view

    view = common.with_session(work)
    if view.error is not None:
        raise view.error


@app.command("cancel")
def cancel(
    name: Name,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not wait for the end.")] = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Ask that an operation be cancelled, and wait until it has ended."""

    async def work(session: Session) -> OperationView:
        target = full(session, name)
        await session.cancel(target)
        return await session.get(target) if no_wait else await session.wait(target, 60.0)

    view = common.with_session(work)
    if view.succeeded:
        out.say(f"{view.name} had finished before it could be cancelled")
    common.emit_operation(view, output)


def full(session: Session, name: str) -> str:
    """The full name of an operation."""
    return name if name.startswith("tenants/") else f"{session.parent}/operations/{name.removeprefix('operations/')}"
