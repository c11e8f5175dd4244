"""Predict: onnxruntime over datasets and FASTA, on a provider that is read from the session."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_trainer.predict import open_session

Exported = tuple[Artifact, Artifact, Artifact]


@pytest.fixture
def desk(chain: Any) -> Any:
    return chain.desk


@pytest.fixture
def exported(chain: Any) -> Exported:
    """(export, model, dataset)"""
    return chain.export, chain.model, chain.dataset


def test_predictions_equal_the_evaluations(desk: Any, exported: Exported) -> None:
    export, model, dataset = exported
    evaluation = desk.run("EvaluateModel", model=model.digest, dataset=dataset.digest, n_bootstrap=0)
    found = desk.run("Predict", export=export.digest, dataset=dataset.digest, split="test", batch_size=7)
    ours = found.table("predictions.parquet").to_pydict()
    ensemble = [r for r in evaluation.table("predictions.parquet").to_pylist() if r["seed"] == -1]
    assert ours["row"] == [r["row"] for r in ensemble]
    np.testing.assert_allclose(ours["p_WT"], [r["p_WT"] for r in ensemble], atol=1e-6)
    np.testing.assert_allclose(ours["logit_KO"], [r["logit_KO"] for r in ensemble], atol=1e-6)
    assert ours["predicted"] == ["WT" if p > 0.5 else "KO" for p in ours["p_WT"]]
    assert set(ours["split"]) == {"test"}


def test_all_rows_by_default_and_batch_size_changes_nothing(desk: Any, exported: Exported) -> None:
    export, _, dataset = exported
    large, small = (
        desk.run("Predict", export=export.digest, dataset=dataset.digest, batch_size=b).table("predictions.parquet")
        for b in (256, 3)
    )
    assert large.num_rows == 200
    np.testing.assert_allclose(large["p_WT"].to_numpy(), small["p_WT"].to_numpy(), atol=1e-6)


@pytest.mark.parametrize("zipped", [False, True])
def test_fasta_gives_the_same_as_the_dataset(desk: Any, exported: Exported, tmp_path: Path, zipped: bool) -> None:
    export, _, dataset = exported
    letters = Dataset.from_artifact(dataset).strings(np.arange(9))
    text = "".join(f">s{i} more words\n{s[:30].lower()}\n{s[30:]}\n" for i, s in enumerate(letters)).encode()
    path = tmp_path / "s.fa"
    path.write_bytes(gzip.compress(text) if zipped else text)
    found = desk.run("Predict", export=export.digest, sequences=desk.put(path)).table("predictions.parquet")
    expected = desk.run("Predict", export=export.digest, dataset=dataset.digest).table("predictions.parquet")
    assert found["name"].to_pylist() == [f"s{i}" for i in range(9)]
    np.testing.assert_allclose(found["p_WT"].to_numpy(), expected["p_WT"].to_numpy()[:9], atol=1e-6)


def test_shorter_and_longer_sequences_are_fitted(desk: Any, exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "s.fa"
    path.write_text(f">short\n{'ACGT' * 5}\n>padded\n{'N' * 20}{'ACGT' * 5}{'N' * 20}\n>end\n{'ACGT' * 5}{'N' * 40}\n")
    centre, end = (
        desk.run("Predict", export=exported[0].digest, sequences=desk.put(path), pad=pad)
        .table("predictions.parquet")["p_WT"]
        .to_pylist()
        for pad in ("center", "end")
    )
    assert centre[0] == pytest.approx(centre[1], abs=1e-7)
    assert end[0] == pytest.approx(end[2], abs=1e-7)
    assert centre[0] != pytest.approx(end[0], abs=1e-7)


@pytest.mark.parametrize(
    "text, reason", [("ACGT\n", Reason.INVALID_FASTA), (">a\nAC!T\n", Reason.INVALID_FASTA), ("\n", Reason.EMPTY_SET)]
)
def test_bad_fasta(desk: Any, exported: Exported, tmp_path: Path, text: str, reason: Reason) -> None:
    path = tmp_path / "bad.fa"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        desk.run("Predict", export=exported[0].digest, sequences=desk.put(path))
    assert caught.value.reason is reason


def test_windows_of_another_width(desk: Any, exported: Exported) -> None:
    other = desk.dataset(np.zeros((4, 50), dtype=np.uint8), np.arange(4) % 2, ["chr1"] * 4, ["test"] * 4)
    with pytest.raises(UserError, match=r"windows of 60 bp, the dataset has 50 bp"):
        desk.run("Predict", export=exported[0].digest, dataset=other.digest)


def test_summary_names_the_provider_that_ran(desk: Any, exported: Exported) -> None:
    found = desk.run("Predict", export=exported[0].digest, dataset=exported[2].digest)
    summary = found.manifest.summary
    assert summary["provider"] in ort.get_available_providers()
    assert sum(c["n_sequences"] for c in summary["classes"]) == summary["n_sequences"] == 200


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="onnxruntime has CUDA here")
def test_cuda_without_cuda_is_refused(exported: Exported) -> None:
    with pytest.raises(UserError, match=r"onnxruntime .* uses CPUExecutionProvider") as caught:
        open_session(exported[0].path("model.onnx"), "cuda")
    assert caught.value.reason is Reason.DEVICE_UNAVAILABLE
