"""What CompareModels writes: the table of models, of seeds, of tasks, the text for people and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from cislex_trainer.comparison import Result

TASKS = pa.schema(
    [
        ("name", pa.string()),
        ("task", pa.string()),
        ("group", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("mean", pa.float64()),
        ("sd", pa.float64()),
    ]
)


def model_table(results: list[Result], main: str, reference: str) -> pa.Table:
    """models.parquet: one row per model in the order of the request; each metric of the ensemble with its
    interval ``_low``, ``_high``, and ``_mean`` and ``_sd`` over the seeds; sd is null for one seed.
    """
    scores = np.array([r.values[main] for r in results])
    place = np.empty(len(results), dtype=np.int64)
    place[np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")] = np.arange(1, len(results) + 1)
    columns: dict[str, pa.Array] = {
        "name": pa.array([r.contestant.name for r in results], pa.string()),
        "model": pa.array([r.contestant.model.digest for r in results], pa.string()),
        "evaluation": pa.array([r.contestant.evaluation.digest for r in results], pa.string()),
        "architecture": pa.array([_architecture(r) for r in results], pa.string()),
        "n_parameters": pa.array([_n_parameters(r) for r in results], pa.int64()),
        "seconds": pa.array([_seconds(r) for r in results], pa.float64()),
        "n_epochs": pa.array([_epochs(r) for r in results], pa.float64()),
        "n_seeds": pa.array([len(r.seeds) for r in results], pa.int64()),
        "rank": pa.array(place),
        "is_reference": pa.array([r.contestant.name == reference for r in results]),
    }
    for metric in results[0].values:
        spread = [_mean_sd(r.over_seeds(metric)) for r in results]
        around = [r.interval(metric) or (None, None) for r in results]
        for ending, values in (
            ("", [_finite(r.values[metric]) for r in results]),
            ("_low", [low for low, _ in around]),
            ("_high", [high for _, high in around]),
            ("_mean", [m for m, _ in spread]),
            ("_sd", [s for _, s in spread]),
        ):
            columns[metric + ending] = pa.array(values, pa.float64())
    return pa.table(columns)


def seed_table(results: list[Result]) -> pa.Table:
    """seeds.parquet: one row per model and seed, one column per metric."""
    pairs = [(r, seed) for r in results for seed in r.seeds]
    columns: dict[str, pa.Array] = {
        "name": pa.array([r.contestant.name for r, _ in pairs], pa.string()),
        "seed": pa.array([seed for _, seed in pairs], pa.int64()),
    }
    for metric in results[0].values:
        values = [_finite(float(r.seeds[seed].values[metric][0])) for r, seed in pairs]
        columns[metric] = pa.array(values, pa.float64())
    return pa.table(columns)


def task_table(results: list[Result], tasks: list[str], groups: list[str] | None) -> pa.Table:
    """per_task.parquet: one row per model, task and metric: the ensemble's value, mean and sd over the seeds."""
    rows: list[dict[str, Any]] = []
    for r in results:
        for metric, values in r.ensemble.per_task.items():
            seeds = np.stack([found.per_task[metric][:, 0] for found in r.seeds.values()])
            for t, task in enumerate(tasks):
                mean, sd = _mean_sd(seeds[:, t])
                group = groups[t] if groups else None
                value = _finite(float(values[t, 0]))
                held = {"task": task, "group": group, "metric": metric, "value": value, "mean": mean, "sd": sd}
                rows.append({"name": r.contestant.name, **held})
    return pa.Table.from_pylist(rows, schema=TASKS)


def as_text(results: list[Result], facts: dict[str, Any], differences: pa.Table) -> str:
    """comparison.tsv: a line per model; metrics as mean ± sd over the seeds, then the ensemble's main metric and its
    difference from the reference with its interval, p and q.
    """
    main, reference = facts["main_metric"], facts["reference"]
    metrics = facts["metrics"]
    against = {row["a"]: row for row in differences.to_pylist() if row["metric"] == main and row["b"] == reference}
    head = ["model", "architecture", "parameters", "seconds", "epochs", "seeds", *metrics, f"{main} of the ensemble"]
    lines = [[*head, f"difference from {reference}", "95 % interval", "p", "q"]]
    for r in results:
        cells = [r.contestant.name, _architecture(r), _text(_n_parameters(r), "d"), _text(_seconds(r), ".0f")]
        cells += [_text(_epochs(r), ".1f"), str(len(r.seeds))]
        cells += [_plus_minus(*_mean_sd(r.over_seeds(m))) for m in metrics] + [_text(_finite(r.values[main]), ".4f")]
        row = against.get(r.contestant.name, {})
        within = f"{row['low']:+.4f} to {row['high']:+.4f}" if row.get("low") is not None else ""
        cells += [
            _text(row.get("difference"), "+.4f"),
            within,
            _text(row.get("pvalue"), ".3g"),
            _text(row.get("qvalue"), ".3g"),
        ]
        lines.append(cells)
    return "".join("\t".join(line) + "\n" for line in lines)


def summary(results: list[Result], facts: dict[str, Any], differences: pa.Table) -> dict[str, Any]:
    """The fields of the Comparison message; undefined values are left out."""
    main = facts["main_metric"]
    against = {
        row["a"]: row for row in differences.to_pylist() if row["metric"] == main and row["b"] == facts["reference"]
    }
    return {
        "dataset": facts["dataset"],
        "split": facts["split"],
        "n_sequences": facts["n"],
        "target_type": facts["target_type"],
        "main_metric": main,
        "reference": facts["reference"],
        "interval_blocks": facts["interval_blocks"],
        "models": [_compared(r, main, against.get(r.contestant.name, {})) for r in results],
    }


def _compared(r: Result, main: str, row: dict[str, Any]) -> dict[str, Any]:
    metrics = []
    for metric in r.values:
        mean, sd = _mean_sd(r.over_seeds(metric))
        metrics.append(_known(metric=metric, ensemble=_finite(r.values[metric]), mean=mean, sd=sd))
    difference = _known(**{key: row.get(key) for key in ("difference", "low", "high", "pvalue", "qvalue")})
    return _known(
        name=r.contestant.name,
        model=r.contestant.model.digest,
        evaluation=r.contestant.evaluation.digest,
        architecture=_architecture(r),
        n_parameters=_n_parameters(r),
        seconds=_seconds(r),
        n_seeds=len(r.seeds),
        metrics=metrics,
        against_reference={"metric": main, **difference} if difference else None,
    )


def _known(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}


def _architecture(r: Result) -> str:
    return str(r.contestant.model.manifest.summary.get("architecture", ""))


def _n_parameters(r: Result) -> int | None:
    value = r.contestant.model.manifest.summary.get("n_parameters")
    return None if value is None else int(value)


def _seconds(r: Result) -> float | None:
    """Training time of all seeds together; an imported model has none."""
    value = r.contestant.training.get("seconds")
    return None if value is None else float(value)


def _epochs(r: Result) -> float | None:
    """Mean number of epochs run."""
    run = [s["n_epochs"] for s in r.contestant.model.manifest.summary.get("seeds", []) if s.get("n_epochs")]
    return float(np.mean(run)) if run else None


def _mean_sd(values: np.ndarray) -> tuple[float | None, float | None]:
    known = values[np.isfinite(values)]
    if not len(known):
        return None, None
    return float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else None


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _text(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _plus_minus(mean: float | None, sd: float | None) -> str:
    if mean is None:
        return ""
    return f"{mean:.4f}" if sd is None else f"{mean:.4f} ± {sd:.4f}"
