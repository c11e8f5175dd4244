"""CompareModels: the table is that of the evaluations, differences are paired, and what cannot be compared is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex.trainer.v1 import trainer_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_trainer.comparison_specs import CompareModelsSpec
from cislex_trainer.contestants import default_names
from google.protobuf import json_format
from pydantic import ValidationError

SMALL = {"filters": "8", "filters_2": "8", "kernel_size": "8", "hidden": "8", "dropout": "0.1"}
N = 240
MakeDataset = Callable[..., Artifact]


def _dataset(desk: Any, semantics: dict[str, Any], targets: np.ndarray) -> Artifact:
    codes = np.random.default_rng(0).integers(0, 4, (N, 20)).astype(np.uint8)
    rows = pa.table(
        {
            "row": pa.array(range(N), pa.int64()),
            "chrom": [f"chr{i // 2 % 6}" for i in range(N)],
            "start": pa.array([i * 100 for i in range(N)], pa.int64()),
            "split": ["test"] * N,
        }
    )

    def write(folder: Path) -> None:
        np.save(folder / "codes.npy", codes)
        np.save(folder / "targets.npy", targets)
        pq.write_table(rows, folder / "rows.parquet")

    return desk.commit("dataset", write, semantics={"target": semantics})


def _model(desk: Any, architecture: str, tag: str, seeds: int = 2) -> Artifact:
    def write(folder: Path) -> None:
        (folder / "training.json").write_text(f'{{"seconds": 12.5, "spec": {{}}, "tag": "{tag}"}}')

    told = [{"seed": s, "n_epochs": 4 + s, "best_epoch": 1} for s in range(seeds)]
    return desk.commit("model", write, summary={"architecture": architecture, "n_parameters": 77, "seeds": told})


def _evaluation(
    desk: Any, model: Artifact, dataset: Artifact, columns: dict[str, Any], answers: dict[int, dict[str, np.ndarray]],
    split: str = "test", **metrics: Any,
) -> Artifact:  # fmt: skip
    """predictions.parquet of the documented columns; ``answers``: seed → column → values."""
    parts = [
        pa.table({"row": np.arange(N), "split": [split] * N, "seed": np.full(N, seed), **columns, **found})
        for seed, found in answers.items()
    ]

    def write(folder: Path) -> None:
        pq.write_table(pa.concat_tables(parts), folder / "predictions.parquet")
        flags = ", ".join(f'"{key}": {str(value).lower()}' for key, value in metrics.items())
        (folder / "metrics.json").write_text("{" + flags + "}")

    summary = {"model": model.digest, "dataset": dataset.digest, "split": split}
    return desk.commit("evaluation", write, summary=summary)


def _two_class(desk: Any, dataset: Artifact, labels: np.ndarray, strength: float, tag: str, **more: Any) -> list[str]:
    """A model whose logit for WT is ``strength`` × label + noise; answers the digests of model and evaluation."""
    rng = np.random.default_rng(len(tag))
    seeds = more.pop("seeds", (0, 1))
    answers = {}
    for seed in (*seeds, -1):
        wt = strength * labels + rng.normal(size=N)
        answers[seed] = {"logit_KO": np.zeros(N, np.float32), "logit_WT": wt.astype(np.float32)}
    model = _model(desk, more.pop("architecture", "wtko_cnn"), tag, len(seeds))
    return [model.digest, _evaluation(desk, model, dataset, {"label": labels}, answers, **more).digest]


@pytest.fixture
def labels() -> np.ndarray:
    return np.arange(N, dtype=np.int64) % 2


@pytest.fixture
def dataset(desk: Any, labels: np.ndarray) -> Artifact:
    return _dataset(desk, {"type": "class_index", "classes": ["KO", "WT"]}, labels)


def _compare(desk: Any, pairs: list[list[str]], reports: list[dict[str, Any]] | None = None, **fields: Any) -> Artifact:
    models, evaluations = zip(*pairs, strict=True)
    held: Artifact = desk.run(
        "CompareModels", desk.progress(reports), models=list(models), evaluations=list(evaluations), **fields
    )
    return held


def test_the_table_is_that_of_the_evaluations(desk: Any, make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    pairs, metrics = [], []
    for filters in ("4", "8"):
        model = desk.run(
            "TrainModel", dataset=dataset.digest, seeds=[0, 1], options={**SMALL, "filters": filters}, epochs=2
        )
        found = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0)
        pairs.append([model.digest, found.digest])
        metrics.append(found.json("metrics.json"))
    compared = _compare(desk, pairs, n_bootstrap=50)
    rows = compared.table("models.parquet").to_pylist()
    assert [r["name"] for r in rows] == ["wtko_cnn", "wtko_cnn_2"]
    for row, expected in zip(rows, metrics, strict=True):
        seeds = np.array([s["auroc"] for s in expected["per_seed"]])
        assert row["auroc"] == pytest.approx(expected["auroc"])
        assert row["auroc_mean"] == pytest.approx(seeds.mean())
        assert row["auroc_sd"] == pytest.approx(seeds.std(ddof=1))
        assert row["auprc"] == pytest.approx(expected["auprc"])
        assert row["accuracy"] == pytest.approx(expected["accuracy"])
        assert row["f1_WT"] == pytest.approx(expected["per_class"]["WT"]["f1"], nan_ok=True)
        assert row["n_epochs"] == 2
        assert row["seconds"] > 0
    assert compared.table("seeds.parquet").num_rows == 4
    message = json_format.ParseDict(compared.manifest.summary, trainer_pb2.Comparison())
    assert message.models[0].n_parameters < message.models[1].n_parameters
    assert message.n_sequences == 40


def test_a_better_model_is_found_better_and_equal_ones_are_not(
    desk: Any, dataset: Artifact, labels: np.ndarray
) -> None:
    pairs = [_two_class(desk, dataset, labels, s, t) for s, t in ((3.0, "best"), (0.3, "worst"), (2.95, "nearly"))]
    compared = _compare(desk, pairs, names=["best", "worst", "nearly"], n_bootstrap=500)
    assert compared.json("comparison.json")["reference"] == "best"
    assert compared.json("comparison.json")["interval_blocks"] == "chromosomes"
    rows = {(r["a"], r["b"]): r for r in compared.table("differences.parquet").to_pylist() if r["metric"] == "auroc"}
    assert set(rows) == {("worst", "best"), ("nearly", "best"), ("worst", "nearly")}
    worse, nearly = rows["worst", "best"], rows["nearly", "best"]
    assert worse["difference"] < worse["high"] < 0
    assert worse["pvalue"] == pytest.approx(2 / 501)
    assert worse["pvalue"] <= worse["qvalue"] < 0.05
    assert nearly["low"] < 0 < nearly["high"] or nearly["pvalue"] > 0.01
    assert worse["with_reference"]
    assert not rows["worst", "nearly"]["with_reference"]
    ranks = {r["name"]: r["rank"] for r in compared.table("models.parquet").to_pylist()}
    assert ranks["best"] == 1
    assert ranks["worst"] == 3
    text = compared.path("comparison.tsv").read_text().splitlines()
    assert len(text) == 4
    assert " ± " in text[1]
    assert "difference from best" in text[0]


def test_a_model_beside_itself_differs_by_nothing(desk: Any, dataset: Artifact, labels: np.ndarray) -> None:
    pair = _two_class(desk, dataset, labels, 1.0, "same")
    rows = _compare(desk, [pair, pair], n_bootstrap=100).table("differences.parquet").to_pylist()
    assert {(r["difference"], r["low"], r["high"], r["pvalue"]) for r in rows} == {(0.0, 0.0, 0.0, 1.0)}


def test_the_order_of_models_changes_no_interval(desk: Any, dataset: Artifact, labels: np.ndarray) -> None:
    pairs = [_two_class(desk, dataset, labels, s, t) for s, t in ((2.0, "one"), (1.0, "other"))]
    fields = {"reference": "0", "n_bootstrap": 100}
    there = _compare(desk, pairs, names=["x", "y"], **fields).table("differences.parquet").to_pylist()
    back = _compare(desk, pairs[::-1], names=["y", "x"], **fields).table("differences.parquet").to_pylist()
    for one, other in zip(there, back, strict=True):
        assert one["difference"] == pytest.approx(-other["difference"])
        assert one["low"] == pytest.approx(-other["high"])
        assert one["pvalue"] == other["pvalue"]


def test_no_bootstrap_means_no_intervals(desk: Any, dataset: Artifact, labels: np.ndarray) -> None:
    pairs = [_two_class(desk, dataset, labels, s, t) for s, t in ((2.0, "one"), (1.0, "other"))]
    compared = _compare(desk, pairs, n_bootstrap=0)
    row = compared.table("differences.parquet").to_pylist()[0]
    assert row["difference"] is not None
    assert row["low"] is row["pvalue"] is row["qvalue"] is None
    assert compared.table("models.parquet")["auroc_low"].null_count == 2


def test_multilabel_with_unresolved_entries(desk: Any) -> None:
    rng = np.random.default_rng(5)
    targets = rng.integers(0, 2, (N, 3)).astype(np.int8)
    targets[:40, 1] = -1
    semantics = {"type": "multilabel", "tasks": ["ctcf", "pu1", "ets"], "groups": ["zf", "ets", "ets"]}
    dataset = _dataset(desk, semantics, targets)
    columns = {
        f"target_{t}": pa.array(targets[:, i], pa.int8(), mask=targets[:, i] < 0)
        for i, t in enumerate(semantics["tasks"])
    }
    pairs = []
    for strength, tag in ((0.5, "weak"), (2.0, "strong")):
        model = _model(desk, tag, tag)
        answers = {
            seed: {
                f"logit_{t}": (strength * targets[:, i] + rng.normal(size=N)).astype(np.float32)
                for i, t in enumerate(semantics["tasks"])
            }
            for seed in (0, 1, -1)
        }
        pairs.append([model.digest, _evaluation(desk, model, dataset, columns, answers).digest])
    compared = _compare(desk, pairs, n_bootstrap=100)
    facts = compared.json("comparison.json")
    assert (facts["target_type"], facts["main_metric"], facts["reference"]) == ("multilabel", "auroc", "strong")
    per_task = compared.table("per_task.parquet").to_pylist()
    assert len(per_task) == 2 * 3 * 2
    assert {r["group"] for r in per_task} == {"zf", "ets"}
    means = {r["name"]: r["auroc"] for r in compared.table("models.parquet").to_pylist()}
    own = [r["value"] for r in per_task if r["name"] == "strong" and r["metric"] == "auroc"]
    assert means["strong"] == pytest.approx(np.mean(own))
    row = next(r for r in compared.table("differences.parquet").to_pylist() if r["metric"] == "auroc")
    assert row["high"] < 0


def test_regression_says_that_less_error_is_better(desk: Any) -> None:
    rng = np.random.default_rng(6)
    targets = rng.normal(size=(N, 3)).astype(np.float32)
    tasks = ["B", "T", "NK"]
    dataset = _dataset(desk, {"type": "regression", "tasks": tasks}, targets)
    columns = {f"target_{t}": targets[:, i] for i, t in enumerate(tasks)}
    pairs = []
    for noise, tag in ((2.0, "noisy"), (0.3, "good")):
        model = _model(desk, tag, tag, 1)
        answers = {
            seed: {
                f"predicted_{t}": (targets[:, i] + noise * rng.normal(size=N)).astype(np.float32)
                for i, t in enumerate(tasks)
            }
            for seed in (0, -1)
        }
        pairs.append([model.digest, _evaluation(desk, model, dataset, columns, answers).digest])
    compared = _compare(desk, pairs, n_bootstrap=100)
    facts = compared.json("comparison.json")
    assert facts["reference"] == "good"
    assert facts["lower_is_better"] == ["mse"]
    rows = {r["metric"]: r for r in compared.table("differences.parquet").to_pylist()}
    assert rows["pearson"]["high"] < 0 < rows["mse"]["low"]
    assert rows["pearson_across_tasks"]["high"] < 0
    good = compared.table("models.parquet").to_pylist()[1]
    assert good["mse"] == pytest.approx(0.09, abs=0.02)
    assert good["mse_sd"] is None


def test_a_deleted_dataset_leaves_runs_of_rows(desk: Any, dataset: Artifact, labels: np.ndarray) -> None:
    pairs = [_two_class(desk, dataset, labels, s, t) for s, t in ((2.0, "one"), (1.0, "other"))]
    desk.store.delete(dataset.digest)
    reports: list[dict[str, Any]] = []
    compared = _compare(desk, pairs, reports, n_bootstrap=20)
    assert compared.json("comparison.json")["interval_blocks"] == "contiguous"
    assert "DATASET_DELETED" in {w["reason"] for r in reports for w in r["warnings"]}


def test_other_seeds_and_optimistic_figures_are_warned_of(desk: Any, dataset: Artifact, labels: np.ndarray) -> None:
    pairs = [
        _two_class(desk, dataset, labels, 2.0, "one", rc_average=True),
        _two_class(desk, dataset, labels, 1.0, "other", seeds=(0, 1, 2), optimistic=True),
    ]
    reports: list[dict[str, Any]] = []
    _compare(desk, pairs, reports, n_bootstrap=0)
    warned = {w["reason"]: w["message"] for r in reports for w in r["warnings"]}
    assert set(warned) == {"SEEDS_DIFFER", "STRANDS_DIFFER", "OPTIMISTIC"}
    assert "seeds 0, 1, 2" in warned["SEEDS_DIFFER"]


def test_evaluations_that_do_not_belong_together_are_refused(desk: Any, dataset: Artifact, labels: np.ndarray) -> None:
    one = _two_class(desk, dataset, labels, 2.0, "one")
    other = _two_class(desk, dataset, labels, 1.0, "other")
    elsewhere = _dataset(desk, {"type": "class_index", "classes": ["KO", "WT"]}, 1 - labels)
    cases = [
        ([one, [other[0], one[1]]], r"measured model .* but model 1 \(wtko_cnn_2\) is"),
        ([one, _two_class(desk, elsewhere, labels, 1.0, "away")], "only evaluations with the same dataset"),
        ([one, _two_class(desk, dataset, labels, 1.0, "whole", split="all")], "on split test, .* on split all"),
    ]
    for pairs, text in cases:
        with pytest.raises(UserError, match=text) as caught:
            _compare(desk, pairs)
        assert caught.value.reason is Reason.INVALID_REQUEST
        assert caught.value.violations[0].field == "evaluations[1]"
    with pytest.raises(UserError, match="reference 'third' is none of the models wtko_cnn, wtko_cnn_2"):
        _compare(desk, [one, other], reference="third")


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"evaluations": ["a", "b", "c"]}, "2 models but 3 evaluations"),
        ({"names": ["x"]}, "2 models but 1 names"),
        ({"names": ["x", "x"]}, "must differ"),
        ({"models": ["a"], "evaluations": ["a"]}, "at least 2"),
        ({"n_bootstrap": -1}, "greater than or equal to 0"),
        ({"names": ["x\ty", "z"]}, "pattern"),
    ],
)
def test_bad_requests(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        CompareModelsSpec.model_validate({"models": ["a", "b"], "evaluations": ["a", "b"], **fields})


def test_names_are_made_unique() -> None:
    assert default_names(["danq", "explainn", "danq", "danq"]) == ["danq", "explainn", "danq_2", "danq_3"]
