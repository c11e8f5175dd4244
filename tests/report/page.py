"""A report as a test reads it: its elements' ids, links and text, checked to be whole."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "link", "input", "br"}


class Page(HTMLParser):
    """Ids, references and the balance of tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: list[str] = []
        self.refs: list[str] = []
        self.outside: list[str] = []
        self.labels: list[str] = []
        self.stack: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        for name in ("href", "src", "srcset", "action", "data"):
            value = values.get(name)
            if value and value.startswith("#"):
                self.refs.append(value[1:])
            elif value and not value.startswith("data:"):
                self.outside.append(value)
        self.labels += str(values.get("aria-labelledby") or "").split()
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.stack[-1:] == [tag], f"</{tag}> closes {self.stack[-3:]}"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if not self.stack or self.stack[-1] not in ("script", "style"):
            self.text.append(data)


def read(path: Path) -> tuple[str, Page]:
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    page.close()
    return text, page


def words(page: Page) -> str:
    return " ".join(" ".join(page.text).split())


def check(page: Page) -> None:
    """What holds for every report, however little the folder has."""
    assert page.stack == []
    repeated = [id for id, n in Counter(page.ids).items() if n > 1]
    assert not repeated
    assert not set(page.refs) - set(page.ids), "links that lead nowhere"
    assert not set(page.labels) - set(page.ids), "labels that do not exist"
    assert page.outside == []
