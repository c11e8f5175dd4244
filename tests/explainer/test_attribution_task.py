"""ComputeAttributions as a task: files, summary, invariances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cislex.explainer.v1 import explainer_pb2
from cislex_core.artifacts import Artifact
from cislex_core.datasets import Dataset
from cislex_core.sequences import one_hot
from google.protobuf.json_format import ParseDict

ARRAYS = ("hypothetical.npy", "projected.npy", "importance.npy")


@pytest.fixture
def run(
    desk: Any, make_dataset: Callable[..., Artifact], make_model: Callable[..., Artifact]
) -> Callable[..., Artifact]:
    dataset, model = make_dataset(), make_model()

    def compute(**fields: Any) -> Artifact:
        return desk.run("ComputeAttributions", **({"model": model.digest, "dataset": dataset.digest} | fields))

    return compute


def test_files_agree_with_each_other_and_with_the_dataset(run: Callable[..., Artifact], desk: Any) -> None:
    artifact = run()
    data = Dataset.from_artifact(desk.store.open_artifact(artifact.manifest.spec["dataset"]))
    rows = artifact.array("rows.npy")
    hypothetical, projected, importance = (np.asarray(artifact.array(name)) for name in ARRAYS)
    assert rows.tolist() == data.split("test").tolist()
    assert hypothetical.shape == (64, 4, 60)
    assert {a.dtype for a in (hypothetical, projected, importance)} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(projected, hypothetical * one_hot(data.codes[rows]))
    np.testing.assert_array_equal(importance, np.abs(hypothetical).max(axis=1))
    outputs = artifact.table("outputs.parquet").to_pydict()
    wins = np.array(outputs["logit_WT"]) > np.array(outputs["logit_KO"])
    assert outputs["predicted"] == ["WT" if win else "KO" for win in wins]
    summary = ParseDict(artifact.manifest.summary, explainer_pb2.Attributions())
    assert (summary.n_sequences, summary.window_bp, list(summary.seeds)) == (64, 60, [0, 1, 2])
    assert summary.accuracy == pytest.approx(np.mean((wins == 1) == (data.targets[rows] == 1)))


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients"])
def test_batches_do_not_matter(run: Callable[..., Artifact], method: str) -> None:
    whole, single = (run(method=method, batch_size=size, steps=4) for size in (64, 1))
    for name in ARRAYS:
        np.testing.assert_allclose(single.array(name), whole.array(name), atol=1e-6)
