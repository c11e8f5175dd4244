"""The parity gate lets through what computes the same and stops what does not."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_models.base import Predictor
from cislex_models.checkpoint import load_models
from cislex_models.onehot import one_hot
from cislex_models.registry import build
from cislex_models.wrappers import AsTuple, Ensemble
from cislex_trainer import parity
from cislex_trainer.onnx_export import export_onnx
from torch import Tensor, nn

SMALL = {"filters": "8", "filters_2": "8", "kernel_size": "8", "hidden": "8"}
REAL = np.random.default_rng(0).integers(0, 4, (17, 60)).astype(np.uint8)


@pytest.fixture
def desk(chain: Any) -> Any:
    return chain.desk


@pytest.fixture
def trained(chain: Any) -> tuple[Artifact, Artifact]:
    return chain.model, chain.dataset


def test_export_holds_model_labels_card_and_parity(desk: Any, trained: tuple[Artifact, Artifact]) -> None:
    model, dataset = trained
    evaluation = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=50)
    export = desk.run("ExportModel", model=model.digest, dataset=dataset.digest, evaluation=evaluation.digest)
    assert set(export.names()) == {"model.onnx", "labels.txt", "model_card.json", "model_card.md", "parity.json"}
    assert export.path("labels.txt").read_text() == "KO\nWT\n"
    report = export.json("parity.json")
    assert {(c["sequences"], c["batch"]) for c in report["checks"]} == {
        (kind, batch) for kind in ("real", "all_n", "edge") for batch in (1, 2, 3, 17)
    }
    assert report["max_abs_difference"] <= 1e-5
    card = export.json("model_card.json")
    assert card["model"] == model.digest
    assert card["evaluation"]["auroc"] == evaluation.json("metrics.json")["auroc"]
    text = export.path("model_card.md").read_text()
    assert "An ensemble of 2 networks (seeds 0, 1" in text
    assert f"auroc: {card['evaluation']['auroc']:.3f}" in text


def test_the_file_is_whole_and_its_names_and_free_batch_are_as_promised(chain: Any) -> None:
    graph = onnx.load(chain.export.path("model.onnx"))
    onnx.checker.check_model(graph)
    (inside,) = graph.graph.input
    assert inside.name == "onehot"
    assert inside.type.tensor_type.shape.dim[0].dim_param
    assert [d.dim_value for d in inside.type.tensor_type.shape.dim[1:]] == [4, 60]
    assert [o.name for o in graph.graph.output] == ["logits", "attention"]
    assert not any(t.external_data for t in graph.graph.initializer)


def test_logits_are_the_mean_over_seeds(chain: Any) -> None:
    session = ort.InferenceSession(str(chain.export.path("model.onnx")), providers=["CPUExecutionProvider"])
    x = one_hot(torch.from_numpy(REAL))
    with torch.no_grad():
        expected = torch.stack([m(x) for m in load_models(chain.model)]).mean(0)
    logits, attention = session.run(["logits", "attention"], {"onehot": x.numpy()})
    np.testing.assert_allclose(logits, expected.numpy(), atol=1e-6)
    np.testing.assert_allclose(attention.sum(1), 1.0, atol=1e-6)


def test_edge_sequences_are_seventeen_different_rows_of_valid_codes() -> None:
    rows = parity.edge_sequences(60)
    assert rows.shape == (17, 60)
    assert rows.max() == 4
    assert len(np.unique(rows, axis=0)) == 17


class _MixesRows(Predictor):
    """Subtracts the mean over the batch: a row's answer depends on its neighbours."""

    extra_outputs = ("attention",)

    def __init__(self) -> None:
        super().__init__()
        self.score = nn.Linear(240, 2)

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        flat = x.reshape(-1, 240)
        return self.score(flat) - self.score(flat).mean(0), {"attention": torch.softmax(flat, 1)}


class _Smooth(Predictor):
    extra_outputs = ("attention",)

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward_with_extras(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        return self.scale * x.sum((1, 2))[:, None].expand(-1, 2), {"attention": torch.softmax(x.sum(1), 1)}


def test_a_model_that_was_altered_after_export_is_refused(tmp_path: Path) -> None:
    module, path = Ensemble([build("wtko_cnn", 60, SMALL, seed=0)]).eval(), tmp_path / "m.onnx"
    export_onnx(module, 60, path)
    with torch.no_grad():
        module.models[0].output.bias += 0.01
    with pytest.raises(UserError, match=r"differ by 0\.01 \(tolerance 0\.0001\)") as caught:
        parity.check(path, module, REAL, 1e-4)
    assert caught.value.reason is Reason.PARITY_FAILED
    assert float(caught.value.metadata["max_abs_difference"]) == pytest.approx(0.01, rel=1e-3)


def test_a_baked_batch_is_refused(tmp_path: Path) -> None:
    """The example's batch of 2 is right, so the exporter's own check would let this one pass."""
    path = tmp_path / "m.onnx"
    module = _Smooth().eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            AsTuple(module), (torch.zeros(2, 4, 60),), path, dynamo=True, external_data=False, opset_version=18,
            verbose=False, input_names=["onehot"], output_names=["logits", "attention"],
        )  # fmt: skip
    rows = parity.compare(path, module, REAL)
    assert all(np.isfinite(row["logits"]) == (row["batch"] == 2) for row in rows)
    with pytest.raises(UserError, match=r"differ by inf .* at batch 1: .*; nothing was exported"):
        parity.check(path, module, REAL, 1e-4)


def test_a_model_whose_rows_depend_on_each_other_still_matches_itself(tmp_path: Path) -> None:
    """The gate compares with torch at the same batch; what a module computes is its own affair."""
    path, module = tmp_path / "m.onnx", _MixesRows().eval()
    export_onnx(module, 60, path)
    assert parity.check(path, module, REAL, 1e-4)["max_abs_difference"] < 1e-5


def test_not_a_number_is_refused(tmp_path: Path) -> None:
    path, module = tmp_path / "m.onnx", _Smooth().eval()
    export_onnx(module, 60, path)
    with torch.no_grad():
        module.scale.fill_(float("nan"))
    with pytest.raises(UserError, match="differ by inf"):
        parity.check(path, module, REAL, 1e-4)


def test_failed_parity_commits_nothing(desk: Any, trained: tuple[Artifact, Artifact], monkeypatch: Any) -> None:
    monkeypatch.setattr(parity, "_difference", lambda expected, got: 3e-4)
    before = set(desk.store.artifacts())
    with pytest.raises(UserError, match="nothing was exported"):
        desk.run("ExportModel", model=trained[0].digest, dataset=trained[1].digest)
    assert set(desk.store.artifacts()) == before
    export = desk.run("ExportModel", model=trained[0].digest, dataset=trained[1].digest, tolerance=1e-3)
    assert export.manifest.summary["max_abs_difference"] == 3e-4
