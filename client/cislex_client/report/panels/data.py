"""Panel 2: the sequences, where they come from, what was dropped and why."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cislex_client.report import svg
from cislex_client.report.panels.base import Section, callout, details, figure, grid, legend, missing
from cislex_client.report.panels.composition import composition
from cislex_client.report.results import Results, number
from cislex_client.report.sets import fill, set_names, set_of
from cislex_client.report.tables import Cell, Column, number_cell, table, term, text_cell
from cislex_client.report.text import count, esc, listing, percent, plural, shorten

SPLITS = ("train", "validation", "test")

# What each reason of the drop ledger means, for people. Reasons not listed are shown by their own name.
REASONS = {
    "kept": "used",
    "contig_unknown": "its chromosome is not in the genome file",
    "out_of_bounds": "the window reaches past the end of the chromosome",
    "too_many_n": "too many unknown bases (N)",
    "duplicate": "the same window occurs before",
    "blacklisted": "overlaps the blacklist",
    "balanced_away": "left out at random so that both classes have the same size",
    "label_conflict": "overlaps a peak of the other class",
    "over_limit": "left out at random because more sequences were given than asked for",
    "not_in_split": "its chromosome belongs to no split",
}


def panel(results: Results) -> Section:
    """The section."""
    table_ = results.table("dataset.tsv")
    parts = [_source(results)]
    if table_ is None:
        parts.append(missing("fig-splits", "Sequences per class and split", results.why_missing("dataset.tsv")))
    else:
        sets = [set_of(value) for value in table_.get("set")]
        rows = list(zip(table_.get("split"), sets, table_.get("chrom"), strict=True))
        names = set_names(results)
        drawn = [_splits(Counter((split, set_) for split, set_, _ in rows), names), _dropped_figure(results)]
        parts.append(grid([*drawn, composition(results)]))
        parts.append(details("Counts per chromosome", _chromosomes(rows, names), open_=False))
    if table_ is None:
        parts.append(_dropped_figure(results))
    parts += [_dropped_table(results), _preflight(results)]
    return Section("data", "Data: what went in, what was left out", "Data", "".join(parts))


def _source(results: Results) -> str:
    bits = []
    window = results.summary("dataset").get("window_bp") or (results.run.get("options") or {}).get("window_bp")
    if window:
        bits.append(f"Each sequence is a window of {count(number(window))} bp about the peak's summit or centre.")
    definition = results.request("label").get("definition") or results.summary("label").get("definition")
    if definition:
        meaning = {
            "unchanged": "“WT” here means peaks <em>unchanged</em> by the "
            "knock-out, not peaks specific to the wild type",
            "specific": "“WT” here means peaks that lose accessibility in the knock-out (WT-specific)",
        }.get(str(definition).lower().rsplit("_", 1)[-1], f"labels follow the definition “{esc(definition)}”")
        bits.append(f"<strong>{meaning}.</strong>")
    by = results.summary("dataset").get("split_by") or "chromosome"
    if by == "chromosome":
        bits.append(
            "Training, validation and test sequences come from different chromosomes, so that nothing near a training "
            "sequence is ever tested."
        )
    else:
        bits.append(
            "Training, validation and test sequences were not split by chromosome "
            f"({esc(by)}): related sequences may lie on both sides, so accuracy is optimistic."
        )
    return "<p>" + " ".join(bits) + "</p>"


def _splits(counts: Counter[tuple[Any, Any]], names: list[str]) -> str:
    splits = [split for split in SPLITS if any(key[0] == split for key in counts)]
    splits += sorted({str(key[0]) for key in counts} - set(SPLITS))
    most = max(counts.values(), default=1)
    width, left, row = 430.0, 78.0, 12.0 + 17.0 * len(names)
    height = 10 + row * max(1, len(splits))
    body = []
    for i, split in enumerate(splits):
        y = 8 + i * row
        body.append(svg.text(left - 10, y + 3 + 8.5 * len(names), shorten(split, 12), "end", "name"))
        for j, side in enumerate(names):
            n = counts[(split, side)]
            w = (width - left - 70) * n / most
            body.append(svg.rect(left, y + j * 17, w, 14, fill(side, names), 2))
            body.append(svg.text(left + w + 6, y + j * 17 + 11, f"{shorten(side, 12)} {count(n)}", cls="value"))
    drawing = svg.document(
        "fig-splits-svg",
        width,
        height,
        "".join(body),
        "Sequences per split and class",
        "; ".join(f"{split}: " + ", ".join(f"{counts[(split, name)]} {name}" for name in names) for split in splits),
    )
    return figure(
        "fig-splits",
        drawing,
        "Sequences used, per split and class.",
        legend=legend([(fill(name, names), name) for name in names]),
    )


def _chromosomes(rows: list[tuple[Any, Any, Any]], names: list[str]) -> str:
    per: dict[str, Counter[Any]] = {}
    split_of: dict[str, set[str]] = {}
    for split, set_, chrom in rows:
        name = chrom or "(none named)"
        per.setdefault(name, Counter())[set_] += 1
        split_of.setdefault(name, set()).add(str(split))
    lines = [
        [
            text_cell(chrom),
            text_cell(", ".join(sorted(split_of[chrom]))),
            *(number_cell(per[chrom][name]) for name in names),
        ]
        for chrom in sorted(per, key=_natural)
    ]
    columns = [Column("Chromosome"), Column("Split"), *(Column(esc(name), True) for name in names)]
    return table("tab-chroms", "Sequences per chromosome", columns, lines, filter_label="Filter chromosomes")


def _natural(name: str) -> tuple[Any, ...]:
    digits = "".join(c for c in name if c.isdigit())
    return (0, int(digits), name) if digits else (1, 0, name)


def _statuses(results: Results) -> Counter[tuple[str, str]]:
    ledger = results.table("drops.tsv")
    if ledger is None:
        return Counter()
    return Counter(
        (str(status or "unknown"), set_of(set_))
        for status, set_ in zip(ledger.get("status"), ledger.get("set"), strict=True)
    )


def _dropped_figure(results: Results) -> str:
    counts = _statuses(results)
    if not counts:
        return missing("fig-drops", "What was dropped", results.why_missing("drops.tsv") or "The drop ledger is empty.")
    statuses = _ordered(counts)
    names = [name for name in set_names(results) if any(counts[(s, name)] for s in statuses)] or [""]
    totals = Counter[str]()
    for (status, _), n in counts.items():
        totals[status] += n
    most = max(totals.values()) or 1
    width, left, row = 430.0, 120.0, 26.0
    body = []
    for i, status in enumerate(statuses):
        y = 8 + i * row
        body.append(svg.text(left - 10, y + 12, shorten(status.replace("_", " "), 18), "end", "name", title=status))
        x = left
        for side in names:
            w = (width - left - 60) * counts[(status, side)] / most
            body.append(svg.rect(x, y, w, 16, fill(side, names), title=f"{side} {counts[(status, side)]}"))
            x += w
        body.append(svg.text(x + 6, y + 12, count(totals[status]), cls="value"))
    drawing = svg.document(
        "fig-drops-svg",
        width,
        12 + row * len(statuses),
        "".join(body),
        "What became of the input rows",
        "; ".join(f"{s}: " + ", ".join(f"{counts[(s, name)]} {name}" for name in names) for s in statuses),
    )
    return figure(
        "fig-drops",
        drawing,
        "What became of every input row (the drop ledger).",
        legend=legend([(fill(name, names), name) for name in names]),
    )


def _ordered(counts: Counter[tuple[str, str]]) -> list[str]:
    totals: Counter[str] = Counter()
    for (status, _), n in counts.items():
        totals[status] += n
    return sorted(totals, key=lambda status: (status != "kept", -totals[status], status))


def _dropped_table(results: Results) -> str:
    counts = _statuses(results)
    if not counts:
        return ""
    total = sum(counts.values())
    names = [name for name in set_names(results) if any(counts[(s, name)] for s, _ in counts)]
    lines = []
    for status in _ordered(counts):
        n = sum(v for (s, _), v in counts.items() if s == status)
        lines.append(
            [
                Cell(f"<code>{esc(status)}</code>", status),
                text_cell(REASONS.get(status, "see detail in drops.tsv")),
                *(number_cell(counts[(status, name)]) for name in names),
                number_cell(n / total, percent(n / total, 1)),
            ]
        )
    per_set = [Column(esc(name), True) for name in names]
    columns = [Column("Status"), Column("Meaning"), *per_set, Column("Share", True)]
    return table(
        "tab-drops",
        f"All {plural(total, 'input row')}, by what became of them ({term('ledger', 'drop ledger')})",
        columns,
        lines,
        note="Every single row with its reason: <code>drops.tsv</code>.",
    )


def _preflight(results: Results) -> str:
    if not results.has("preflight.json"):
        return missing("preflight", "The check of the inputs", results.why_missing("preflight.json"))
    found = results.json("preflight.json")
    if not found:
        return missing("preflight", "The check of the inputs", results.why_missing("preflight.json"))
    out = ['<div id="preflight">']
    mapped = alias_pairs(found)
    if mapped:
        shown = ", ".join(f"<code>{esc(a)}</code>&nbsp;→&nbsp;<code>{esc(b)}</code>" for a, b in mapped[:12])
        more = f" and {len(mapped) - 12} more (preflight.json)" if len(mapped) > 12 else ""
        out.append(callout(f"<strong>Chromosome names were mapped</strong> to those of the genome: {shown}{more}."))
    else:
        out.append("<p>No chromosome names had to be mapped: inputs and genome use the same ones.</p>")
    warnings = warning_texts(found.get("warnings"))
    if warnings:
        items = "".join(f"<li>{esc(text)}</li>" for text in warnings[:20])
        more = f"<li>… {len(warnings) - 20} more in preflight.json</li>" if len(warnings) > 20 else ""
        out.append(callout(f"<strong>Warnings of the input check</strong><ul>{items}{more}</ul>", "warn"))
    else:
        out.append("<p>The check of the inputs before the run gave no warnings.</p>")
    return "".join(out) + "</div>"


def alias_pairs(found: dict[str, Any]) -> list[tuple[str, str]]:
    """(name in the input, name in the genome) of a pre-flight report; a mapping or a list of objects."""
    value = found.get("aliases") or found.get("alias_used") or {}
    if isinstance(value, dict):
        inner = value.get("mapped") or value.get("map") or value
        items = inner.items() if isinstance(inner, dict) else ()
        return [(str(a), str(b)) for a, b in items if isinstance(b, str) and a != b]
    pairs: list[tuple[str, str]] = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            texts = [str(v) for v in entry.values() if isinstance(v, str)]
            if len(texts) >= 2 and texts[0] != texts[1]:
                pairs.append((texts[0], texts[1]))
    return pairs


def warning_texts(value: Any) -> list[str]:
    """Warnings as sentences: strings, or objects with message."""
    out = []
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            out.append(str(entry.get("message") or listing([f"{k}: {v}" for k, v in entry.items()])))
        else:
            out.append(str(entry))
    return out
