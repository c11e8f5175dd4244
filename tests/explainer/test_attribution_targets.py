"""ComputeAttributions on every target type, its gate and fallback, its rows and its memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from cislex.explainer.v1 import explainer_pb2
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.sequences import one_hot
from cislex_explainer import attributions_task, visible
from cislex_explainer.memory import bytes_per_sequence, plan_batches
from cislex_models.checkpoint import load_models, save_model
from cislex_models.registry import build
from google.protobuf.json_format import ParseDict

WINDOW, ROWS = 60, 12
TASKS = ["B cell", "T cell", "NK cell"]
TARGETS = {
    "class_index": {"type": "class_index", "classes": TASKS},
    "multilabel": {"type": "multilabel", "tasks": TASKS},
    "regression": {"type": "regression", "tasks": TASKS},
}


class Bench:
    """A dataset and a model of one target type, and ComputeAttributions on them."""

    def __init__(self, desk: Any, target: dict[str, Any], name: str = "cnn1", **options: Any) -> None:
        rng = np.random.default_rng(0)
        self.desk, kind = desk, target["type"]
        names = target.get("classes") or target["tasks"]
        self.codes = rng.integers(0, 4, (ROWS, WINDOW)).astype(np.uint8)
        self.codes[0, :5] = 4
        targets: np.ndarray = rng.integers(0, len(names), ROWS)
        if kind == "multilabel":
            targets = rng.integers(-1, 2, (ROWS, len(names))).astype(np.int8)
        if kind == "regression":
            targets = rng.normal(size=(ROWS, len(names))).astype(np.float32)
        columns = {"row": np.arange(ROWS), "set": pa.nulls(ROWS, pa.string()), "split": ["test"] * ROWS}
        columns |= {key: pa.nulls(ROWS, pa.int64()) for key in ("start", "end")}
        columns |= {key: pa.nulls(ROWS, pa.string()) for key in ("chrom", "strand", "name")}

        def write(folder: Path) -> None:
            np.save(folder / "codes.npy", self.codes)
            np.save(folder / "targets.npy", targets)
            pq.write_table(pa.table(columns), folder / "rows.parquet")

        self.targets = targets
        self.dataset = desk.commit("dataset", write, semantics={"target": target})
        fields = options or {"filters": 8, "hidden": 12, "kernel_size": 9}

        def save(folder: Path) -> None:
            for seed in (0, 1):
                model = build(name, WINDOW, fields, len(names), seed=seed)
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter.mul_(2)
                save_model(model, folder / f"seed_{seed}", names, seed)

        self.model = desk.commit("model", save, seeds=[0, 1])

    def run(self, **fields: Any) -> Artifact:
        artifact = self.desk.run(
            "ComputeAttributions", **({"model": self.model.digest, "dataset": self.dataset.digest} | fields)
        )
        ParseDict(artifact.manifest.summary, explainer_pb2.Attributions())
        return artifact

    def refused(self, **fields: Any) -> UserError:
        with pytest.raises(UserError) as caught:
            self.run(**fields)
        return caught.value


@pytest.fixture
def bench(desk: Any) -> Callable[..., Bench]:
    return lambda kind="multilabel", *args, **options: Bench(desk, TARGETS[kind], *args, **options)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "deeplift_shap", "ism"])
def test_the_mean_of_named_outputs_is_the_mean_of_each(bench: Callable[..., Bench], kind: str, method: str) -> None:
    here = bench(kind)
    fields = {"method": method, "steps": 4, "n_baselines": 2, "max_rows": 3}
    both = here.run(outputs=["T cell", "NK cell"], **fields)
    each = [here.run(outputs=[name], **fields).array("hypothetical.npy") for name in ("T cell", "NK cell")]
    np.testing.assert_allclose(both.array("hypothetical.npy"), np.mean(each, axis=0), atol=2e-5)
    summary = both.manifest.summary
    assert (summary["target"], summary["outputs"], summary["method"]) == ("output", ["T cell", "NK cell"], method)
    assert (summary["n_sequences"], summary["n_split"]) == (3, ROWS)
    x = one_hot(here.codes[both.array("rows.npy")])
    np.testing.assert_array_equal(both.array("projected.npy"), both.array("hypothetical.npy") * x)


def test_tables_speak_the_language_of_the_targets(bench: Callable[..., Bench]) -> None:
    here = bench("multilabel")
    table = here.run(outputs=["B cell"]).table("outputs.parquet").to_pydict()
    assert table["target_B cell"] == [None if t < 0 else t for t in here.targets[:, 0]]
    assert table["attributed"] == pytest.approx(table["logit_B cell"])
    here = bench("regression")
    artifact = here.run(outputs=["NK cell"])
    table = artifact.table("outputs.parquet").to_pydict()
    assert table["target_NK cell"] == pytest.approx(here.targets[:, 2])
    assert set(table) == {"row", "attributed", *(f"{p}_{t}" for p in ("target", "predicted") for t in TASKS)}
    assert artifact.manifest.semantics["unit"] == "value"
    assert artifact.manifest.summary["accuracy"] == 0
    here = bench("class_index")
    artifact = here.run()
    assert artifact.manifest.summary["target"] == "predicted"
    assert "attributed" not in artifact.table("outputs.parquet").column_names


def test_what_a_dataset_has_not_is_refused_with_its_names(bench: Callable[..., Bench], desk: Any) -> None:
    here = bench("multilabel")
    for fields in ({}, {"target": "output"}, {"outputs": ["Treg"]}, {"target": "predicted"}, {"target": "wt_minus_ko"}):
        error = here.refused(**fields)
        assert error.reason is Reason.INVALID_REQUEST
        assert "B cell, T cell, NK cell" in error.message
    assert "Treg" in here.refused(outputs=["Treg"]).message
    only = Bench(desk, {"type": "regression", "tasks": ["activity"]})
    assert only.run().manifest.summary["outputs"] == ["activity"]
    with pytest.raises(ValueError, match="goes with target output"):
        here.run(outputs=["B cell"], target="predicted")


def test_lstm_and_attention_pass_the_gate(bench: Callable[..., Bench]) -> None:
    here = bench("regression", "danq", filters=6, lstm_hidden=4, hidden=6, pool_size=5, kernel_size=9)
    artifact = here.run(method="deeplift_shap", outputs=["T cell"], n_baselines=3, max_rows=4, rc_average=True)
    table = artifact.table("convergence.parquet").to_pydict()
    assert max(table["relative_delta"]) < 0.01
    assert table["attribution_sum"] == pytest.approx(table["output_difference"], abs=1e-3)
    assert artifact.manifest.summary["max_convergence_delta"] == max(table["relative_delta"])
    sums = artifact.array("projected.npy").sum((1, 2))
    assert table["attribution_sum"] == pytest.approx(sums, abs=1e-4)
    assert artifact.manifest.semantics["n_baselines"] == 3
    assert "tangermeme" in artifact.manifest.tools


def test_what_does_not_converge_is_refused(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visible, "_HANDLERS", {})
    error = bench(filters=8, hidden=12, kernel_size=9, name="cnn1_exp").refused(
        method="deeplift_shap", outputs=["B cell"], n_baselines=3
    )
    assert error.reason is Reason.NOT_CONVERGED
    assert f"of the first {ROWS} sequences" in error.message
    assert "integrated_gradients or ism" in error.message
    assert float(error.metadata["worst_delta"]) > 0.01
    assert 0 < float(error.metadata["share"]) <= 1


@pytest.mark.parametrize("fallback", ["integrated_gradients", "ism"])
def test_an_allowed_fallback_is_taken_for_all_and_said(
    bench: Callable[..., Bench], desk: Any, monkeypatch: pytest.MonkeyPatch, fallback: str
) -> None:
    here = bench(filters=8, hidden=12, kernel_size=9, name="cnn1_exp")
    fields = {"outputs": ["B cell"], "n_baselines": 2, "steps": 4, "max_rows": 3}
    direct = here.run(method=fallback, **fields)
    monkeypatch.setattr(visible, "_HANDLERS", {})
    reports: list[dict[str, Any]] = []
    fell = here.run(method="deeplift_shap", fallback=fallback, progress=desk.progress(reports), **fields)
    np.testing.assert_array_equal(fell.array("hypothetical.npy"), direct.array("hypothetical.npy"))
    summary = fell.manifest.summary
    assert (summary["method"], summary["requested_method"]) == (fallback, "deeplift_shap")
    assert "of the first 3 sequences" in summary["fallback_reason"]
    assert summary["fallback_reason"] == fell.manifest.semantics["fallback_reason"]
    assert any("NOT_CONVERGED" in str(report) for report in reports)
    assert ("completeness.parquet" in fell.names()) == (fallback == "integrated_gradients")
    assert "convergence.parquet" not in fell.names()


def test_ism_names_its_normalisation_and_keeps_what_it_measured(bench: Callable[..., Bench]) -> None:
    here = bench("regression")
    artifact = here.run(method="ism", outputs=["B cell"], max_rows=2)
    raw, x = np.asarray(artifact.array("ism.npy")), one_hot(here.codes[artifact.array("rows.npy")])
    np.testing.assert_allclose(artifact.array("projected.npy").sum(1), -raw.sum(1) / 3 * x.sum(1), atol=1e-6)
    assert artifact.manifest.summary["normalisation"] == "mean over the three alternatives"
    models = load_models(here.model)
    with torch.no_grad():
        mutant = here.codes[:1].copy()
        mutant[0, 20] = (mutant[0, 20] + 1) % 4
        both = [model(torch.from_numpy(one_hot(np.concatenate([mutant, here.codes[:1]])))) for model in models]
    change = torch.stack(both).mean(0)[:, 0]
    assert raw[0, mutant[0, 20], 20] == pytest.approx(float(change[0] - change[1]), abs=1e-5)


def test_ism_beyond_reason_is_refused(bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributions_task, "MAX_MUTANTS", 3 * WINDOW * 2 * 5)
    error = bench("regression").refused(method="ism", outputs=["B cell"])
    assert error.reason is Reason.INVALID_REQUEST
    assert "max_rows to at most 5" in error.message


def test_rows_are_chosen_evenly_or_by_what_is_attributed(bench: Callable[..., Bench]) -> None:
    here = bench("regression")
    assert here.run(outputs=["B cell"], max_rows=4).array("rows.npy").tolist() == [0, 3, 6, 9]
    scores = here.run(outputs=["B cell"]).table("outputs.parquet")["attributed"].to_numpy()
    best = here.run(outputs=["B cell"], max_rows=4, row_choice="score").array("rows.npy")
    assert best.tolist() == np.sort(np.argsort(-scores)[:4]).tolist()
    assert len(here.run(outputs=["B cell"], max_rows=99).array("rows.npy")) == ROWS


def test_memory_is_estimated_before_it_starts(bench: Callable[..., Bench], desk: Any) -> None:
    here = bench("regression")
    reports: list[dict[str, Any]] = []
    artifact = here.run(
        outputs=["B cell"], method="deeplift_shap", n_baselines=2, max_rows=2, progress=desk.progress(reports)
    )
    summary = artifact.manifest.summary
    assert summary["batch_size"] == 32
    assert summary["estimated_bytes"] > 32 * 4 * 4 * WINDOW
    assert any("batches of 32 sequences, about" in str(report) for report in reports)
    model = load_models(here.model)[0]
    each = bytes_per_sequence(model, WINDOW, torch.device("cpu"))
    plan = plan_batches(model, "deeplift_shap", WINDOW, torch.device("cpu"), None, 5 * 8 * each)
    assert plan.size == 5
    with pytest.raises(UserError, match="raise memory_limit_bytes") as caught:
        plan_batches(model, "deeplift_shap", WINDOW, torch.device("cpu"), None, each)
    assert caught.value.reason is Reason.OUT_OF_MEMORY


def test_a_larger_network_is_estimated_larger() -> None:
    small, large = (build("cnn1", WINDOW, {"filters": n, "hidden": 8}, 2, seed=0).eval() for n in (8, 64))
    sizes = [bytes_per_sequence(model, WINDOW, torch.device("cpu")) for model in (small, large)]
    assert 4 < sizes[1] / sizes[0] < 10


@pytest.mark.parametrize("kind", TARGETS)
def test_kmers_of_any_targets(bench: Callable[..., Bench], desk: Any, kind: str) -> None:
    here = bench(kind)
    attributions = here.run(outputs=["B cell"])
    kmers = desk.run("ExtractKmers", attributions=attributions.digest, dataset=here.dataset.digest, k=8, k_rank=4)
    table, ranking = kmers.table("kmers.parquet"), kmers.table("ranking.parquet")
    assert table.num_rows == 3 * ROWS
    assert table["label"].null_count == (0 if kind == "class_index" else table.num_rows)
    assert ranking["n_wt"].null_count == ranking.num_rows
    assert kmers.manifest.summary["n_wt_sequences"] == 0
    ParseDict(kmers.manifest.summary, explainer_pb2.KmerSet())
