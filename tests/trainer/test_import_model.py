"""Published ExplaiNN weights become a model that is evaluated, exported and compared like any other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from cislex.trainer.v1 import trainer_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.tasks import InputRef
from cislex_models.checkpoint import load_models
from cislex_trainer.import_specs import ImportModelSpec
from google.protobuf import json_format
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import Tensor, nn

WINDOW, UNITS, HIDDEN, KERNEL, POOL = 60, 3, 5, 19, 7
MakeDataset = Callable[..., Artifact]


class Exp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x)


class Unsqueeze(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1)


class Published(nn.Module):
    """The layout of the published code: grouped convolutions over a sequence repeated for each unit."""

    def __init__(self, outputs: int = 2) -> None:
        super().__init__()
        positions = (WINDOW - KERNEL + 1 - POOL) // POOL + 1
        self.linears = nn.Sequential(
            nn.Conv1d(4 * UNITS, UNITS, KERNEL, groups=UNITS), nn.BatchNorm1d(UNITS), Exp(), nn.MaxPool1d(POOL, POOL),
            nn.Flatten(), Unsqueeze(),
            nn.Conv1d(positions * UNITS, HIDDEN * UNITS, 1, groups=UNITS), nn.BatchNorm1d(HIDDEN * UNITS), nn.ReLU(),
            nn.Dropout(0.3),
            nn.Conv1d(HIDDEN * UNITS, UNITS, 1, groups=UNITS), nn.BatchNorm1d(UNITS), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.final = nn.Linear(UNITS, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.final(self.linears(x.repeat(1, UNITS, 1)))


@pytest.fixture
def published() -> Published:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Published()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                nn.init.uniform_(module.running_mean, -0.2, 0.2)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
    return model.eval()


def _file(desk: Any, folder: Path, value: Any, name: str = "weights.pth") -> dict[str, str]:
    path = folder / name
    if name.endswith(".safetensors"):
        save_file(value, path)
    else:
        torch.save(value, path)
    return {**desk.put(path), "path": str(path)}


def _import(desk: Any, checkpoint: dict[str, str], **fields: Any) -> Artifact:
    held: Artifact = desk.run(
        "ImportModel",
        **{
            "checkpoint": checkpoint, "window_bp": WINDOW, "outputs": ["KO", "WT"], "target_type": "class_index",
            **fields,
        },
    )  # fmt: skip
    return held


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_it_answers_as_the_published_network(desk: Any, tmp_path: Path, published: Published, name: str) -> None:
    model = _import(desk, _file(desk, tmp_path, published.state_dict(), name))
    x = torch.nn.functional.one_hot(torch.randint(0, 4, (20, WINDOW)), 4).float().transpose(1, 2)
    with torch.no_grad():
        torch.testing.assert_close(load_models(model)[0](x), published(x), atol=1e-5, rtol=1e-5)
    training = model.json("training.json")
    assert training["imported"] is True
    assert training["checkpoint_name"] == name
    assert training["spec"]["options"]["units"] == UNITS
    message = json_format.ParseDict(model.manifest.summary, trainer_pb2.Model())
    assert (message.selection, list(message.classes), message.dataset) == ("imported", ["KO", "WT"], "")
    assert message.n_parameters == sum(p.numel() for p in published.parameters())


def test_other_channel_orders_are_permuted(desk: Any, tmp_path: Path, published: Published) -> None:
    model = _import(desk, _file(desk, tmp_path, published.state_dict()), channel_order="ATGC")
    x = torch.nn.functional.one_hot(torch.randint(0, 4, (5, WINDOW)), 4).float().transpose(1, 2)
    with torch.no_grad():
        theirs = published(x[:, ["ACGT".index(letter) for letter in "ATGC"]])
        torch.testing.assert_close(load_models(model)[0](x), theirs, atol=1e-5, rtol=1e-5)


def test_it_is_evaluated_exported_compared_and_a_unit_like_any_other(
    desk: Any, tmp_path: Path, published: Published, make_dataset: MakeDataset
) -> None:
    dataset = make_dataset()
    model = _import(desk, _file(desk, tmp_path, published.state_dict()))
    found = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0)
    metrics = found.json("metrics.json")
    assert (metrics["protocol"], metrics["selection"], metrics["optimistic"]) == ("imported", "imported", False)
    json_format.ParseDict(found.manifest.summary, trainer_pb2.Evaluation())
    export = desk.run("ExportModel", model=model.digest, dataset=dataset.digest, evaluation=found.digest)
    assert "imported from weights.pth" in export.path("model_card.md").read_text()
    compared = desk.run(
        "CompareModels", models=[model.digest] * 2, evaluations=[found.digest] * 2, names=["a", "b"], n_bootstrap=10
    )
    row = compared.table("models.parquet").to_pylist()[0]
    assert row["seconds"] is None
    assert row["n_epochs"] is None
    transferred = desk.run(
        "TrainModel", dataset=dataset.digest, architecture="unit_transfer", unit_models=[model.digest], epochs=1,
        seeds=[0],
    )  # fmt: skip
    assert transferred.table("units.parquet").num_rows == 2


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("this code must not run",))


def test_a_file_that_would_run_code_is_refused(
    desk: Any, tmp_path: Path, published: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ({"weights": _Bomb()}, nn.Linear(2, 2)):
        with pytest.raises(UserError, match="holds more than tensors") as caught:
            _import(desk, _file(desk, tmp_path, value))
        assert caught.value.reason is Reason.INVALID_REQUEST
        assert caught.value.violations[0].field == "checkpoint"
    assert "must not run" not in capsys.readouterr().out


def test_what_does_not_fit_is_refused_and_named(desk: Any, tmp_path: Path, published: Published) -> None:
    state = published.state_dict()
    checkpoint = _file(desk, tmp_path, state)
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"outputs": ["KO", "WT", "x"]}, "the weights have 2 outputs, and 3 are named", "outputs"),
        ({"options": {"units": "7"}}, "units is 3, not 7", "options"),
        ({"window_bp": 90}, "pooled positions, a window of 90 bp gives", "window_bp"),
    ]
    for fields, text, field in cases:
        with pytest.raises(UserError, match=text) as caught:
            _import(desk, checkpoint, **fields)
        assert caught.value.violations[0].field == field
    missing = {name: value for name, value in state.items() if not name.startswith("final")}
    with pytest.raises(UserError, match=r"lack 'final"):
        _import(desk, _file(desk, tmp_path, missing, "part.pth"))
    text = tmp_path / "notes.pth"
    text.write_text("not a checkpoint")
    with pytest.raises(UserError) as caught:
        _import(desk, {**desk.put(text), "path": str(text)})
    assert caught.value.reason is Reason.INVALID_REQUEST


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"outputs": ["a", "a"]}, "given twice: a"),
        ({"outputs": ["a"], "target_type": "class_index"}, "two outputs or more"),
        ({"channel_order": "ACGU"}, "letters A, C, G, T"),
        ({"options": {"unitz": "3"}}, "unitz"),
        ({"outputs": []}, "at least 1"),
        ({"architecture": "danq"}, "explainn"),
    ],
)
def test_bad_requests(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        ImportModelSpec.model_validate(
            {"checkpoint": InputRef(sha256="a" * 64), "window_bp": 200, "outputs": ["a", "b"], **fields}
        )
