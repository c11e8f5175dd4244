"""cislex artifact: bytes in and out of the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cislex_client import output as out
from cislex_client.commands import common, listing
from cislex_client.exit_codes import UsageError
from cislex_client.output import Format

if TYPE_CHECKING:
    from cislex_client.session import Session

app = typer.Typer(name="artifact", help="Move inputs in and results out.", no_args_is_help=True)


@app.command("push")
def push(
    file: Annotated[Path, typer.Argument(help="A file to upload.")], output: common.OutputOption = Format.table
) -> None:
    """Upload a file; prints its sha256. What the store holds already is not sent again."""

    async def work(session: Session) -> dict[str, Any]:
        from cislex_client.session import readable

        path = readable(file)
        digest = session.digest(path)
        await session.upload(path, digest)
        return {"name": digest, "size_bytes": path.stat().st_size}

    out.emit_object(common.with_session(work), output)


@app.command("pull")
def pull(
    name: listing.Name,
    to: Annotated[Path, typer.Option("--out", help="Folder to make (a file for a plain file).")],
    output: common.OutputOption = Format.table,
) -> None:
    """Download a result, verified against its digest."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} exists", remedy="choose another --out")

    async def work(session: Session) -> dict[str, Any]:
        digest = (
            name if len(name) == 64 else await listing.digest_of(session, common.resource(session.tenant, "", name))
        )
        facts = await session.stat(digest)
        await session.pull(digest, to)
        return {"name": str(to), "kind": facts.kind or "file", "sha256": digest}

    out.emit_object(common.with_session(work), output)


@app.command("stat")
def stat(name: listing.Name, output: common.OutputOption = Format.table) -> None:
    """Show what a digest or name stands for."""

    async def work(session: Session) -> dict[str, Any]:
        digest = (
            name if len(name) == 64 else await listing.digest_of(session, common.resource(session.tenant, "", name))
        )
        facts = await session.stat(digest)
        files = [{"path": f.path, "size_bytes": f.size_bytes, "sha256": f.sha256} for f in facts.files]
        return {"name": digest, "kind": facts.kind or "file", "size_bytes": facts.artifact.size_bytes, "files": files}

    out.emit_object(common.with_session(work), output)


@app.command("ls")
def ls(
    kind: Annotated[str, typer.Option(help="Only this kind: dataset, model, kmers, …")] = "",
    output: common.OutputOption = Format.table,
    limit: listing.Limit = 50,
) -> None:
    """List results of every kind, newest first."""
    listing.ls(kind, limit, output)


@app.command("gc")
def collect(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    output: common.OutputOption = Format.table,
) -> None:
    """Remove from the server's store what nothing refers to any more. The server does so daily; for administrators."""

    async def work(session: Session) -> dict[str, Any]:
        done = await session.collect_garbage(dry_run)
        return {
            "name": "would be removed" if dry_run else "removed",
            "artifacts": done.n_artifacts,
            "files": done.n_files,
            "freed_bytes": done.freed_bytes,
            "temporaries": done.n_temporaries,
            "operations": done.n_operations,
        }

    out.emit_object(common.with_session(work), output)
