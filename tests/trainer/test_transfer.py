"""Pretrained models as units: features are computed once, only the head learns, and the result stands on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from cislex_core.datasets import Dataset
from cislex_core.errors import UserError
from cislex_core.manifests import Artifact
from cislex_models.checkpoint import load_models
from cislex_models.onehot import one_hot
from cislex_models.wtko_cnn import WtkoCnn
from cislex_trainer.specs import TrainModelSpec
from pydantic import ValidationError

SMALL = {"filters": "8", "filters_2": "8", "kernel_size": "8", "hidden": "8", "dropout": "0.1"}
MakeDataset = Callable[..., Artifact]


@pytest.fixture
def dataset(make_dataset: MakeDataset) -> Artifact:
    return make_dataset()


@pytest.fixture
def units(desk: Any, dataset: Artifact) -> list[str]:
    """Two trained models of two seeds and two outputs each."""
    fields = {"dataset": dataset.digest, "options": SMALL, "epochs": 2}
    return [desk.run("TrainModel", seeds=seeds, **fields).digest for seeds in ([0, 1], [5])]


def _train(desk: Any, dataset: Artifact, units: list[str], **fields: Any) -> Artifact:
    held: Artifact = desk.run(
        "TrainModel",
        **{
            "dataset": dataset.digest, "architecture": "unit_transfer", "unit_models": units, "seeds": [0, 1],
            "epochs": 4, "learning_rate": 0.02, **fields,
        },
    )  # fmt: skip
    return held


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Batch sizes of every forward pass of a pretrained network."""
    seen: list[int] = []
    forward = WtkoCnn.forward_with_extras

    def counted(self: WtkoCnn, x: torch.Tensor) -> Any:
        seen.append(len(x))
        return forward(self, x)

    monkeypatch.setattr(WtkoCnn, "forward_with_extras", counted)
    return seen


@pytest.mark.parametrize(
    "strands, expected",
    [("random", [120] * 4 + [40] * 2), ("forward", [120] * 2 + [40] * 2), ("both", [120] * 4 + [40] * 4)],
)
def test_features_are_computed_once_whatever_the_epochs_and_seeds(
    desk: Any, dataset: Artifact, units: list[str], passes: list[int], strands: str, expected: list[int]
) -> None:
    passes.clear()
    _train(desk, dataset, units, strands=strands, epochs=5)
    assert sorted(passes, reverse=True) == expected


@pytest.mark.parametrize("head", ["linear", "nam"])
def test_the_model_is_whole_and_learns(desk: Any, dataset: Artifact, units: list[str], head: str) -> None:
    model = _train(desk, dataset, units, options={"head": head, "hidden": "8"}, epochs=8)
    for digest in units:  # the parts may go: the model holds them
        desk.store.delete(digest)
    metrics = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0).json("metrics.json")
    assert 0 <= metrics["auroc"] <= 1
    export = desk.run("ExportModel", model=model.digest, dataset=dataset.digest)
    assert export.json("parity.json")["max_abs_difference"] < 1e-4
    history = model.table("history.parquet").to_pylist()
    assert history[7]["train_loss"] < history[0]["train_loss"]


def test_the_parts_keep_their_weights_and_the_head_is_the_trained_one(
    desk: Any, dataset: Artifact, units: list[str]
) -> None:
    model = _train(desk, dataset, units, epochs=3)
    one, other = load_models(model)
    original = load_models(desk.store.open_artifact(units[0]))[0]
    for name, tensor in original.state_dict().items():
        assert torch.equal(one.state_dict()[f"parts.0.{name}"], tensor)
        assert torch.equal(other.state_dict()[f"parts.0.{name}"], tensor)
    assert not torch.equal(one.output.weight, other.output.weight)
    opened = Dataset.from_artifact(dataset)
    x = one_hot(torch.from_numpy(np.array(opened.codes[:10])))
    with torch.no_grad():
        assert torch.allclose(one.unit_outputs(x)[:, :2], original(x), atol=1e-6)
        logits = one(x)
    assert torch.allclose(logits, one.unit_outputs(x) @ one.output_weight.T + one.output_bias, atol=1e-6)


def test_the_selection_is_that_of_the_whole_network(desk: Any, dataset: Artifact, units: list[str]) -> None:
    """The loss of the kept epoch, computed from features, is what the saved network gives from sequences."""
    model = _train(desk, dataset, units, seeds=[0])
    chosen = next(r for r in model.table("history.parquet").to_pylist() if r["chosen"])
    found = desk.run(
        "EvaluateModel", model=model.digest, dataset=dataset.digest, split="validation", n_bootstrap=0
    ).table("predictions.parquet").to_pylist()  # fmt: skip
    rows = [r for r in found if r["seed"] == 0]
    loss = np.mean(
        [np.logaddexp(r["logit_KO"], r["logit_WT"]) - r["logit_WT" if r["label"] else "logit_KO"] for r in rows]
    )
    assert chosen["validation_loss"] == pytest.approx(loss, abs=1e-5)


def test_what_the_units_are_is_written(desk: Any, dataset: Artifact, units: list[str]) -> None:
    model = _train(desk, dataset, units, epochs=1, unit_activation="post")
    rows = model.table("units.parquet").to_pylist()
    assert [(r["unit"], r["model"], r["seed"], r["output"], r["name"]) for r in rows] == [
        (0, units[0], 0, 0, "KO"), (1, units[0], 0, 1, "WT"), (2, units[1], 5, 0, "KO"), (3, units[1], 5, 1, "WT"),
    ]  # fmt: skip
    outputs = load_models(model)[0].unit_outputs(torch.zeros(2, 4, 60))
    assert ((outputs > 0) & (outputs < 1)).all()
    assert model.json("training.json")["spec"]["unit_models"] == units
    assert model.manifest.summary["n_parameters"] == 4 * 2 + 2


def test_parts_of_other_windows_serve(desk: Any, dataset: Artifact, units: list[str]) -> None:
    opened = Dataset.from_artifact(dataset)
    wide = np.concatenate([opened.codes, opened.codes[:, :20]], axis=1)
    other = desk.dataset(wide, opened.targets, list(opened.chroms), list(opened.split_names))
    model = _train(desk, other, units, epochs=1, seeds=[0])
    assert load_models(model)[0].window_bp == 80


def test_a_killed_run_goes_on_with_the_same_bits(desk: Any, dataset: Artifact, units: list[str]) -> None:
    from cislex_core.errors import Cancelled

    whole = _train(desk, dataset, units, seeds=[0], epochs=4)
    for path in desk.scratch.glob("seed_*"):
        path.unlink()
    progress = desk.progress()
    checks = 0

    def stop() -> None:
        nonlocal checks
        checks += 1
        if checks > 14:
            raise Cancelled

    progress.check_cancel = stop
    with pytest.raises(Cancelled):
        desk.run(
            "TrainModel", progress, dataset=dataset.digest, architecture="unit_transfer", unit_models=units, seeds=[0],
            epochs=4, learning_rate=0.02,
        )  # fmt: skip
    assert list(desk.scratch.glob("seed_*"))
    again = _train(desk, dataset, units, seeds=[0], epochs=4)
    assert again.path("seed_0/model.safetensors").read_bytes() == whole.path("seed_0/model.safetensors").read_bytes()


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"architecture": "unit_transfer"}, "go together"),
        ({"architecture": "explainn", "unit_models": ["a" * 64]}, "go together"),
        (
            {"architecture": "unit_transfer", "unit_models": ["a" * 64], "options": {"parts": "[]"}},
            "made from unit_models",
        ),
        (
            {"architecture": "unit_transfer", "unit_models": ["a" * 64], "init_database": "jaspar2020-vertebrates"},
            "has no filters of its own",
        ),
        ({"architecture": "unit_transfer", "unit_models": ["a" * 64], "options": {"head": "deep"}}, "head"),
    ],
)
def test_bad_requests(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        TrainModelSpec.model_validate({"dataset": "b" * 64, **fields})


@pytest.mark.slow
def test_processes_side_by_side_share_the_features(
    desk: Any, dataset: Artifact, units: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = _train(desk, dataset, units)
    for path in desk.scratch.glob("seed_*"):
        path.unlink()
    monkeypatch.setattr("cislex_trainer.train.n_processes", lambda n: n)
    monkeypatch.setattr("cislex_trainer.parallel.n_processes", lambda n: n)
    together = _train(desk, dataset, units)
    for seed in (0, 1):
        name = f"seed_{seed}/model.safetensors"
        assert together.path(name).read_bytes() == alone.path(name).read_bytes()


def test_a_spec_survives_the_ledger(units: list[str]) -> None:
    spec = TrainModelSpec.model_validate(
        {"dataset": "b" * 64, "architecture": "unit_transfer", "unit_models": units, "options": {"head": "nam"}}
    )
    assert TrainModelSpec.model_validate(spec.model_dump(mode="json")) == spec


def test_a_sequence_too_short_for_a_part_is_refused(desk: Any, dataset: Artifact, units: list[str]) -> None:
    codes = np.random.default_rng(0).integers(0, 4, (20, 12)).astype(np.uint8)
    short = desk.dataset(codes, np.arange(20) % 2, ["chr1"] * 20, ["train", "train", "validation", "validation"] * 5)
    with pytest.raises(UserError, match="needs windows of at least"):
        _train(desk, short, units)
