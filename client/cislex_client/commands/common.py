"""What the commands share: options, one session, one operation from request to printed result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cislex_client import output, state
from cislex_client.exit_codes import CANCELLED, DETACHED, CommandError, UsageError
from cislex_client.output import Format

if TYPE_CHECKING:
    from cislex_client.operations import OperationView
    from cislex_client.session import Session

T = TypeVar("T")


def _keep_form(value: Format) -> Format:
    state.form = value
    return value


OutputOption = Annotated[
    Format, typer.Option("-o", "--output", help="How results are written to stdout.", callback=_keep_form)
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Print the operation's name and return at once.")]
Timeout = Annotated[float | None, typer.Option("--timeout", help="Seconds to wait; then exit 124 (the work goes on).")]
ValidateOnly = Annotated[bool, typer.Option("--dry-run", help="Validate and print the complete spec; run nothing.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="FIELD=VALUE", help="Any other field of the request; VALUE is JSON or text."),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
DatasetOption = Annotated[str, typer.Option("--dataset", help="A dataset (cislex dataset ls).")]
ModelOption = Annotated[str, typer.Option("--model", help="A model (cislex model ls).")]

PLURAL = {
    "dataset": "datasets", "model": "models", "export": "exports", "evaluation": "evaluations", "genome": "genomes",
    "predictions": "predictions", "attributions": "attributions", "kmers": "kmers", "filters": "filters",
    "clusters": "clusters", "motifs": "motifs", "matches": "matches", "enrichment": "enrichments", "peaks": "peaks",
    "simulation": "simulations", "units": "units", "projection": "projections", "interactions": "interactions",
    "comparison": "comparisons", "seqlets": "seqlets", "scores": "scores", "hits": "hits", "families": "families",
}  # fmt: skip


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; an error inside a task group comes out as itself."""
    try:
        return asyncio.run(work)
    except BaseExceptionGroup as group:
        found = group.subgroup(CommandError)
        while found is not None:
            first = found.exceptions[0]
            if not isinstance(first, BaseExceptionGroup):
                raise first from None
            found = first
        raise


def with_session(work: Callable[[Session], Awaitable[T]]) -> T:
    """Open the chosen context, do ``work`` and close it."""
    from cislex_client import contexts

    context = contexts.chosen(state.context_name)

    async def inner() -> T:
        from cislex_client.session import Session

        async with Session(context) as session:
            return await work(session)

    return run_async(inner())


def operate(
    task: str,
    title: str,
    request: Mapping[str, Any],
    *,
    files: Mapping[str, Path | None] | None = None,
    classes: Mapping[str, Sequence[tuple[str, Path]]] | None = None,
    names: Mapping[str, tuple[str, str | list[str] | None]] | None = None,
    settings: list[str] | None = None,
    form: Format = Format.table,
    no_wait: bool = False,
    timeout: float | None = None,
    dry_run: bool = False,
) -> None:
    """One operation from flags to printed result.

    ``request``: plain fields (None = leave to the service). ``files``: field → path, brought to the service.
    ``classes``: field → (name, path) of each of its files. ``names``: field → (kind, name, short id or digest).
    ``settings``: ``FIELD=VALUE`` of ``--set``.
    """
    with_session(
        lambda session: _operate(
            session,
            task,
            title,
            request,
            files or {},
            classes or {},
            names or {},
            settings or [],
            form,
            no_wait,
            timeout,
            dry_run,
        )
    )


async def _operate(
    session: Session,
    task: str,
    title: str,
    request: Mapping[str, Any],
    files: Mapping[str, Path | None],
    classes: Mapping[str, Sequence[tuple[str, Path]]],
    names: Mapping[str, tuple[str, str | list[str] | None]],
    settings: list[str],
    form: Format,
    no_wait: bool,
    timeout: float | None,
    dry_run: bool,
) -> None:
    from cislex_client.request_ids import fresh_request_id

    body = {key: value for key, value in request.items() if value is not None}
    for key, path in files.items():
        if path is not None:
            body[key] = await session.bring(path)
    for key, named in classes.items():
        if named:
            body[key] = [{"name": name, "file": await session.bring(path)} for name, path in named]
    for key, (kind, value) in names.items():
        if value:
            body[key] = resource(session.tenant, kind, value) if isinstance(value, str) else [
                resource(session.tenant, kind, item) for item in value
            ]  # fmt: skip
    body |= parse_settings(settings)
    view = await session.submit(task, body, request_id=fresh_request_id(), validate_only=dry_run)
    if dry_run:
        spec = json.loads(view.metadata.get("spec_json") or "{}")
        output.say(f"{task}: valid; nothing ran")
        output.emit_object(spec, Format.json if form is Format.name else form)
    elif no_wait:
        emit_operation(view, form)
    else:
        emit_result(await follow(session, view, title, timeout), form)


async def follow(session: Session, view: OperationView, title: str, timeout: float | None = None) -> OperationView:
    """Watch an operation with progress until it succeeded. Raises CommandError: its error, 124, 6 or 130."""
    from cislex_client.interrupts import CancelAsked, Detached, watch_interrupts
    from cislex_client.progress import Display

    display = Display()
    display.add(view.name, title)

    async def watch() -> OperationView:
        last = view
        display.operation(view.name, view)
        if not view.done:
            async for last in session.watch(view.name, timeout):
                display.operation(view.name, last)
        return last

    try:
        with display:
            last = await watch_interrupts(watch(), lambda: say_detached(display.message, [view.name]))
    except Detached:
        raise typer.Exit(DETACHED) from None
    except CancelAsked:
        last = await cancel_and_wait(session, view.name)
        if last.succeeded:
            output.say(f"{view.name} had finished before it could be cancelled")
            return last
    display.finish(
        view.name,
        "succeeded" if last.succeeded else "cancelled" if last.state == "cancelled" else "failed",
        "from the cache" if last.cache_hit else "",
    )
    if last.error is not None:
        last.error.where = " · ".join(part for part in (view.name, last.error.where) if part)
        raise last.error
    return last


def say_detached(say: Callable[[str], None], names: list[str], again: str = "") -> None:
    """What the first ctrl-C says."""
    say("")
    say("Detached: the work goes on on the server. Press ctrl-C again now to cancel it instead.")
    for name in names:
        say(f"  come back:  cislex op wait {name}")
    if again:
        say(f"  go on:      {again}")


async def cancel_and_wait(session: Session, name: str, wait_s: float = 30.0) -> OperationView:
    """Ask to cancel and wait for the end. Raises CommandError (exit 6) when the server is slow to stop."""
    await session.cancel(name)
    output.say(f"asked to cancel {name} …")
    try:
        return await session.wait(name, wait_s)
    except CommandError as error:
        raise CommandError(
            f"{name} is being cancelled", code=CANCELLED, reason="CANCELLED", remedy=f"cislex op get {name}"
        ) from error


def resource(tenant: str, kind: str, text: str) -> str:
    """A resource name from a name, a full digest or the 16 digits of a short id; ``kind`` "" takes no short ids."""
    if text.startswith("tenants/") or len(text) == 64 or not kind:
        return text
    if "/" in text:
        return f"tenants/{tenant}/{text}"
    if len(text) == 16 and set(text) <= set("0123456789abcdef"):
        return f"tenants/{tenant}/{PLURAL[kind]}/{text}"
    raise UsageError(
        f"{text!r} is no name of {kind}",
        remedy=f"give tenants/…/{PLURAL[kind]}/…, the 16 hex digits at its end, or a digest; cislex artifact ls lists",
    )


def parse_settings(settings: list[str]) -> dict[str, Any]:
    """``["a=1", "b=x"]`` → ``{"a": 1, "b": "x"}``. Raises UsageError for one without ``=``."""
    out = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {text!r}: write FIELD=VALUE")
        try:
            out[key] = json.loads(value)
        except ValueError:
            out[key] = value
    return out


def named_files(texts: Sequence[str] | None, flag: str) -> list[tuple[str, Path]]:
    """``["CTCF=ctcf.fa", …]`` as (name, path). Raises UsageError for one without a name, or a name given twice."""
    found: dict[str, Path] = {}
    for text in texts or []:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise UsageError(f"{flag} {text!r}: write NAME=FILE", remedy=f"for instance {flag} CTCF=ctcf.fa.gz")
        if name in found:
            raise UsageError(f"{flag} names {name} twice", remedy="join its files, or give another name")
        found[name] = Path(path)
    return list(found.items())


def motif_database(text: str, file_field: str) -> tuple[dict[str, Any], dict[str, Path]]:
    """``--motif-db`` as (fields, files): a path when it looks like one or exists, else a release by name."""
    if "/" in text or Path(text).suffix in (".meme", ".gz", ".txt", ".motif", ".jaspar") or Path(text).is_file():
        return {}, {file_field: Path(text)}
    return {"database": text}, {}


def keyed(options: Sequence[str] | None, flag: str) -> dict[str, Any]:
    """``["units=300"]`` as a map. Raises UsageError for one without ``=``."""
    found = {}
    for text in options or []:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise UsageError(f"{flag} {text!r}: write NAME=VALUE")
        found[key] = value
    return found


def split_list(text: str) -> list[str]:
    """``"6, 7"`` → ``["6", "7"]``."""
    return [part.strip() for part in text.split(",") if part.strip()]


def emit_result(view: OperationView, form: Format) -> None:
    """Print the result of an operation: its resource."""
    output.emit_object(view.resource if form is not Format.json else view.as_json()["response"], form)


def emit_operation(view: OperationView, form: Format) -> None:
    """Print an operation."""
    output.emit_object(view.as_json() if form is Format.json else view.as_row(), form)
