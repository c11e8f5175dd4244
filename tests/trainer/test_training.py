"""TrainModel from end to end on planted words: what is learnt, chosen, stored, refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.canonical import digest_file
from cislex_core.datasets import Dataset
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact
from cislex_models.checkpoint import load_models
from cislex_trainer.data import Rows, split_indices, training_batches
from cislex_trainer.devices import choose
from cislex_trainer.loop import Trained, train_seed
from cislex_trainer.seeds import Randomness
from cislex_trainer.specs import TrainModelSpec

SMALL = {"filters": 8, "filters_2": 8, "kernel_size": 8, "hidden": 8, "dropout": 0.1}
MakeDataset = Callable[..., Artifact]


def _weights(model: Artifact) -> list[str]:
    return [digest_file(model.path(n)) for n in model.names() if n.endswith(".safetensors")]


def test_learns_a_planted_word(desk: Any, make_dataset: MakeDataset) -> None:
    dataset = make_dataset(900)
    wide = {"filters": 24, "filters_2": 24, "dropout": 0.1}
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[1, 0], options=wide, epochs=25, learning_rate=5e-3)
    opened = Dataset.from_artifact(dataset)
    test = opened.split("test")
    x = Rows.of(opened, test, torch.device("cpu")).batch(torch.arange(len(test)), torch.device("cpu"))[0]
    with torch.no_grad():
        accuracy = [(m(x).argmax(1).numpy() == opened.targets[test]).mean() for m in load_models(model)]
    assert min(accuracy) > 0.9


def test_artifact_holds_what_the_format_says(desk: Any, make_dataset: MakeDataset) -> None:
    reports: list[dict[str, Any]] = []
    dataset = make_dataset()
    model = desk.run(
        "TrainModel", desk.progress(reports), dataset=dataset.digest, seeds=[4, 2], options=SMALL, epochs=3
    )
    names = {f"seed_{s}/model.{ext}" for s in (2, 4) for ext in ("safetensors", "json")}
    assert set(model.names()) == names | {"history.parquet", "training.json"}
    history = model.table("history.parquet").to_pylist()
    for seed in (2, 4):
        rows = [row for row in history if row["seed"] == seed]
        assert [row["epoch"] for row in rows] == [1, 2, 3]
        (chosen,) = [row for row in rows if row["chosen"]]
        assert chosen["validation_loss"] <= min(row["validation_loss"] for row in rows) + 1e-4
        assert all(row["test_accuracy"] is None for row in rows)
    training = model.json("training.json")
    assert (training["device"], training["dtype"], training["selection"]) == ("cpu", "float32", "validation")
    assert training["n_train"] == 120
    assert training["spec"]["epochs"] == 3
    assert model.manifest.seeds == [4, 2]
    assert [s["seed"] for s in model.manifest.summary["seeds"]] == [4, 2]
    assert reports[-1]["progress"]["done"] == reports[-1]["progress"]["total"] == 6


def test_summary_is_the_model_message(desk: Any, make_dataset: MakeDataset) -> None:
    from cislex.trainer.v1 import trainer_pb2
    from google.protobuf import json_format

    model = desk.run("TrainModel", dataset=make_dataset().digest, seeds=[0], options=SMALL, epochs=1)
    message = json_format.ParseDict(model.manifest.summary, trainer_pb2.Model())
    assert message.protocol == trainer_pb2.PROTOCOL_DEFAULT
    assert message.seeds[0].HasField("validation_loss")
    assert not message.seeds[0].HasField("test_accuracy")


def test_same_request_gives_the_same_weights(desk: Any, make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    runs = []
    for _ in range(2):
        for old in desk.scratch.glob("*.safetensors"):
            old.unlink()
        torch.rand(3)  # the state of the global generator must not matter
        runs.append(_weights(desk.run("TrainModel", dataset=dataset.digest, seeds=[3, 9], options=SMALL, epochs=2)))
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 2


def test_a_seed_does_not_depend_on_its_neighbours(desk: Any, make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    both = _weights(desk.run("TrainModel", dataset=dataset.digest, seeds=[3, 9], options=SMALL, epochs=2))
    for old in desk.scratch.glob("*.safetensors"):
        old.unlink()
    alone = _weights(desk.run("TrainModel", dataset=dataset.digest, seeds=[9], options=SMALL, epochs=2))
    assert alone == both[1:]


def test_stops_early_and_keeps_the_best_epoch(desk: Any, make_dataset: MakeDataset) -> None:
    model = desk.run(
        "TrainModel", dataset=make_dataset(60).digest, seeds=[0], options=SMALL, epochs=300, patience=3,
        learning_rate=2e-2,
    )  # fmt: skip
    (seed,) = model.manifest.summary["seeds"]
    assert seed["n_epochs"] < 300
    assert seed["n_epochs"] == seed["best_epoch"] + 3
    history = model.table("history.parquet").to_pylist()
    assert seed["validation_loss"] == history[seed["best_epoch"] - 1]["validation_loss"]


def test_kept_weights_give_the_kept_validation_loss(desk: Any, make_dataset: MakeDataset) -> None:
    from cislex_trainer.loop import evaluate

    dataset = make_dataset(100)
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=SMALL, epochs=25, learning_rate=2e-2)
    opened = Dataset.from_artifact(dataset)
    place = choose("cpu")
    rows = Rows.of(opened, opened.split("validation"), place.device)
    loss, accuracy = evaluate(load_models(model)[0], rows, place)
    (seed,) = model.manifest.summary["seeds"]
    assert loss == pytest.approx(seed["validation_loss"], abs=1e-6)
    assert accuracy == seed["validation_accuracy"]


def test_paper_protocol_selects_on_test_and_says_so(desk: Any, make_dataset: MakeDataset) -> None:
    reports: list[dict[str, Any]] = []
    model = desk.run(
        "TrainModel", desk.progress(reports), dataset=make_dataset().digest, seeds=[0], protocol="paper", epochs=6,
        options=SMALL,
    )  # fmt: skip
    training, history = model.json("training.json"), model.table("history.parquet").to_pylist()
    assert training["selection"] == "test"
    assert training["n_train"] == 160  # validation rows are trained on, as in the paper
    best = max(row["test_accuracy"] for row in history)
    assert [row["test_accuracy"] for row in history if row["chosen"]] == [best]
    first_best = next(row["epoch"] for row in history if row["test_accuracy"] == best)
    assert [row["epoch"] for row in history if row["chosen"]] == [first_best]
    assert all(row["validation_loss"] is None for row in history)
    assert "optimistic" in str(reports)


def _train_once(dataset: Artifact, tmp: Any, **fields: Any) -> Trained:
    spec = TrainModelSpec.model_validate(
        {"dataset": dataset.digest, "epochs": 1, "options": {**SMALL, "dropout": 0.0}, **fields}
    )
    opened, place = Dataset.from_artifact(dataset), choose("cpu")
    train, validation, _ = split_indices(opened, spec.protocol)
    rows, selection = (Rows.of(opened, index, place.device) for index in (train, validation))
    return train_seed(0, spec, rows, selection, place, tmp / "c.safetensors", lambda: None, lambda row: None)


def test_accumulation_is_a_larger_batch(make_dataset: MakeDataset, tmp_path: Any) -> None:
    dataset = make_dataset(190)  # 114 training rows: the last group is short in both
    large = _train_once(dataset, tmp_path, batch_size=32)
    (tmp_path / "c.safetensors").unlink()
    small = _train_once(dataset, tmp_path, batch_size=8, accumulation=4)
    for a, b in zip(large.model.parameters(), small.model.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


def test_each_epoch_shows_each_sequence_once_on_either_strand(make_dataset: MakeDataset) -> None:
    opened, cpu = Dataset.from_artifact(make_dataset()), torch.device("cpu")
    rows = Rows.of(opened, opened.split("train"), cpu)
    forward = rows.batch(torch.arange(len(rows)), cpu)[0]
    backward = forward.flip(1, 2)
    for strands in ("forward", "random", "both"):
        shown = torch.cat([x for x, _ in training_batches(rows, Randomness(0, cpu), 32, strands, cpu)])
        as_forward = (shown[:, None] == forward[None]).flatten(2).all(2)
        as_backward = (shown[:, None] == backward[None]).flatten(2).all(2)
        if strands == "both":
            assert as_forward.sum(0).tolist() == as_backward.sum(0).tolist() == [1] * len(rows)
            assert not as_backward[: len(rows)].any(1).all()  # the two strands are shuffled, not one after the other
            continue
        assert (as_forward | as_backward).sum(0).tolist() == [1] * len(rows)
        share = float(as_backward.any(1).double().mean())
        assert 0.35 < share < 0.65 if strands == "random" else share == 0.0


def test_a_last_sequence_joins_the_batch_before_it(make_dataset: MakeDataset) -> None:
    opened, cpu = Dataset.from_artifact(make_dataset()), torch.device("cpu")
    rows = Rows.of(opened, np.arange(33), cpu)
    sizes = [[len(y) for _, y in training_batches(rows, Randomness(0, cpu), size, "random", cpu)] for size in (16, 1)]
    assert sizes == [[16, 17], [1] * 33]


def test_divergence_names_seed_epoch_and_remedy(desk: Any, make_dataset: MakeDataset, monkeypatch: Any) -> None:
    from cislex_trainer import losses

    monkeypatch.setattr(losses, "cross_entropy", lambda logits, y, **k: logits.sum() * float("nan"))
    with pytest.raises(UserError, match=r"loss is nan at seed 0, epoch 1; lower learning_rate \(now 0.002\)") as caught:
        desk.run("TrainModel", dataset=make_dataset().digest, seeds=[0], options=SMALL, epochs=2)
    assert caught.value.reason is Reason.TRAINING_DIVERGED


def test_cancel_is_heard_within_a_batch(desk: Any, make_dataset: MakeDataset) -> None:
    progress = desk.progress()
    heard = progress.check_cancel
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            progress.cancelled.set()
        heard()

    progress.check_cancel = check
    with pytest.raises(Cancelled):
        desk.run("TrainModel", progress, dataset=make_dataset().digest, seeds=[0], options=SMALL, epochs=50)
    assert calls == 3


@pytest.mark.parametrize("missing, field", [("validation", "validation_chroms"), ("train", "validation_chroms")])
def test_an_empty_split_names_the_remedy(desk: Any, missing: str, field: str) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (40, 60)).astype(np.uint8)
    splits = ["test" if i % 4 < 2 else ("train" if missing == "validation" else "validation") for i in range(40)]
    dataset = desk.dataset(codes, np.arange(40) % 2, ["chr1"] * 40, splits)
    with pytest.raises(UserError, match=f"the {missing} split holds no sequence.*{field}") as caught:
        desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=SMALL)
    assert caught.value.reason is Reason.EMPTY_SPLIT


def test_a_split_of_one_class_is_refused(desk: Any) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (40, 60)).astype(np.uint8)
    targets = np.array([i % 2 if i < 20 else 1 for i in range(40)])
    dataset = desk.dataset(codes, targets, ["chr1"] * 40, ["train"] * 20 + ["validation"] * 20)
    with pytest.raises(UserError, match="validation split holds 20 sequences but none of class KO") as caught:
        desk.run("TrainModel", dataset=dataset.digest, seeds=[0], options=SMALL)
    assert caught.value.reason is Reason.ONE_CLASS


def test_windows_too_short_for_the_architecture(desk: Any) -> None:
    codes = np.zeros((8, 30), dtype=np.uint8)
    dataset = desk.dataset(codes, np.arange(8) % 2, ["chr1"] * 8, ["train"] * 4 + ["validation"] * 4)
    with pytest.raises(UserError, match="at least 31 bp") as caught:
        desk.run("TrainModel", dataset=dataset.digest)
    assert caught.value.reason is Reason.WINDOW_TOO_SHORT


def test_bf16_on_a_cpu_trains_when_asked(desk: Any, make_dataset: MakeDataset) -> None:
    model = desk.run(
        "TrainModel", dataset=make_dataset().digest, seeds=[0], options=SMALL, epochs=2, device="cpu", amp="bf16"
    )
    assert model.json("training.json")["dtype"] == "bfloat16"
    assert load_models(model)[0].first_layer.weight.dtype == torch.float32
