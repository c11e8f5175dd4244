"""ComputeAttributions as a task: files, summary, seeds, invariances, errors, cancelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cislex.explainer.v1 import explainer_pb2
from cislex_core.datasets import Dataset
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.sequences import one_hot
from google.protobuf.json_format import ParseDict

ARRAYS = ("hypothetical.npy", "projected.npy", "importance.npy")


@pytest.fixture
def run(desk: Any, make_dataset: Callable, make_model: Callable) -> Callable[..., Artifact]:
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
    assert (summary.method, summary.target, summary.device) == ("saliency", "wt_minus_ko", "cpu")
    assert summary.accuracy == pytest.approx(np.mean(wins == (data.targets[rows] == 1)))
    assert "completeness.parquet" not in artifact.names()


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients"])
def test_batches_do_not_matter(run: Callable[..., Artifact], method: str) -> None:
    whole, single = (run(method=method, batch_size=size, steps=4) for size in (64, 1))
    for name in ARRAYS:
        np.testing.assert_allclose(single.array(name), whole.array(name), atol=1e-6)


def test_the_same_request_gives_the_same_artifact(run: Callable[..., Artifact]) -> None:
    shuffled = {"method": "integrated_gradients", "baseline": "dinucleotide_shuffle", "n_baselines": 2, "steps": 2}
    assert run().digest == run().digest
    assert run(**shuffled).digest == run(**shuffled).digest


def test_all_seeds_are_the_mean_of_each(run: Callable[..., Artifact]) -> None:
    together = run().array("hypothetical.npy")
    alone = [run(seed_index=index) for index in range(3)]
    np.testing.assert_allclose(together, np.mean([a.array("hypothetical.npy") for a in alone], axis=0), atol=1e-7)
    assert [a.manifest.seeds for a in alone] == [[0], [1], [2]]


def test_the_paper_explains_the_predicted_class(run: Callable[..., Artifact]) -> None:
    paper = run(protocol="paper", seed_index=0)
    assert paper.manifest.summary["target"] == "predicted"
    same = run(target="predicted", seed_index=0)
    np.testing.assert_array_equal(paper.array("importance.npy"), same.array("importance.npy"))


def test_integrated_gradients_store_their_completeness(run: Callable[..., Artifact]) -> None:
    artifact = run(method="integrated_gradients", steps=64, seed_index=0)
    table = artifact.table("completeness.parquet").to_pydict()
    delta = np.array(table["attribution_sum"]) - np.array(table["output_difference"])
    np.testing.assert_allclose(table["delta"], delta, atol=1e-12)
    assert np.abs(delta).max() == pytest.approx(artifact.manifest.summary["max_abs_completeness_delta"])
    assert np.abs(delta).max() < 0.1 * np.abs(table["output_difference"]).max()
    sums = artifact.array("projected.npy").sum((1, 2))
    np.testing.assert_allclose(table["attribution_sum"], sums, atol=1e-5)
    assert artifact.manifest.summary["baseline"] == "uniform"


def test_a_cancelled_task_stops_between_batches(desk: Any, run: Callable[..., Artifact]) -> None:
    reports: list[dict[str, Any]] = []
    progress = desk.progress(reports)
    progress.cancelled.set()
    with pytest.raises(Cancelled):
        run(progress=progress)


def test_progress_counts_sequences(desk: Any, run: Callable[..., Artifact]) -> None:
    reports: list[dict[str, Any]] = []
    run(progress=desk.progress(reports), batch_size=16)
    assert reports[-1]["progress"]["done"] == 64
    assert reports[-1]["progress"]["unit"] == "sequences"


def _reason(call: Callable[[], object]) -> tuple[Reason, str]:
    with pytest.raises(UserError) as caught:
        call()
    return caught.value.reason, caught.value.message


def test_bad_requests_say_what_to_do(
    desk: Any, run: Callable[..., Artifact], make_dataset: Callable, make_model: Callable, sequences: Callable
) -> None:
    assert _reason(lambda: run(seed_index=3)) == (
        Reason.INVALID_REQUEST,
        "seed_index 3, but the model has 3 seeds, counted from 0: [0, 1, 2]",
    )
    assert _reason(lambda: run(split="validation"))[0] is Reason.EMPTY_SPLIT
    wide = make_dataset(*sequences(12, 80))
    reason, message = _reason(lambda: run(dataset=wide.digest))
    assert reason is Reason.INVALID_REQUEST
    assert "windows of 60 bp" in message
    assert "80 bp" in message
    assert _reason(lambda: run(model=wide.digest))[0] is Reason.ARTIFACT_KIND
    assert _reason(lambda: run(dataset=make_model().digest))[0] is Reason.ARTIFACT_KIND


def test_cuda_is_never_silently_the_cpu(run: Callable[..., Artifact], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    reason, message = _reason(lambda: run(device="cuda"))
    assert reason is Reason.DEVICE_UNAVAILABLE
    assert "device auto or cpu" in message
