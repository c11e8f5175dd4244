"""The first panel of `run explainn` and `run compare`: the result in plain words and a few figures."""

from __future__ import annotations

from typing import Any

from cislex_client.report.panels.base import Section, callout
from cislex_client.report.panels.comparison import METRICS, main_metric
from cislex_client.report.panels.performance import mean_sd
from cislex_client.report.panels.units import leading
from cislex_client.report.results import Results, number
from cislex_client.report.sets import set_names
from cislex_client.report.tables import term
from cislex_client.report.text import count, esc, fixed, interval, listing, plural
from cislex_client.report.units import Unit, units
from cislex_client.report.verdict import judge, per_seed

NAMED = 4


def panel(results: Results) -> Section:
    """The section."""
    compared = "comparison" in results.steps
    sentences = [_data(results), _best(results) if compared else _quality(results)]
    found = [] if compared else units(results)
    sentences += _names(found)
    parts = [f'<p class="lead" id="summary-sentence">{" ".join(filter(None, sentences))}</p>']
    caveats = [] if compared else judge(results).caveats
    if caveats:
        parts.append(callout("<strong>Read with care.</strong> " + esc(" ".join(caveats)), "warn"))
    failed = [s for s in results.steps.values() if s.get("status") in ("failed", "cancelled", "skipped")]
    if failed:
        what = listing(
            [f"“{esc(s.get('title') or s.get('id'))}” ({esc(s.get('note') or s.get('status'))})" for s in failed]
        )
        parts.append(
            callout(f"<strong>Not every step finished:</strong> {what}. The panels say what is missing.", "warn")
        )
    parts.append(_tiles(results, found))
    return Section("summary", "Summary", "Summary", "".join(parts))


def _data(results: Results) -> str:
    dataset = results.summary("dataset")
    n, tasks = count(number(dataset.get("n_rows"))), dataset.get("tasks") or []
    width = f" of {count(number(dataset.get('window_bp')))} bp" if dataset.get("window_bp") else ""
    if tasks:
        return f"{n} sequences{width} with the answers of {plural(len(tasks), 'task')} were used."
    return f"{n} sequences{width} of the classes {listing([esc(name) for name in set_names(results)])} were used."


def _quality(results: Results) -> str:
    metrics = results.json("metrics.json")
    if not metrics.get("per_output"):
        return esc(judge(results).sentence)
    lead = "auroc" if number(metrics.get("auroc")) == number(metrics.get("auroc")) else "pearson"
    value, within = number(metrics.get(lead)), interval((metrics.get("intervals") or {}).get(lead))
    what = {"auroc": "AUROC", "pearson": "Pearson correlation"}[lead]
    said = f" (95 % {within})" if within else ""
    over = plural(len(metrics["per_output"]), "output")
    return f"On held-out sequences the mean {what} over {over} is {fixed(value, 2)}{said}."


def _best(results: Results) -> str:
    models = results.table("models.tsv")
    if models is None or not len(models):
        return "The comparison was not finished."
    lead = main_metric(results)
    rows = sorted(models.rows(), key=lambda row: number(row.get("rank")))
    best, last = rows[0], rows[-1]
    differences = results.table("differences.tsv")
    alike = [
        str(row.get("a") if str(row.get("b")) == str(best.get("name")) else row.get("b"))
        for row in (differences.rows() if differences else ())
        if str(row.get("metric")) == lead and str(best.get("name")) in (str(row.get("a")), str(row.get("b")))
        and not (number(row.get("low")) > 0 or number(row.get("high")) < 0)
    ]  # fmt: skip
    sentence = (
        f"Of {plural(len(rows), 'architecture')}, <strong>{esc(best.get('name'))}</strong> does best "
        f"({METRICS.get(lead, lead)} {fixed(number(best.get(lead)))}), "
        f"{esc(last.get('name'))} worst ({fixed(number(last.get(lead)))})."
    )
    if alike:
        sentence += f" {listing([esc(name) for name in alike])} cannot be told apart from the best on these sequences."
    return sentence


def _names(found: list[Unit]) -> list[str]:
    out = []
    for output in dict.fromkeys(unit.output for unit in leading(found)):
        named = [unit.name for unit in leading(found) if unit.output == output and unit.name]
        if named:
            shown = listing([f"<strong>{esc(name)}</strong>" for name in dict.fromkeys(named[:NAMED])])
            out.append(f"For <strong>{esc(output)}</strong> the leading units are {shown}.")
    return out[:NAMED]


def _tiles(results: Results, found: list[Unit]) -> str:
    metrics = results.json("metrics.json")
    tiles: list[tuple[str, str, str]] = []
    for key, label in (("auroc", "AUROC"), ("auprc", "AUPRC"), ("accuracy", "Accuracy"), ("pearson", "Pearson")):
        value = number(metrics.get(key))
        if value == value:
            within = interval((metrics.get("intervals") or {}).get(key))
            tiles.append((term(key, label), fixed(value), f"95&nbsp;% {within}" if within else ""))
    mean, sd = mean_sd([number(seed.get("auroc")) for seed in per_seed(metrics)])
    if mean == mean:
        tiles.append(("Single seeds, AUROC", fixed(mean), f"± {fixed(sd)} (sd)" if sd == sd else "one seed"))
    if found:
        named = sum(bool(unit.name) for unit in found)
        tiles.append((term("unit", "Units"), count(len(found)), f"{count(named)} resemble a known motif"))
    tiles += _comparison_tiles(results)
    items = "".join(f'<div class="tile"><dt>{n}</dt><dd>{v}</dd><dd class="sub">{s}</dd></div>' for n, v, s in tiles)
    return f'<dl class="tiles">{items}</dl>' if items else ""


def _comparison_tiles(results: Results) -> list[tuple[str, str, str]]:
    models = results.table("models.tsv")
    if models is None or "comparison" not in results.steps:
        return []
    rows: list[dict[str, Any]] = list(models.rows())
    fastest = min(rows, key=lambda row: number(row.get("seconds")), default={})
    return [
        ("Architectures", count(len(rows)), ""),
        ("Seeds each", count(number(rows[0].get("n_seeds")) if rows else None), ""),
        ("Fastest training", esc(fastest.get("name")), f"{fixed(number(fastest.get('seconds')), 0)} s"),
    ]
