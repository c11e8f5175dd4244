"""The glossary: every number of the report leads here, to what it is and how it is computed (assets/glossary.txt)."""

from __future__ import annotations

from importlib import resources

from cislex_client.report.panels.base import Section


def entries() -> list[tuple[str, str, str]]:
    """(key, word, HTML) in the order of the file, which is that in which the report meets them."""
    text = resources.files("cislex_client.report").joinpath("assets", "glossary.txt").read_text(encoding="utf-8")
    found = []
    for block in text.split("\n\n"):
        head, _, body = block.strip().partition("\n")
        if not head.startswith("#"):
            key, _, word = head.partition(": ")
            found.append((key, word, " ".join(body.split())))
    return found


def panel() -> Section:
    """The section."""
    items = "".join(f'<div id="g-{key}"><dt>{word}</dt><dd>{html}</dd></div>' for key, word, html in entries())
    return Section("glossary", "Glossary: what each number is", "Glossary", f'<dl class="glossary">{items}</dl>')
