"""Panel 12: how it was done and with what, so that it can be repeated."""

from __future__ import annotations

import json
import shlex
from typing import Any

from cislex_client.report.panels.base import Section, details, missing
from cislex_client.report.results import Results, number
from cislex_client.report.tables import Cell, Column, number_cell, table, text_cell
from cislex_client.report.text import count, duration, esc, size


def panel(results: Results) -> Section:
    """The section."""
    title, nav = "Methods and provenance", "Methods"
    run = results.run
    if not run:
        return Section(
            "methods", title, nav, missing("tab-steps", "How the run was made", results.why_missing("run.json"))
        )
    parts = [
        _facts(results),
        _command(run),
        _notes(run),
        _inputs(run),
        _steps(results),
        _warnings(run),
        _options(run),
        _card(results),
    ]
    return Section("methods", title, nav, "".join(parts))


def _facts(results: Results) -> str:
    run = results.run
    host, context = run.get("host") or {}, run.get("context") or {}
    training, parity = results.json("training.json"), results.json("parity.json")
    dataset = results.summary("dataset")
    spec = training.get("spec") if isinstance(training.get("spec"), dict) else {}
    seeds = (spec or {}).get("seeds") or (run.get("options") or {}).get("seeds")
    rows = [
        ("cislex", esc(run.get("cislex_version"))),
        ("Server", esc(" ".join(str(context[k]) for k in ("name", "server_version") if context.get(k)))),
        ("Run", esc(_when(run.get("created"))) + f", {duration(number(run.get('seconds')))}"),
        (
            "Host",
            esc(
                ", ".join(f"{label}{host[k]}" for k, label in (("platform", ""), ("python", "Python ")) if host.get(k))
            ),
        ),
        ("Genome digest", _code(dataset.get("genome_digest") or dataset.get("genomeDigest"))),
        ("Seeds", esc(", ".join(map(str, seeds)) if isinstance(seeds, list) else seeds)),
        ("Motif database", esc(results.summary("compare").get("database"))),
        ("ONNX parity", _parity(parity)),
    ]
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in rows if value)
    return f'<dl class="facts">{items}</dl>'


def _when(value: Any) -> str:
    """RFC 3339 as people write it, without fractions of a second."""
    return str(value or "").replace("T", " ").split(".")[0].removesuffix("Z").split("+")[0] + " UTC" if value else ""


def _code(value: Any) -> str:
    return f"<code>{esc(value)}</code>" if value else ""


def _parity(parity: dict[str, Any]) -> str:
    for key in ("max_abs_difference", "max_abs_diff", "max_difference"):
        if number(parity.get(key)) >= 0:
            return f"largest difference from the trained model {number(parity[key]):.1e}"
    return ""


def _command(run: dict[str, Any]) -> str:
    command = run.get("command")
    if not command:
        return ""
    line = str(command)
    if isinstance(command, list):
        # One option a line, joined so that it can be pasted into a shell.
        breaks = [" \\\n  " if str(word).startswith("--") else " " for word in command]
        line = "".join(b + shlex.quote(str(word)) for b, word in zip(breaks, command, strict=True)).strip()
    return (
        "<h3>Repeat this run</h3><p>The same command on inputs with "
        "the same digests gives the same results; a server that "
        f'still holds them answers from its cache.</p><pre class="command" tabindex="0"><code>{esc(line)}</code></pre>'
    )


def _notes(run: dict[str, Any]) -> str:
    notes = run.get("notes") or []
    items = "".join(f"<li>{esc(note)}</li>" for note in notes)
    return f"<h3>Notes</h3><ul>{items}</ul>" if items else ""


def _inputs(run: dict[str, Any]) -> str:
    lines = []
    for role, entry in (run.get("inputs") or {}).items():
        if isinstance(entry, dict):
            lines.append(
                [
                    text_cell(role),
                    Cell(f"<code>{esc(entry.get('path'))}</code>", entry.get("path")),
                    number_cell(number(entry.get("size_bytes")), size(entry.get("size_bytes"))),
                    Cell(f'<code class="digest">{esc(entry.get("sha256"))}</code>', entry.get("sha256")),
                ]
            )
    if not lines:
        return ""
    columns = [Column("Role"), Column("File"), Column("Size", True), Column("SHA-256")]
    return table("tab-inputs", "Inputs", columns, lines, sortable=False)


def _steps(results: Results) -> str:
    lines = []
    for step in results.run.get("steps") or []:
        artifact = (
            step.get("artifact") or (step.get("resource") or {}).get("artifact") if isinstance(step, dict) else {}
        )
        digest = str((artifact or {}).get("sha256") or "")
        status = str(step.get("status") or "") + (", from the cache" if step.get("cache_hit") else "")
        note = f'<span class="also">{esc(step.get("note"))}</span>' if step.get("note") else ""
        lines.append(
            [
                Cell(
                    f'{esc(step.get("title") or step.get("id"))} <span class="also">{esc(step.get("task"))}</span>',
                    step.get("title"),
                ),
                Cell(esc(status) + note, status),
                number_cell(number(step.get("seconds")), duration(number(step.get("seconds")))),
                Cell(
                    f'<code class="digest" title="{esc(digest)}">{esc(digest[:16])}</code>' if digest else "–", digest
                ),
            ]
        )
    columns = [Column("Step"), Column("Status"), Column("Time", True), Column("Artifact")]
    return table(
        "tab-steps",
        "Steps",
        columns,
        lines,
        sortable=False,
        whole=True,
        note="Whole digests and requests: <code>run.json</code>.",
    )


def _warnings(run: dict[str, Any]) -> str:
    items = [
        f"<li><strong>{esc(step.get('title') or step.get('id'))}:</strong> "
        f"{esc(w.get('message') if isinstance(w, dict) else w)}</li>"
        for step in run.get("steps") or []
        for w in step.get("warnings") or []
    ]
    return f"<h3>Warnings of the steps</h3><ul>{''.join(items)}</ul>" if items else ""


def _options(run: dict[str, Any]) -> str:
    options = run.get("options") or {}
    lines = [
        [Cell(f"<code>{esc(k)}</code>", k), Cell(f"<code>{esc(_plain(v))}</code>", _plain(v))]
        for k, v in options.items()
    ]
    if not lines:
        return ""
    body = table(
        "tab-options", "Options with the values used", [Column("Option"), Column("Value")], lines, sortable=False
    )
    return details(f"All {count(len(lines))} options", body)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _card(results: Results) -> str:
    path = results.folder / "model_card.md"
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")[:20_000]
    return details("Model card", f'<pre class="card-text" tabindex="0">{esc(text)}</pre>')
