"""trainer.CompareModels: one table of several models on the same rows, and how surely they differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from cislex_core.datasets import Dataset
from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.targets import TARGET_TYPES
from cislex_core.tasks import Inputs, Out, Progress

from cislex_trainer import comparison_tables as tables
from cislex_trainer.block_metrics import (
    Counting,
    Floats,
    Measured,
    class_metrics,
    multilabel_metrics,
    regression_metrics,
)
from cislex_trainer.bootstrap import Blocks, blocks
from cislex_trainer.comparison_specs import CompareModelsSpec
from cislex_trainer.contestants import ENSEMBLE, Contestant, open_contestants
from cislex_trainer.paired import difference_table, interval, replicates

MAIN_METRIC = {"class_index": "auroc", "multilabel": "auroc", "regression": "pearson"}
LOWER_IS_BETTER = ("mse",)


@dataclass(frozen=True)
class Result:
    """What was found of one model: its ensemble, its seeds, and the replicates of the ensemble."""

    contestant: Contestant
    ensemble: Measured
    seeds: dict[int, Measured]
    drawn: dict[str, Floats]

    @property
    def values(self) -> dict[str, float]:
        """Metric → the ensemble's value; NaN where undefined."""
        return {name: float(value[0]) for name, value in self.ensemble.values.items()}

    def over_seeds(self, metric: str) -> Floats:
        """(seeds,) values of a metric."""
        return np.array([float(found.values[metric][0]) for found in self.seeds.values()])

    def interval(self, metric: str) -> tuple[float, float] | None:
        """95 % of the ensemble's replicates."""
        return interval(self.drawn[metric]) if metric in self.drawn else None


def compare_models(spec: CompareModelsSpec, inputs: Inputs, out: Out, progress: Progress) -> None:
    """Measure every model again from its predictions and write the tables. Raises INVALID_REQUEST: evaluations that do
    not belong together, or a reference that is none of the models.
    """
    found = open_contestants(spec, inputs)
    _check_reference(spec.reference, [one.name for one in found])
    _warn_of_differences(found, progress)
    first = found[0]
    rows, targets = first.rows(), first.targets()
    dataset_digest = str(first.evaluation.manifest.summary["dataset"])
    dataset = _dataset(inputs, dataset_digest, progress)
    around = _blocks(dataset, rows)
    results = []
    for done, one in enumerate(found):
        progress.update(done, len(found), unit="models")
        results.append(_measure(one, targets, around, spec, progress))
    progress.update(len(found), len(found), unit="models")
    main = MAIN_METRIC[first.target_type]
    reference = _reference(spec.reference, results, main)
    values = {r.contestant.name: r.values for r in results}
    differences = difference_table(values, {r.contestant.name: r.drawn for r in results}, reference)
    facts = {
        "dataset": dataset_digest,
        "split": str(first.evaluation.manifest.summary["split"]),
        "n": len(rows),
        "target_type": first.target_type,
        "outputs": first.outputs,
        "metrics": list(results[0].values),
        "lower_is_better": [name for name in results[0].values if name in LOWER_IS_BETTER],
        "main_metric": main,
        "reference": reference,
        "n_bootstrap": spec.n_bootstrap,
        "interval_method": f"paired bootstrap, {spec.n_bootstrap} replicates: {around.text}",
        "interval_blocks": around.kind,
    }
    out.write_table("models.parquet", tables.model_table(results, main, reference))
    out.write_table("seeds.parquet", tables.seed_table(results))
    out.write_table("differences.parquet", differences)
    if first.target_type != "class_index":
        groups = dataset.groups if dataset is not None else None
        out.write_table("per_task.parquet", tables.task_table(results, first.outputs, groups))
    out.path("comparison.tsv").write_text(tables.as_text(results, facts, differences))
    out.write_json("comparison.json", facts)
    out.kind = "comparison"
    out.seeds = sorted({seed for one in found for seed in one.seeds})
    out.genome_digest = dataset.genome_digest if dataset is not None else None
    out.summary = tables.summary(results, facts, differences)


def _measure(
    one: Contestant, targets: np.ndarray, around: Blocks, spec: CompareModelsSpec, progress: Progress
) -> Result:
    progress.message(f"measuring {one.name}: {len(one.seeds)} seeds on {len(targets)} rows")

    def measured(answers: np.ndarray, how: Counting) -> Measured:
        progress.check_cancel()
        if one.target_type == "class_index":
            return class_metrics(targets, answers, one.outputs, how)
        return (multilabel_metrics if one.target_type == "multilabel" else regression_metrics)(targets, answers, how)

    plain = Counting.plain(len(targets))
    mean = one.answers(ENSEMBLE)
    seeds = {seed: measured(one.answers(seed), plain) for seed in one.seeds}
    drawn = replicates(partial(measured, mean), around, spec.n_bootstrap, spec.bootstrap_seed)
    return Result(one, measured(mean, plain), seeds, drawn)


def _dataset(inputs: Inputs, digest: str, progress: Progress) -> Dataset | None:
    try:
        return Dataset.from_artifact(inputs.artifact(digest), types=TARGET_TYPES)
    except CislexError as error:
        if error.reason not in (Reason.ARTIFACT_MISSING, Reason.NOT_FOUND):
            raise
        progress.warn(
            "DATASET_DELETED",
            f"the dataset {digest[:16]} is no longer in the store: runs of neighbouring rows are resampled instead of "
            "chromosomes",
        )
        return None


def _blocks(dataset: Dataset | None, rows: np.ndarray) -> Blocks:
    if dataset is None:
        return blocks(np.full(len(rows), ""), rows)
    starts = dataset.rows["start"].combine_chunks().fill_null(-1).to_numpy(zero_copy_only=False)
    return blocks(dataset.chroms[rows], starts.astype(np.int64)[rows])


def _warn_of_differences(found: list[Contestant], progress: Progress) -> None:
    first = found[0]
    for one in found[1:]:
        if one.seeds != first.seeds:
            progress.warn(
                "SEEDS_DIFFER",
                f"{one.name} has seeds {_listed(one.seeds)}, {first.name} has {_listed(first.seeds)}: means over seeds "
                "and ensembles of different sizes are compared",
            )
    of = {one.name: one.evaluation.json("metrics.json") for one in found}
    for key, reason, text in (
        ("rc_average", "STRANDS_DIFFER", "some were measured on one strand and some on the mean of both"),
        ("optimistic", "OPTIMISTIC", "rows measured here took part in training or in choosing the epoch"),
    ):
        marked = [name for name, metrics in of.items() if metrics.get(key)]
        if marked and (key == "optimistic" or len(marked) < len(found)):
            progress.warn(reason, f"{', '.join(marked)}: {text}")


def _check_reference(asked: str, names: list[str]) -> None:
    if asked and asked not in names and not (asked.isdecimal() and int(asked) < len(names)):
        raise UserError(
            Reason.INVALID_REQUEST,
            f"reference {asked!r} is none of the models {', '.join(names)}, nor a position from 0 to {len(names) - 1}",
            field="reference",
            value=asked,
        )


def _reference(asked: str, results: list[Result], main: str) -> str:
    names = [r.contestant.name for r in results]
    if asked:
        return asked if asked in names else names[int(asked)]
    scores = [r.values[main] for r in results]
    return names[int(np.nanargmax(scores)) if np.isfinite(scores).any() else 0]


def _listed(seeds: list[int]) -> str:
    return ", ".join(map(str, seeds[:10])) + (", …" if len(seeds) > 10 else "")
