"""report.html of TF-MoDISco: one page without links outside, each pattern with its logos and the factors it
resembles."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislex_core.motif_databases import open_database, packaged_releases

from cislex_motif.compare_specs import DEFAULT_DATABASE
from cislex_motif.statistics import benjamini_hochberg
from cislex_motif.tomtom import align_all

if TYPE_CHECKING:
    from cislex_motif.modisco import Pattern

_STYLE = """body{font:15px/1.4 system-ui,sans-serif;margin:2em;color:#222;background:#fff}
table{border-collapse:collapse}
td,th{padding:.5em .8em;border-bottom:1px solid #ddd;text-align:left;vertical-align:middle}
img{width:260px;display:block}
code{font-size:1.05em}
.muted{color:#666}"""
_NAMES = 3
_HEAD = ("motif", "seqlets", "consensus", "contributions", "reverse", "resembles")


def write_report(path: Path, patterns: Sequence[Pattern], logos: Path, database: str, result: dict[str, Any]) -> None:
    """Write the page. Names: Tomtom's method (Euclidean distance), q over the release's motifs."""
    names, release = _names(patterns, database)
    rows = [_row(pattern, logos, names[i] if names else []) for i, pattern in enumerate(patterns)]
    known = f"Names: {html.escape(release)}; q over its motifs." if release else "No known motifs are packaged."
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    body = "".join(rows) or f"<tr><td colspan={len(_HEAD)}>No pattern was found.</td></tr>"
    path.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>TF-MoDISco</title><style>{_STYLE}</style>"
        f"<h1>TF-MoDISco</h1><p>{result['n_positive']} positive and {result['n_negative']} negative seqlets; "
        f"{len(patterns)} patterns. Logos show the mean contribution of each base. {known}</p>"
        f"<table><tr>{head}</tr>{body}</table></html>\n"
    )


def _row(pattern: Pattern, logos: Path, names: list[str]) -> str:
    motif = pattern.motif
    cells = [
        motif.id,
        f"{len(pattern.start)}",
        f"<code>{html.escape(motif.consensus())}</code><br><span class=muted>{motif.information_bits:.1f} bits</span>",
        _image(logos / f"{pattern.source}.cwm.fwd.png", f"{motif.id} as it is"),
        _image(logos / f"{pattern.source}.cwm.rev.png", f"{motif.id} reversed"),
        "<br>".join(names) or "<span class=muted>–</span>",
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _image(path: Path, alt: str) -> str:
    if not path.exists():
        return ""
    return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}">'


def _names(patterns: Sequence[Pattern], database: str) -> tuple[list[list[str]], str]:
    """For each pattern its best names with q, and the release; nothing where none is packaged."""
    if not patterns or not packaged_releases():
        return [], ""
    known = open_database(database or DEFAULT_DATABASE)
    aligned = align_all([pattern.motif for pattern in patterns], known.motifs)
    named = []
    for p in aligned.pvalue:
        q = benjamini_hochberg(p).reshape(-1)
        best = p.argsort(kind="stable")[:_NAMES]
        named.append([f"{html.escape(known.motifs[i].label)} <span class=muted>q {q[i]:.2g}</span>" for i in best])
    return named, known.release
