"""EvaluateModel: what is in the files, and that it says when a figure is optimistic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cislex.trainer.v1 import trainer_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from google.protobuf import json_format

SMALL = {"filters": "16", "filters_2": "16", "kernel_size": "8", "hidden": "8", "dropout": "0.1"}
MakeDataset = Callable[..., Artifact]


@pytest.fixture
def trained(desk: Any, make_dataset: MakeDataset) -> tuple[Artifact, Artifact]:
    dataset = make_dataset()
    return desk.run("TrainModel", dataset=dataset.digest, seeds=[0, 1, 2], options=SMALL, epochs=1), dataset


def test_metrics_are_complete_and_agree_with_the_predictions(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    model, dataset = trained
    found = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=200)
    metrics = found.json("metrics.json")
    rows = found.table("predictions.parquet").to_pylist()
    assert len(rows) == 40 * 4
    ensemble = [r for r in rows if r["seed"] == -1]
    right = [(r["p_WT"] > 0.5) == bool(r["label"]) for r in ensemble]
    assert metrics["accuracy"] == pytest.approx(np.mean(right))
    assert sum(map(sum, metrics["confusion"])) == metrics["n"] == 40
    first = [r["logit_WT"] for r in rows if r["row"] == ensemble[0]["row"] and r["seed"] >= 0]
    assert ensemble[0]["logit_WT"] == pytest.approx(np.mean(first), abs=1e-6)
    assert [p["seed"] for p in metrics["per_seed"]] == [0, 1, 2]
    assert metrics["ensemble"]["auroc"] == metrics["auroc"]
    assert set(metrics["baselines"]) == {"gc", "kmer6_logistic"}
    assert metrics["per_class"]["WT"]["n"] == 20
    for name in ("accuracy", "auroc", "auprc"):
        low, high = metrics["intervals"][name]
        assert low <= metrics[name] <= high
    assert set(found.json("curves.json")) == {"roc", "pr", "baselines"}


def test_summary_is_the_evaluation_message(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    found = desk.run("EvaluateModel", model=trained[0].digest, dataset=trained[1].digest, n_bootstrap=20)
    message = json_format.ParseDict(found.manifest.summary, trainer_pb2.Evaluation())
    assert message.n_sequences == 40
    assert list(message.confusion) == [c for row in found.json("metrics.json")["confusion"] for c in row]
    assert not message.optimistic
    assert message.interval_blocks == "chromosomes"
    assert {b.name for b in message.baselines} == {"gc", "kmer6_logistic"}


def test_batch_size_changes_no_result(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    fields = {"model": trained[0].digest, "dataset": trained[1].digest, "n_bootstrap": 0}
    large, small = (
        desk.run("EvaluateModel", **fields, batch_size=b).table("predictions.parquet")["p_WT"].to_numpy()
        for b in (512, 1)
    )
    np.testing.assert_allclose(large, small, atol=1e-6)


def test_averaging_strands_makes_the_answer_blind_to_the_strand(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    from cislex_core.datasets import Dataset
    from cislex_core.sequences import reverse_complement

    model, dataset = trained
    opened = Dataset.from_artifact(dataset)
    flipped = desk.dataset(
        reverse_complement(np.asarray(opened.codes)), opened.targets, list(opened.chroms), list(opened.split_names)
    )
    one, other = (
        desk.run("EvaluateModel", model=model.digest, dataset=d.digest, rc_average=True, n_bootstrap=0)
        .table("predictions.parquet")["p_WT"]
        .to_numpy()
        for d in (dataset, flipped)
    )
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    "protocol, split, optimistic",
    [("default", "test", False), ("default", "validation", True), ("default", "train", True), ("default", "all", True),
     ("paper", "test", True)],
)  # fmt: skip
def test_optimistic_figures_are_called_so(
    desk: Any, make_dataset: MakeDataset, protocol: str, split: str, optimistic: bool
) -> None:
    dataset = make_dataset()
    model = desk.run(
        "TrainModel", dataset=dataset.digest, seeds=[0], protocol=protocol, options=SMALL, epochs=1
    )  # fmt: skip
    found = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, split=split, n_bootstrap=0)
    assert found.json("metrics.json")["optimistic"] is optimistic
    assert found.manifest.summary["optimistic"] is optimistic
    assert found.json("metrics.json")["protocol"] == protocol


def test_few_chromosomes_fall_back_to_runs_and_say_so(desk: Any, make_dataset: MakeDataset) -> None:
    dataset = make_dataset(test_chroms=("chrIV", "chrXV"))
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=SMALL, epochs=1)
    metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=20).json("metrics.json")
    assert metrics["interval_blocks"] == "contiguous"
    assert "20 runs of neighbouring windows" in metrics["interval_method"]


def test_ready_sequences_without_coordinates_are_evaluated_too(desk: Any, make_dataset: MakeDataset) -> None:
    dataset = make_dataset(test_chroms=(None,))
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=SMALL, epochs=1)
    metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=20).json("metrics.json")
    assert metrics["interval_blocks"] == "contiguous"
    assert 0 <= metrics["auroc"] <= 1


def test_a_test_split_of_one_class_is_refused(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (6, 60)).astype(np.uint8)
    other = desk.dataset(codes, np.ones(6, dtype=int), ["chr1"] * 6, ["test"] * 6)
    with pytest.raises(UserError, match="none of class KO: AUROC is undefined") as caught:
        desk.run("EvaluateModel", model=trained[0].digest, dataset=other.digest)
    assert caught.value.reason is Reason.ONE_CLASS
    with pytest.raises(UserError, match="the train split holds no sequence"):
        desk.run("EvaluateModel", model=trained[0].digest, dataset=other.digest, split="train")


def test_no_train_split_means_no_baselines_and_no_failure(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (8, 60)).astype(np.uint8)
    other = desk.dataset(codes, np.arange(8) % 2, ["chr1"] * 8, ["test"] * 8)
    found = desk.run("EvaluateModel", model=trained[0].digest, dataset=other.digest, n_bootstrap=20)
    assert found.json("metrics.json")["baselines"] == {}
    assert found.json("metrics.json")["optimistic"] is False
