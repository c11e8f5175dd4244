"""Listing and showing results of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cislex_client import output
from cislex_client.commands import common
from cislex_client.exit_codes import NOT_FOUND, CommandError
from cislex_client.output import Format, bytes_text

if TYPE_CHECKING:
    from cislex_client.session import Session

Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most this many.")]
Name = Annotated[str, typer.Argument(help="Resource name, the 16 hex digits at its end, or a sha256.")]


def ls(kind: str, limit: int, form: Format) -> None:
    """Results of a kind ("" = all), newest first."""

    async def work(session: Session) -> list[dict[str, Any]]:
        return await session.list_artifacts(kind, limit)

    rows = [
        {
            "name": entry["name"],
            "kind": entry["kind"],
            "sha256": entry["artifact"]["sha256"],
            "size": bytes_text(entry["artifact"].get("size_bytes", 0)),
            "size_bytes": entry["artifact"].get("size_bytes", 0),
            "created": entry["create_time"],
        }
        for entry in common.with_session(work)
    ]
    output.emit_rows(rows, ["name", "kind", "size", "created"], form)


def show(kind: str, text: str, form: Format) -> None:
    """One result: the summary of its manifest, its files and what it was made from."""

    async def work(session: Session) -> dict[str, Any]:
        return await describe(session, kind, text)

    value = common.with_session(work)
    if form is Format.table:
        value = {"name": value["name"], "sha256": value["sha256"], **value["summary"], "files": value["files"]}
    output.emit_object(value, form)


async def describe(session: Session, kind: str, text: str) -> dict[str, Any]:
    """Name, digest, manifest facts and files of a result. Raises CommandError (exit 3) when there is none."""
    import json

    name = common.resource(session.tenant, kind, text)
    digest = name if len(name) == 64 else await digest_of(session, name, kind)
    facts = await session.stat(digest)
    if kind and facts.kind and facts.kind != kind:
        raise CommandError(f"{text} is of kind {facts.kind}, not {kind}", code=NOT_FOUND, reason="ARTIFACT_KIND")
    manifest = json.loads(await session.read_small(digest, "manifest.json"))
    return {
        "name": name,
        "sha256": digest,
        "kind": facts.kind,
        "summary": manifest["summary"],
        "spec": manifest["spec"],
        "inputs": manifest["inputs"],
        "genome_digest": manifest["genome_digest"],
        "seeds": manifest["seeds"],
        "tools": manifest["tools"],
        "code_version": manifest["code_version"],
        "files": [{"path": f.path, "size_bytes": f.size_bytes, "sha256": f.sha256} for f in facts.files],
    }


async def digest_of(session: Session, name: str, kind: str = "") -> str:
    """The full digest behind a resource name. Raises CommandError (exit 3)."""
    for entry in await session.list_artifacts(kind, 0):
        if entry["name"] == name:
            return str(entry["artifact"]["sha256"])
    raise CommandError(f"no result {name}", code=NOT_FOUND, reason="NOT_FOUND", remedy="cislex artifact ls lists them")
