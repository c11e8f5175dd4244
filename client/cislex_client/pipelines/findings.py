"""What a finished step found, in lines that a biologist reads on the terminal while the rest goes on.

The report says all of this with more care; these lines are the counts and choices nobody should have to look up: what
was dropped, which names were mapped, which chromosomes judge, how good the model is beside the baselines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MOST_NAMED = 8
FEW = 4


def findings(step_id: str, summary: Mapping[str, Any]) -> list[str]:
    """Lines about the result of a step of the WTKO pipeline; none for a step that has nothing to say."""
    describe = _LINES.get(step_id)
    return describe(summary) if describe else []


def _dataset(summary: Mapping[str, Any]) -> list[str]:
    classes = ", ".join(f"{row['n_rows']:,} {row['name']}" for row in reversed(summary.get("classes", [])))
    tasks = f"{len(summary.get('tasks', [])):,} tasks"
    lines = [f"{summary['n_rows']:,} sequences of {summary['window_bp']} bp: {classes or tasks}"]
    for split in summary.get("splits", []):
        chroms = ", ".join(split.get("chroms", [])) or f"split: {summary.get('split_by') or 'random'}"
        rows = ", ".join(f"{row['n_rows']:,} {row['name']}" for row in reversed(split.get("classes", [])))
        lines.append(f"{split['name']}: {rows or format(split['n_rows'], ',')} ({chroms})")
    lines += list(summary.get("split_notes", []))
    dropped = [f"{row['n_rows']:,} {row['reason']}" for row in summary.get("dropped", [])]
    rows = f"{summary.get('n_input_rows', 0):,} input rows"
    lines.append(f"of {rows} left out: {', '.join(dropped)}" if dropped else f"none of {rows} was left out")
    aliases = [f"{row['from_name']} → {row['to_name']}" for row in summary.get("alias_used", [])]
    if aliases:
        more = f" and {len(aliases) - MOST_NAMED} more" if len(aliases) > MOST_NAMED else ""
        lines.append(f"chromosome names mapped: {', '.join(aliases[:MOST_NAMED])}{more}")
    return lines


def _evaluate(summary: Mapping[str, Any]) -> list[str]:
    interval = next((row for row in summary.get("intervals", []) if row["metric"] == "auroc"), None)
    within = f" (95 % {interval['low']:.3f}–{interval['high']:.3f})" if interval else ""
    names = {"gc": "GC content alone", "kmer6_logistic": "6-mer counts"}
    beside = ", ".join(
        f"{names.get(row['name'], row['name'])} {row['auroc']:.3f}" for row in summary.get("baselines", [])
    )
    lines = [f"AUROC {summary['auroc']:.3f}{within} on {summary['n_sequences']:,} {summary['split']} sequences"
             + (f"; baselines: {beside}" if beside else "")]  # fmt: skip
    if summary.get("optimistic"):
        lines.append("optimistic: these sequences took part in choosing the epoch")
    return lines


def _compare(summary: Mapping[str, Any]) -> list[str]:
    best = summary.get("best", [])
    named: dict[str, list[str]] = {}
    for row in best:
        if row.get("significant"):
            named.setdefault(row["target_name"] or row["target"], []).append(row["query"])
    if not named:
        return [f"none of {len(best)} motifs resembles a known one (q ≤ 0.05)"]
    often = sorted(named.items(), key=lambda item: -len(item[1]))[:MOST_NAMED]
    more = f" and {len(named) - MOST_NAMED} others" if len(named) > MOST_NAMED else ""
    said = "; ".join(f"{name} ({_listed(queries)})" for name, queries in often) + more
    if summary.get("n_queries", 0) > len(best):  # the summary names the first 200 only
        counted = f"{summary.get('n_matched', 0):,} of {summary['n_queries']:,} motifs resemble a known one"
        return [f"{counted}; of the first {len(best)}: {said}"]
    return [f"best matches: {said}"]


def _listed(queries: list[str]) -> str:
    """A few names in full, many as the first and a count."""
    return ", ".join(queries) if len(queries) <= FEW else f"{queries[0]} and {len(queries) - 1} more"


def _units(summary: Mapping[str, Any]) -> list[str]:
    lines = [f"{summary['n_active_units']:,} of {summary['n_units']:,} units have sites in {summary['n_correct']:,} "
             "correctly predicted sequences"]  # fmt: skip
    if summary.get("n_weight_only"):
        lines.append(
            f"{summary['n_weight_only']:,} large weights are of units that hardly answer: do not read them alone"
        )
    return lines


def _comparison(summary: Mapping[str, Any]) -> list[str]:
    lead = summary.get("main_metric", "auroc")
    found = []
    for model in summary.get("models", []):
        metric: dict[str, Any] = next((row for row in model.get("metrics", []) if row["metric"] == lead), {})
        if "ensemble" in metric:
            found.append((metric["ensemble"], model["name"]))
    return [f"{rank}. {name}: {lead} {value:.3f}" for rank, (value, name) in enumerate(sorted(found, reverse=True), 1)]


_LINES: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "dataset": _dataset,
    "evaluate": _evaluate,
    "compare": _compare,
    "compare_units": _compare,
    "units": _units,
    "comparison": _comparison,
}
