"""Train, measure, export, predict: labels with unresolved entries, several classes, values; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from cislex.trainer.v1 import trainer_pb2
from cislex_core.canonical import digest_file
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact
from google.protobuf import json_format
from planted_targets import WORDS, planted_labels
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

TASKS = list(WORDS)
NET = {"filters": 16, "filters_2": 16, "kernel_size": 8, "hidden": 16, "dropout": 0.1}
# small enough for a second, able enough to learn three words from 300 sequences
UNITS = {"units": 16, "hidden": 16, "kernel_size": 11}
FAST: dict[str, Any] = {
    "architecture": "explainn", "protocol": "explainn", "options": UNITS, "seeds": [0, 1], "batch_size": 25,
    "epochs": 12,
}  # fmt: skip


def _labels(desk: Any, n: int = 500, unresolved: float = 0.2) -> tuple[Artifact, np.ndarray]:
    codes, labels, masked = planted_labels(n, 0, unresolved=unresolved)
    masked[10] = -1  # a row about which nothing is known
    return desk.targets_dataset(codes, masked, "multilabel", TASKS, groups=["a", "a", "b"]), labels


def _values(desk: Any, n: int = 500, tasks: int = 4, counts: bool = False) -> Artifact:
    codes, labels, _ = planted_labels(n, 0)
    rng = np.random.default_rng(1)
    effects = rng.normal(size=(len(WORDS), tasks))
    values = labels @ effects + rng.normal(size=(n, tasks)) * 0.1
    values = rng.poisson(np.exp(values)) if counts else values
    return desk.targets_dataset(codes, values, "regression", [f"cell {t}" for t in range(tasks)])


def _classes(desk: Any, names: tuple[str, ...], n: int = 500) -> Artifact:
    codes, labels, _ = planted_labels(n, 0)
    targets = np.array([int(np.flatnonzero(row)[0]) + 1 if row.any() else 0 for row in labels])
    return desk.targets_dataset(codes, np.minimum(targets, len(names) - 1), "class_index", list(names))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, desk_at: Any) -> Any:
    """A desk with a trained and measured model of every kind of target, read by the tests and not changed."""
    torch.set_num_threads(1)  # seeds in a row: starting processes is tests/trainer/test_parallel.py's matter
    desk = desk_at(tmp_path_factory.mktemp("targets"))
    sets = {
        "multilabel": _labels(desk)[0],
        "regression": _values(desk),
        "classes": _classes(desk, ("none", "ap1", "gata", "ets")),
        "pair": _classes(desk, ("none", "any")),
    }
    found = {}
    for kind, dataset in sets.items():
        model = desk.run("TrainModel", dataset=dataset.digest, **FAST)
        for path in desk.scratch.glob("seed_*"):
            path.unlink()
        evaluation = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=100)
        found[kind] = (dataset, model, evaluation)
    return desk, found


KINDS = ("multilabel", "regression", "classes", "pair")


@pytest.mark.parametrize("kind", KINDS)
def test_summaries_are_the_messages(room: Any, kind: str) -> None:
    dataset, model, evaluation = room[1][kind]
    message = json_format.ParseDict(model.manifest.summary, trainer_pb2.Model())
    target = dataset.manifest.semantics["target"]
    assert message.target_type == target["type"]
    assert message.score == {"multilabel": "auprc", "regression": "pearson"}.get(kind, "accuracy")
    assert message.seeds[0].HasField("validation_score")
    measured = json_format.ParseDict(evaluation.manifest.summary, trainer_pb2.Evaluation())
    assert [one.name for one in measured.outputs] == list(message.classes) == target.get("tasks", target.get("classes"))
    assert measured.baselines


def test_history_follows_the_score_and_the_best_loss_is_kept(room: Any) -> None:
    dataset, model, _ = room[1]["multilabel"]
    history = model.table("history.parquet").to_pylist()
    assert all(row["train_accuracy"] is None and row["validation_accuracy"] is None for row in history)
    last = [row for row in history if row["epoch"] == FAST["epochs"]]
    assert all(0 < row["validation_score"] <= 1 and row["train_score"] > 0.5 for row in last)
    for seed in (0, 1):
        rows = [row for row in history if row["seed"] == seed]
        (chosen,) = [row for row in rows if row["chosen"]]
        assert chosen["validation_loss"] <= min(row["validation_loss"] for row in rows) + 1e-4
    training = model.json("training.json")
    assert (training["loss"], training["target_type"], training["score"]) == ("bce", "multilabel", "auprc")
    # rows of which nothing is known are not trained on
    train = np.array(dataset.table("rows.parquet")["split"].to_pylist()) == "train"
    known = (dataset.array("targets.npy") >= 0).any(1)
    assert training["n_train"] == (train & known).sum() < train.sum() == 300
    assert training["n_parameters"] == model.manifest.summary["n_parameters"]


def test_label_metrics_are_of_the_resolved_entries(room: Any) -> None:
    _, _, evaluation = room[1]["multilabel"]
    metrics = evaluation.json("metrics.json")
    table = evaluation.table("predictions.parquet").filter(pa.compute.field("seed") == -1)
    areas = []
    for one in metrics["per_output"]:
        truth = table[f"target_{one['name']}"].to_pylist()
        known = [i for i, t in enumerate(truth) if t is not None]
        assert 0 < len(known) == one["n"] < len(truth)
        y, p = [truth[i] for i in known], table[f"p_{one['name']}"].to_numpy()[known]
        assert one["n_positive"] == sum(y)
        assert one["auroc"] == pytest.approx(roc_auc_score(y, p))
        assert one["auprc"] == pytest.approx(average_precision_score(y, p))
        areas.append(one["auroc"])
    assert metrics["auroc"] == pytest.approx(np.mean(areas))
    assert metrics["auroc"] > 0.8
    assert [one["group"] for one in metrics["per_output"]] == ["a", "a", "b"]
    low, high = metrics["intervals"]["auroc"]
    assert low < metrics["auroc"] < high
    assert set(metrics["baselines"]) == {"gc", "kmer6_logistic"}
    assert 0 < metrics["calibration"]["ece"] < 0.5
    assert set(evaluation.json("curves.json")["per_output"]) == set(TASKS)
    ours = metrics["ensemble"]
    assert {"n_seeds", "auroc", "auprc"} <= set(ours)
    assert [s["seed"] for s in metrics["per_seed"]] == [0, 1]


def test_value_metrics_are_scipys(room: Any) -> None:
    dataset, _, evaluation = room[1]["regression"]
    metrics = evaluation.json("metrics.json")
    table = evaluation.table("predictions.parquet").filter(pa.compute.field("seed") == -1)
    tasks = dataset.manifest.semantics["target"]["tasks"]
    y = np.stack([table[f"target_{t}"].to_numpy() for t in tasks], 1)
    x = np.stack([table[f"predicted_{t}"].to_numpy() for t in tasks], 1)
    for t, one in enumerate(metrics["per_output"]):
        assert one["pearson"] == pytest.approx(pearsonr(x[:, t], y[:, t])[0], abs=1e-6)
        assert one["spearman"] == pytest.approx(spearmanr(x[:, t], y[:, t])[0], abs=1e-6)
        assert one["mse"] == pytest.approx(((x[:, t] - y[:, t]) ** 2).mean(), rel=1e-5)
    across = np.array([pearsonr(a, b)[0] for a, b in zip(x, y, strict=True)])
    assert metrics["pearson_across_tasks"] == pytest.approx(across.mean(), abs=1e-6)
    assert metrics["share_well_predicted"] == pytest.approx((across > 0.5).mean())
    assert metrics["pearson"] == pytest.approx(np.mean([one["pearson"] for one in metrics["per_output"]]), abs=1e-6)
    assert metrics["pearson"] > 0.6
    assert set(metrics["intervals"]) == {"pearson", "mse", "pearson_across_tasks"}
    assert set(metrics["baselines"]) == {"gc", "kmer6_ridge"}
    assert metrics["baselines"]["gc"]["pearson"] < metrics["baselines"]["kmer6_ridge"]["pearson"]
    assert sum(evaluation.json("curves.json")["across_tasks"]["counts"]) == metrics["n_across_tasks"] == len(across)


def test_several_classes(room: Any) -> None:
    _, _, evaluation = room[1]["classes"]
    metrics = evaluation.json("metrics.json")
    table = evaluation.table("predictions.parquet").filter(pa.compute.field("seed") == -1)
    names = ["none", "ap1", "gata", "ets"]
    labels = table["label"].to_numpy()
    p = np.stack([table[f"p_{name}"].to_numpy() for name in names], 1)
    np.testing.assert_allclose(p.sum(1), 1.0)
    assert metrics["accuracy"] == pytest.approx((p.argmax(1) == labels).mean())
    assert metrics["auroc"] == pytest.approx(roc_auc_score(labels, p, multi_class="ovr", average="macro"))
    assert np.trace(metrics["confusion"]) == round(metrics["accuracy"] * metrics["n"])
    assert [metrics["per_class"][name]["n"] for name in names] == np.bincount(labels).tolist()
    assert {"accuracy", "auroc", "auprc", "macro_f1", "f1_gata"} <= set(metrics["intervals"])
    assert metrics["baselines"]["kmer6_logistic"]["accuracy"] > metrics["baselines"]["gc"]["accuracy"]
    assert len(evaluation.manifest.summary["confusion"]) == 16


def test_two_classes_of_other_names_have_a_positive_second(room: Any) -> None:
    _, _, evaluation = room[1]["pair"]
    metrics = evaluation.json("metrics.json")
    table = evaluation.table("predictions.parquet").filter(pa.compute.field("seed") == -1)
    assert table.column_names == ["row", "split", "seed", "label", "logit_none", "logit_any", "p_none", "p_any"]
    assert metrics["auroc"] == pytest.approx(roc_auc_score(table["label"].to_numpy(), table["p_any"].to_numpy()))
    assert set(evaluation.json("curves.json")) == {"roc", "pr"}
    assert set(metrics["per_class"]) == {"none", "any"}


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_of_the_export_are_the_evaluations(room: Any, kind: str) -> None:
    desk, found = room
    dataset, model, evaluation = found[kind]
    export = desk.run("ExportModel", model=model.digest, dataset=dataset.digest, evaluation=evaluation.digest)
    json_format.ParseDict(export.manifest.summary, trainer_pb2.Export())
    predictions = desk.run("Predict", export=export.digest, dataset=dataset.digest, split="test", batch_size=7)
    message = json_format.ParseDict(predictions.manifest.summary, trainer_pb2.PredictionSet())
    ours = predictions.table("predictions.parquet")
    theirs = evaluation.table("predictions.parquet").filter(pa.compute.field("seed") == -1)
    shown = [c for c in theirs.column_names if c.startswith(("logit_", "p_", "predicted_"))]
    assert shown
    for column in shown:
        np.testing.assert_allclose(ours[column].to_numpy(), theirs[column].to_numpy(), atol=1e-5)
    held = [c for c in theirs.column_names if c.startswith("target_") or c == "label"]
    assert all(ours[c].to_pylist() == theirs[c].to_pylist() for c in held)
    if kind == "multilabel":
        assert [c.n_sequences for c in message.classes] == [int((ours[f"p_{t}"].to_numpy() > 0.5).sum()) for t in TASKS]
    if kind == "regression":
        assert not message.classes
        assert "pearson: " in export.path("model_card.md").read_text()


@pytest.mark.parametrize("kind", ["multilabel", "classes"])
def test_calibrated_and_blind_to_the_strand(room: Any, kind: str, tmp_path: Any) -> None:
    desk, found = room
    dataset, model, _ = found[kind]
    plain = desk.run("ExportModel", model=model.digest, dataset=dataset.digest)
    export = desk.run("ExportModel", model=model.digest, dataset=dataset.digest, strand_symmetric=True, calibrate=True)
    temperatures = export.manifest.summary["temperatures"]
    assert len(temperatures) == (3 if kind == "multilabel" else 1)
    assert all(0.01 < t < 60 for t in temperatures)
    word = "TTGACTCATTTTAGATAAGAAACCGGAAGTCC"
    path = tmp_path / "s.fa"
    complement = word[::-1].translate(str.maketrans("ACGT", "TGCA"))
    path.write_text(f">forward\n{'A' * 14}{word}{'C' * 14}\n>backward\n{'G' * 14}{complement}{'T' * 14}\n")
    rows = desk.run("Predict", export=export.digest, sequences=desk.put(path)).table("predictions.parquet")
    before = desk.run("Predict", export=plain.digest, sequences=desk.put(path)).table("predictions.parquet")
    for i, name in enumerate(export.path("labels.txt").read_text().split()):
        symmetric = rows[f"logit_{name}"].to_numpy()
        assert symmetric[0] == pytest.approx(symmetric[1], abs=1e-4)
        by = temperatures[i if kind == "multilabel" else 0]
        assert symmetric[0] == pytest.approx(before[f"logit_{name}"].to_numpy().mean() / by, abs=1e-3)
    assert export.json("model_card.json")["temperatures"] == temperatures


def test_values_cannot_be_calibrated(room: Any) -> None:
    desk, found = room
    dataset, model, _ = found["regression"]
    with pytest.raises(UserError, match="leave calibrate out") as caught:
        desk.run("ExportModel", model=model.digest, dataset=dataset.digest, calibrate=True)
    assert caught.value.violations[0].field == "calibrate"


def test_a_dataset_of_other_targets_is_not_measured(room: Any) -> None:
    desk, found = room
    for kind, other in (("multilabel", "regression"), ("classes", "pair")):
        with pytest.raises(UserError, match="give a dataset with the same targets in the same order") as caught:
            desk.run("EvaluateModel", model=found[kind][1].digest, dataset=found[other][0].digest)
        assert caught.value.reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize("loss, tasks", [("poisson", 1), ("poisson", 4), ("pearson", 4), ("mse", 1)])
def test_every_loss_of_values_learns(desk: Any, loss: str, tasks: int) -> None:
    dataset = _values(desk, 400, tasks, counts=loss == "poisson")
    model = desk.run("TrainModel", dataset=dataset.digest, loss=loss, **{**FAST, "seeds": [0]})
    history = model.table("history.parquet").to_pylist()
    assert history[-1]["train_score"] > 0.3
    assert history[-1]["train_loss"] < history[0]["train_loss"]
    metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0).json("metrics.json")
    assert (metrics.get("mse") is None) == (loss == "pearson")
    assert ("pearson_across_tasks" in metrics) == (tasks > 2)
    if loss == "poisson":
        rows = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0)
        assert min(rows.table("predictions.parquet")["predicted_cell 0"].to_pylist()) > 0  # rates


def test_one_label_is_a_binary_task(desk: Any) -> None:
    codes, _, masked = planted_labels(200, 0)
    dataset = desk.targets_dataset(codes, masked[:, :1], "multilabel", ["bound by AP-1"])
    model = desk.run("TrainModel", dataset=dataset.digest, **{**FAST, "seeds": [0], "epochs": 4})
    found = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=20)
    (one,) = found.json("metrics.json")["per_output"]
    assert found.json("metrics.json")["auroc"] == one["auroc"]
    export = desk.run("ExportModel", model=model.digest, dataset=dataset.digest, calibrate=True)
    (temperature,) = export.manifest.summary["temperatures"]
    rows = desk.run("Predict", export=export.digest, dataset=dataset.digest).table("predictions.parquet").to_pydict()
    p = 1 / (1 + np.exp(-np.array(rows["logit_bound by AP-1"])))
    np.testing.assert_allclose(rows["p_bound by AP-1"], p, atol=1e-6)
    assert rows["target_bound by AP-1"] == [None if t < 0 else int(t) for t in masked[:, 0]]
    assert temperature > 0


def test_balanced_weights_lift_the_rare_class(desk: Any) -> None:
    codes, labels, _ = planted_labels(400, 3)
    rare = (labels[:, 0] & (np.arange(400) % 3 == 0)).astype(int)
    dataset = desk.targets_dataset(codes, rare, "class_index", ["no", "yes"])
    said = {}
    for weights in ("none", "balanced"):
        model = desk.run("TrainModel", dataset=dataset.digest, class_weights=weights, seeds=[0], options=NET, epochs=3)
        metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0).json(
            "metrics.json"
        )
        said[weights] = sum(row[1] for row in metrics["confusion"])
    assert said["balanced"] > said["none"]


def test_explainn_protocol_shows_both_strands(desk: Any) -> None:
    dataset, _ = _labels(desk, 200)
    model = desk.run(
        "TrainModel", dataset=dataset.digest, architecture="explainn", protocol="explainn", seeds=[0], epochs=2,
        options={"units": 8, "hidden": 8},
    )  # fmt: skip
    spec = model.json("training.json")["spec"]
    assert (spec["strands"], spec["rc_augmentation"], spec["batch_size"], spec["learning_rate"]) == (
        "both", True, 100, 0.003,
    )  # fmt: skip
    metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0).json("metrics.json")
    assert metrics["protocol"] == "explainn"


def test_seeds_side_by_side_and_resumed_give_the_same_bits(desk: Any) -> None:
    dataset, _ = _labels(desk, 150)
    fields = {
        "dataset": dataset.digest, "architecture": "explainn", "protocol": "explainn", "class_weights": "balanced",
        "options": {"units": 6, "hidden": 6}, "epochs": 3, "patience": 0,
    }  # fmt: skip

    def digests(model: Artifact) -> list[str]:
        return [digest_file(model.path(f"seed_{s}/model.safetensors")) for s in (0, 4)]

    straight = digests(desk.run("TrainModel", seeds=[0, 4], **fields))
    for path in desk.scratch.glob("seed_*"):
        path.unlink()
    torch.set_num_threads(2)
    assert digests(desk.run("TrainModel", seeds=[0, 4], **fields)) == straight
    torch.set_num_threads(1)
    for path in desk.scratch.glob("seed_*"):
        path.unlink()
    progress, calls = desk.progress(), 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls > 6:
            raise Cancelled

    progress.check_cancel = check
    with pytest.raises(Cancelled):
        desk.run("TrainModel", progress, seeds=[0, 4], **fields)
    assert digests(desk.run("TrainModel", seeds=[0, 4], **fields)) == straight


# what is refused


def _train(desk: Any, codes: np.ndarray, targets: np.ndarray, kind: str, outputs: list[str], **fields: Any) -> Artifact:
    dataset = desk.targets_dataset(codes, targets, kind, outputs)
    return desk.run("TrainModel", dataset=dataset.digest, **{"seeds": [0], "options": NET, "epochs": 1, **fields})


def test_a_task_that_nobody_resolved(desk: Any) -> None:
    codes, _, labels = planted_labels(60, 0)
    labels[:, 1] = -1
    with pytest.raises(UserError, match="no entry of task gata is resolved in the 36 training") as caught:
        _train(desk, codes, labels, "multilabel", TASKS)
    assert caught.value.reason is Reason.NO_RESOLVED_TARGET


@pytest.mark.parametrize("only, said", [(1, "positive"), (0, "negative")])
def test_a_task_of_one_class(desk: Any, only: int, said: str) -> None:
    codes, _, labels = planted_labels(60, 0)
    labels[:, 2] = only
    with pytest.raises(UserError, match=rf"task ets has one class .*all {said}\); leave such tasks out") as caught:
        _train(desk, codes, labels, "multilabel", TASKS)
    assert caught.value.reason is Reason.ONE_CLASS


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers(desk: Any, bad: float) -> None:
    codes, labels, _ = planted_labels(60, 0)
    values = labels.astype(np.float32)
    values[7, 1] = bad
    with pytest.raises(UserError, match="in row 7, task 1; leave such rows out or fill them"):
        _train(desk, codes, values, "regression", TASKS)


def test_what_does_not_go_with_the_targets(desk: Any) -> None:
    codes, labels, _ = planted_labels(60, 0)
    values = labels.astype(np.float32)
    for kind, targets, fields, field in (
        ("regression", values, {"loss": "bce"}, "loss"),
        ("regression", values - 0.5, {"loss": "poisson"}, "loss"),
        ("regression", values[:, :1], {"loss": "pearson"}, "loss"),
        ("regression", values, {"class_weights": "balanced"}, "class_weights"),
        ("multilabel", labels, {"protocol": "paper"}, "protocol"),
    ):
        with pytest.raises(UserError) as caught:
            _train(desk, codes, targets, kind, TASKS[: targets.shape[1]], **fields)
        assert caught.value.violations[0].field == field


def test_a_split_in_which_a_task_has_one_class_is_warned_of(desk: Any) -> None:
    codes, labels, _ = planted_labels(100, 0)
    splits = ["train"] * 60 + ["validation"] * 20 + ["test"] * 20
    labels[80:, 1] = 1
    dataset = desk.targets_dataset(codes, labels, "multilabel", TASKS, splits)
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=NET, epochs=1)
    reports: list[dict[str, Any]] = []
    found = desk.run(
        "EvaluateModel", desk.progress(reports), model=model.digest, dataset=dataset.digest, n_bootstrap=10
    )
    assert "UNDEFINED_METRICS" in str(reports)
    assert "gata: one class" in str(reports)
    metrics = found.json("metrics.json")
    assert [one["auroc"] is None for one in metrics["per_output"]] == [False, True, False]
    assert metrics["auroc"] == pytest.approx(np.mean([metrics["per_output"][i]["auroc"] for i in (0, 2)]))


def test_many_labels_have_no_baselines_and_it_is_said(desk: Any) -> None:
    codes, labels, _ = planted_labels(80, 0)
    many = np.tile(labels, (1, 8))
    dataset = desk.targets_dataset(codes, many, "multilabel", [f"t{i}" for i in range(24)])
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=NET, epochs=1)
    metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0).json("metrics.json")
    assert metrics["baselines"] == {}
    assert "24 outputs are more than the 20" in metrics["baselines_skipped"]


def test_one_sequence_at_a_time_cannot_be_normalised(desk: Any) -> None:
    codes, labels, _ = planted_labels(60, 0)
    with pytest.raises(UserError, match="batch_size 2 or more") as caught:
        _train(desk, codes, labels, "multilabel", TASKS, architecture="explainn", batch_size=1, options={"units": 4})
    assert caught.value.violations[0].field == "batch_size"
