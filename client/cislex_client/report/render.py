"""Make report.html: read the folder, draw every panel, fill the template, write in one step."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template

from cislex_client.report import glyphs
from cislex_client.report.panels import (
    comparison,
    data,
    denovo,
    enrichment,
    families,
    filters,
    glossary,
    honesty,
    importance,
    kmers,
    methods,
    motifs,
    network_summary,
    performance,
    planted,
    projection,
    saliency,
    summary,
    tasks,
    training,
    units,
    weights,
)
from cislex_client.report.panels.base import Section, callout
from cislex_client.report.results import Results
from cislex_client.report.sets import set_names
from cislex_client.report.text import esc

WTKO = (
    summary, data, training, performance, honesty, saliency, motifs, filters, families, enrichment, kmers, planted,
    methods,
)  # fmt: skip
EXPLAINN = (network_summary, data, training, tasks, units, families, weights, importance, projection, denovo, methods)
COMPARE = (network_summary, comparison, data, methods)
PANELS = {"wtko": WTKO, "demo": WTKO, "explainn": EXPLAINN, "compare": COMPARE}
TITLES = {
    "wtko": "WTKO-CNN analysis of two peak sets",
    "demo": "WTKO-CNN analysis of two peak sets",
    "explainn": "ExplaiNN: a network that adds up motifs",
    "compare": "Architectures side by side",
}


def render(result_dir: Path) -> Path:
    """Write ``result_dir/report.html`` from the other files of the folder and answer its path.

    Reads nothing outside the folder and needs no network. A missing or damaged file becomes a note in its panel; only a
    folder that does not exist raises (FileNotFoundError).
    """
    folder = Path(result_dir)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; give the result folder of a run")
    path = folder / "report.html"
    handle, staged = tempfile.mkstemp(dir=folder, prefix=".report-", suffix=".html")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(page(Results(folder)))
    # mkstemp makes files for their owner only; a report is to be shared like the files beside it.
    os.chmod(staged, 0o644)
    os.replace(staged, path)
    return path


def page(results: Results) -> str:
    """The whole document as text."""
    panels = PANELS.get(str(results.run.get("pipeline")), WTKO)
    sections = [section for module in panels if (section := module.panel(results)) is not None]
    sections.append(glossary.panel())
    title = _title(results)
    return Template(_asset("report.html")).substitute(
        title=esc(title),
        css=_asset("report.css"),
        js=_asset("report.js"),
        defs=glyphs.defs(),
        nav="".join(
            f'<li><a href="#{s.id}"><span>{i}</span>{esc(s.nav)}</a></li>' for i, s in enumerate(sections, start=1)
        ),
        damaged=_damaged(results),
        sections="".join(_section(i, section) for i, section in enumerate(sections, start=1)),
        subtitle=_subtitle(results),
        version=esc(results.run.get("cislex_version") or ""),
    )


def _section(number: int, section: Section) -> str:
    return (
        f'<section id="{section.id}" aria-labelledby="{section.id}-h"><h2 '
        f'id="{section.id}-h"><span class="no">{number}</span>'
        f"{esc(section.title)}</h2>{section.html}</section>"
    )


def _damaged(results: Results) -> str:
    """What could not be read, known once every panel has tried."""
    if not results.damaged:
        return ""
    items = "".join(
        f"<li><code>{esc(name)}</code> cannot be read: {esc(why)}</li>" for name, why in results.damaged.items()
    )
    return callout(f"<strong>Damaged files in the result folder.</strong><ul>{items}</ul>", "warn")


def _title(results: Results) -> str:
    names = []
    for role in ("wt", "ko"):
        inputs = results.run.get("inputs") or {}
        entry = inputs.get(role) or inputs.get(f"{role}_fasta") or {}
        name = Path(str(entry.get("path") or "")).name if isinstance(entry, dict) else ""
        names.append(name.split(".")[0])
    if results.run.get("pipeline") == "demo":
        return "WT against KO: demonstration on simulated peaks"
    if all(names):
        return f"WT against KO: {names[0]} and {names[1]}"
    if results.run.get("pipeline") in ("explainn", "compare"):
        return f"{TITLES[str(results.run['pipeline'])].split(':')[0]}: {', '.join(set_names(results)[:6])}"
    return "WT against KO: what tells the sequences apart"


def _subtitle(results: Results) -> str:
    finished = str(results.run.get("finished") or results.run.get("created") or "")
    try:
        when = datetime.fromisoformat(finished.replace("Z", "+00:00")).astimezone(UTC).strftime("%-d %B %Y, %H:%M UTC")
    except ValueError:
        when = finished
    version = results.run.get("cislex_version")
    what = TITLES.get(str(results.run.get("pipeline")), TITLES["wtko"])
    parts = [what, f"cislex {version}" if version else "", when]
    return " · ".join(esc(part) for part in parts if part)


def _asset(name: str) -> str:
    return resources.files("cislex_client.report").joinpath("assets", name).read_text(encoding="utf-8")
