"""The sets that a dataset's sequences belong to, in the order and colours in which every panel shows them."""

from __future__ import annotations

from cislex_client.report.results import Results

SERIES = 8
NO_SET = "all"
"""Name of the one set of a dataset whose rows belong to no class (multi-label and regression targets)."""


def set_names(results: Results) -> list[str]:
    """WT and KO first where these are the classes; else the classes in the dataset's order; ``all`` without classes."""
    classes = [str(entry.get("name")) for entry in results.summary("dataset").get("classes") or []]
    if not classes:
        table = results.table("dataset.tsv")
        classes = sorted({str(name) for name in table.get("set") if name}) if table else []
    if not classes:
        return ["WT", "KO"] if not results.summary("dataset").get("tasks") else [NO_SET]
    return ["WT", "KO"] if set(classes) <= {"WT", "KO"} else classes


def fill(name: str, names: list[str]) -> str:
    """CSS class of a set's filled shapes and legend swatch."""
    if name in ("WT", "KO"):
        return f"fill-{name.lower()}"
    return f"series-{names.index(name) % SERIES}" if name in names else "area"


def set_of(value: object) -> str:
    """The set that a cell of a table names."""
    return str(value) if value else NO_SET
