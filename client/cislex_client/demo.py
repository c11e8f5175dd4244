"""``cislex demo``: simulate peaks with planted motifs, analyse them like anyone's, and score what was recovered.

A planted motif is *recovered* when a discovered motif's best match at q ≤ 0.01 is the planted matrix or one of the same
TF family; a *false name* is a best match at q ≤ 0.01 that is neither (docs/formats.md). Filters that recur over seeds
are named in the report and count here too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cislex_client import output
from cislex_client.analysis import Analysis, Outcome, run_analysis
from cislex_client.pipelines.families import families
from cislex_client.pipelines.graph import Ref, Step, check
from cislex_client.pipelines.wtko import WtkoOptions, plan
from cislex_client.recurrence import n_seeds, recurs
from cislex_client.session import Session
from cislex_client.tables import read_rows, write_rows

Q_THRESHOLD = 0.01
WINDOW_BP = 200
EPOCHS = 10
"""Planted words are learnt within a few epochs: the demo needs no more, and two cores should not need long."""
PATIENCE = 3
MOTIF_DB = "jaspar2024-vertebrates"
COLUMNS = (
    "motif_id", "name", "planted_in", "n_planted", "recovered", "query", "query_consensus", "target", "target_name",
    "pvalue", "qvalue", "exact_rank",
)  # fmt: skip


@dataclass(frozen=True)
class DemoOptions:
    """Options of the demo; None leaves the services' defaults."""

    seeds: int = 5
    epochs: int | None = EPOCHS
    n_per_class: int | None = None
    seed: int = 1
    device: str = "auto"
    motif_db: str = MOTIF_DB


@dataclass(frozen=True)
class Planted:
    """One planted motif: where and how often."""

    motif_id: str
    name: str
    planted_in: str
    n_planted: int


def demo_steps(options: DemoOptions) -> list[Step]:
    """The graph of the demo: a simulation, then the WTKO-CNN analysis of its peaks."""
    simulate = Step("simulate", "simulate peaks with planted motifs", "encoder.Simulate",
                    {"n_wt": options.n_per_class, "n_ko": options.n_per_class, "seed": options.seed,
                     "window_bp": WINDOW_BP})  # fmt: skip
    analysis = WtkoOptions(
        window_bp=WINDOW_BP, seeds=options.seeds, epochs=options.epochs, patience=PATIENCE, device=options.device
    )
    steps = [simulate]
    for step in plan(analysis, {}, options.motif_db):
        if step.id == "dataset":
            request = {key: value for key, value in step.request.items() if key != "alias"}
            step = Step(step.id, step.title, step.task, {**request, "peaks": Ref("simulate")})
        steps.append(step)
    return check(steps)


async def run_demo(
    session: Session, options: DemoOptions, out: Path, command: Sequence[str], force: bool = False
) -> Outcome:
    """Simulate, analyse, score and write the result folder; the table of recovery is said on stderr."""
    scores: dict[str, Any] = {}

    def extra(folder: Path, artifacts: Mapping[str, Path]) -> list[dict[str, Any]]:
        scores.update(write_planted(folder, artifacts["simulate"]))
        return _described(folder, ["planted.tsv", "planted.json", *copy_inputs(folder, artifacts["simulate"])])

    job = Analysis(
        pipeline="demo",
        context=session.context,
        files={},
        planner=lambda references: demo_steps(options),
        options=asdict(options),
        out=out,
        command=command,
        force=force,
        extra=extra,
    )
    outcome = await run_analysis(job, session)
    if scores:
        say_scores(scores)
    return outcome


def write_planted(folder: Path, simulation: Path) -> dict[str, Any]:
    """Score ``matches.tsv`` of a result folder against a simulation's truth; writes planted.tsv and planted.json."""
    named = [*read_rows(folder / "matches.tsv"), *_named_filters(folder)]
    scores = score(read_truth(simulation / "truth.tsv"), named)
    write_rows(scores["table"], COLUMNS, folder / "planted.tsv")
    (folder / "planted.json").write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return scores


def _named_filters(folder: Path) -> list[dict[str, str]]:
    """Matches of the filters that the report names."""
    if not (folder / "filter_matches.tsv").is_file():
        return []
    seeds = n_seeds(read_rows(folder / "filters.tsv"))
    named = {row["representative"] for row in read_rows(folder / "filter_groups.tsv") if recurs(row, seeds)}
    return [row for row in read_rows(folder / "filter_matches.tsv") if row["query"] in named]


def read_truth(path: Path) -> list[Planted]:
    """Planted motifs out of ``truth.tsv`` (one row per planted site: motif_id, motif_name, set, …)."""
    sites: dict[tuple[str, str], dict[str, int]] = {}
    for row in read_rows(path):
        counts = sites.setdefault((row["motif_id"], row.get("motif_name") or row.get("name", "")), {})
        counts[row["set"]] = counts.get(row["set"], 0) + 1
    return [
        Planted(motif_id, name, "both" if len(counts) > 1 else next(iter(counts)), sum(counts.values()))
        for (motif_id, name), counts in sites.items()
    ]


def score(planted: Iterable[Planted], matches: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The content of planted.json from the planted motifs and the rows of matches.tsv (strings)."""
    planted = list(planted)
    best = best_matches(matches)
    family_of = {row["target"]: families(row.get("tf_family", "")) for row in matches}
    table = [_row(motif, best, matches, family_of) for motif in planted]
    known_ids = {motif.motif_id for motif in planted}
    known_families = set().union(*(family_of.get(motif_id, set()) for motif_id in known_ids), set())
    false = [
        {
            "query": row["query"],
            "scope": row["query"].rsplit("_", 1)[0],
            "target": row["target"],
            "target_name": row["target_name"],
            "tf_family": row.get("tf_family", ""),
            "qvalue": float(row["qvalue"]),
        }
        for row in best.values()
        if row["target"] not in known_ids and not families(row.get("tf_family", "")) & known_families
    ]
    found = sum(entry["recovered"] for entry in table)
    return {
        "q_threshold": Q_THRESHOLD,
        "n_planted": len(planted),
        "n_recovered": found,
        "recovered_share": found / len(planted) if planted else 0.0,
        "table": table,
        "false_names": false,
    }


def best_matches(matches: Iterable[Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
    """By query, its match of smallest p, where that has q ≤ 0.01: what the query is named."""
    best: dict[str, Mapping[str, str]] = {}
    for row in matches:
        if row["query"] not in best or float(row["pvalue"]) < float(best[row["query"]]["pvalue"]):
            best[row["query"]] = row
    return {query: row for query, row in best.items() if float(row["qvalue"]) <= Q_THRESHOLD}


def _row(
    motif: Planted,
    best: Mapping[str, Mapping[str, str]],
    matches: Sequence[Mapping[str, str]],
    family_of: Mapping[str, set[str]],
) -> dict[str, Any]:
    own = family_of.get(motif.motif_id, set())
    naming = [
        row for row in best.values()
        if row["target"] == motif.motif_id or families(row.get("tf_family", "")) & own
    ]  # fmt: skip
    naming.sort(key=lambda row: (float(row["qvalue"]), float(row["pvalue"])))
    row: dict[str, Any] = {**asdict(motif), "recovered": bool(naming)}
    if naming:
        top = naming[0]
        listed = sorted((float(m["pvalue"]), m["target"]) for m in matches if m["query"] == top["query"])
        ranks = [rank for rank, (_, target) in enumerate(listed, 1) if target == motif.motif_id]
        row |= {key: top[key] for key in ("query", "query_consensus", "target", "target_name")}
        row |= {"pvalue": float(top["pvalue"]), "qvalue": float(top["qvalue"])}
        row["exact_rank"] = ranks[0] if ranks else None
    return row


def copy_inputs(folder: Path, simulation: Path) -> list[str]:
    """Copy the simulated genome and peaks to ``input/``, so that the analysis can be repeated as on one's own data."""
    names = [name for name in ("genome.fa", "wt.bed", "ko.bed", "truth.tsv") if (simulation / name).is_file()]
    (folder / "input").mkdir(exist_ok=True)
    for name in names:
        shutil.copyfile(simulation / name, folder / "input" / name)
    return [f"input/{name}" for name in names]


def say_scores(scores: Mapping[str, Any]) -> None:
    """The table of recovery, on stderr."""
    rows = [
        {
            "planted": f"{row['name']} ({row['motif_id']})",
            "in": row["planted_in"],
            "sites": row["n_planted"],
            "recovered": row["recovered"],
            "named": f"{row.get('target_name', '')} ({row['target']})" if row.get("target") else "",
            "q": row.get("qvalue"),
        }
        for row in scores["table"]
    ]
    output.say(output.plain_table(rows, ["planted", "in", "sites", "recovered", "named", "q"]).rstrip())
    output.say(f"{scores['n_recovered']} of {scores['n_planted']} planted motifs recovered and named")
    false = scores["false_names"]
    names = ", ".join(f"{entry['query']} → {entry['target_name']}" for entry in false)
    output.say(f"false names at q ≤ {scores['q_threshold']}: {len(false)}{f' ({names})' if names else ''}")


def _described(folder: Path, names: Iterable[str]) -> list[dict[str, Any]]:
    from cislex_core.canonical import digest_file

    return [
        {"path": name, "sha256": digest_file(folder / name), "size_bytes": (folder / name).stat().st_size,
         "step": "simulate"}
        for name in names
    ]  # fmt: skip
