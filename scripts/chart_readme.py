"""The table of values in charts/cislex/README.md, from the comments ``# --`` of values.yaml.

    python scripts/chart_readme.py            print it
    python scripts/chart_readme.py --write    put it between the marks in the README

A test fails when the README differs, and when a value has no comment.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

CHART = Path(__file__).resolve().parents[1] / "charts" / "cislex"
README = CHART / "README.md"


@dataclass(frozen=True)
class Value:
    """One documented value: ``key`` is its path with dots; a map with a comment of its own counts as one value."""

    key: str
    default: str
    text: str


def values(source: str) -> Iterator[Value]:
    """All values of a values.yaml, in its order; ``text`` is empty where the comment is missing."""
    root = yaml.compose(source)
    assert isinstance(root, yaml.MappingNode)
    yield from _walk(root, "", source.splitlines())


def _walk(node: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        name, text = f"{prefix}{key.value}", _comment(lines, key.start_mark.line)
        if isinstance(value, yaml.MappingNode) and value.value and not text:
            yield from _walk(value, f"{name}.", lines)
        else:
            yield Value(name, json.dumps(_plain(value), ensure_ascii=False), text)


def _plain(node: yaml.Node) -> object:
    return yaml.safe_load(yaml.serialize(node))


def _comment(lines: list[str], line: int) -> str:
    """The comment directly above a line, from its ``# --`` on; "" when there is none."""
    found: list[str] = []
    for above in reversed(lines[:line]):
        stripped = above.strip()
        if not stripped.startswith("#"):
            break
        found.insert(0, stripped.removeprefix("#").strip())
        if stripped.startswith("# --"):
            return " ".join(found).removeprefix("--").strip()
    return ""


def table(source: str) -> str:
    """The Markdown table."""
    rows = ["| value | default | meaning |", "|---|---|---|"]
    for value in values(source):
        default = value.default if len(value.default) <= 60 else "see values.yaml"
        rows.append(f"| `{value.key}` | {_cell(default)} | {value.text.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def _cell(text: str) -> str:
    return text if text.startswith("see ") else f"`{text}`"


def filled(readme: str, source: str) -> str:
    """The README with its table brought up to date."""
    pattern = r"(<!-- values: begin -->\n).*?(<!-- values: end -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{table(source)}\n{match[2]}", readme, flags=re.DOTALL)


if __name__ == "__main__":
    of_chart = (CHART / "values.yaml").read_text()
    if "--write" in sys.argv:
        README.write_text(filled(README.read_text(), of_chart))
    else:
        print(table(of_chart))
