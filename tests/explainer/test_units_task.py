"""ExplainUnits as a task: every file and target type, batches and seeds, warnings, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from cislex.explainer.v1 import explainer_pb2
from cislex_core.errors import Cancelled, Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.motif_files import read_motifs
from cislex_explainer.importance import QUANTILES
from cislex_models.base import Architecture
from cislex_models.onehot import one_hot
from google.protobuf.json_format import ParseDict
from unit_scenes import WORDS, commit_dataset, commit_model, word_units, words_in_random_dna

CLASSES = {"type": "class_index", "classes": ["KO", "WT"]}


def _one_unit_speaks(model: Architecture, unit: int, weight: float) -> Architecture:
    """Unit ``unit`` is on (1 and more) where its word is, else off; it alone speaks, with ``weight`` for output 1."""
    with torch.no_grad():
        for parameter in model.layers.parameters():  # type: ignore[union-attr]
            parameter.zero_()
        first, last = model.layers  # type: ignore[misc]
        first.linear.weight.fill_(1.0)  # type: ignore[union-attr]
        first.norm.weight.fill_(1.0)  # type: ignore[union-attr]
        last.linear.weight.fill_(1.0)  # type: ignore[union-attr]
        last.norm.weight.fill_(1.0)  # type: ignore[union-attr]
        last.linear.bias.fill_(-6.0)  # type: ignore[union-attr]
        model.output.weight.zero_()  # type: ignore[union-attr]
        model.output.bias.copy_(torch.tensor([0.0, -0.5]))  # type: ignore[union-attr]
        model.output.weight[1, unit] = weight  # type: ignore[union-attr]
    return model


@pytest.fixture
def scene(desk: Any) -> tuple[Artifact, Artifact, list[Architecture], np.ndarray, np.ndarray]:
    """300 sequences; WT are those with the first word. Two seeds of two units."""
    codes, has, _ = words_in_random_dna(300, 0)
    codes[4, 20:25] = 4
    targets = has[:, 0].astype(np.int64)
    models = [_one_unit_speaks(word_units(list(WORDS), seed=0), 0, 2.0), word_units(list(WORDS)[::-1], seed=1)]
    dataset = commit_dataset(desk, codes, targets, CLASSES)
    return commit_model(desk, models, ["KO", "WT"]), dataset, models, codes, targets


def test_every_file(desk: Any, scene: Any) -> None:
    model, dataset, models, codes, targets = scene
    reports: list[dict[str, Any]] = []
    found = desk.run("ExplainUnits", desk.progress(reports), model=model.digest, dataset=dataset.digest)
    rows = np.flatnonzero(np.arange(300) % 3)
    with torch.no_grad():
        answers = [m.forward_with_extras(one_hot(torch.from_numpy(codes[rows]))) for m in models]
    outputs = np.concatenate([extras["unit_outputs"].numpy() for _, extras in answers], axis=1)
    np.testing.assert_allclose(found.array("unit_outputs.npy"), outputs, rtol=1e-5, atol=1e-5)
    correct = [(logits.argmax(1).numpy() == targets[rows]) for logits, _ in answers]
    table = found.table("rows.parquet")
    assert table["row"].to_pylist() == rows.tolist()
    assert table["correct"].to_pylist() == (correct[0] & correct[1]).tolist()
    assert table["correct_s1"].to_pylist() == correct[1].tolist()

    units = {row["unit_id"]: row for row in found.table("units.parquet").to_pylist()}
    assert list(units) == ["s0_u0", "s0_u1", "s1_u0", "s1_u1"]
    counts = found.array("pfm.npy")
    motifs = {motif.id: motif for motif in read_motifs(found.path("units.meme"))}
    activations = answers[0][1]["filter_activations"].numpy()
    for unit in range(2):
        maximum = activations[correct[0]][:, unit].max()
        row = units[f"s0_u{unit}"]
        assert row["activation_max"] == pytest.approx(maximum, rel=1e-5)
        sites = (activations[:, unit] >= np.float32(0.5 * maximum)) & correct[0][:, None]
        assert row["n_active_sequences"] == sites.any(axis=1).sum()
        assert (counts[unit].sum(axis=0) == row["nsites"]).all()
        assert motifs[f"s0_u{unit}"].nsites == row["nsites"] > 0
        assert counts[unit].argmax(axis=0)[2:10].tolist() == ["ACGT".index(b) for b in WORDS[unit]]
    assert units["s0_u0"]["rank"] == units["s0_u0"]["effect_rank"] == 1
    assert units["s0_u0"]["best_output"] == "WT - KO"
    assert units["s0_u0"]["best_importance"] > 1
    assert WORDS[0] in units["s0_u0"]["consensus"]

    importance = found.table("importance.parquet").to_pylist()
    assert [(r["unit_id"], r["output"]) for r in importance[:4]] == [
        ("s0_u0", "KO"), ("s0_u0", "WT"), ("s0_u0", "WT - KO"), ("s0_u1", "KO"),
    ]  # fmt: skip
    active = (activations[:, 0].max(axis=1) >= np.float32(0.5 * activations[correct[0]][:, 0].max())) & correct[0]
    values = 2.0 * outputs[active, 0].astype(np.float64)
    p5, q25, median, q75, p95 = np.quantile(values, QUANTILES)
    wanted = {"weight": 2.0, "p5": p5, "q25": q25, "median": median, "q75": q75, "p95": p95, "mean": values.mean()}
    for name, value in wanted.items():
        assert importance[1][name] == importance[2][name] == pytest.approx(value, rel=1e-4), name
    assert importance[1]["n_sequences"] == active.sum()
    assert importance[1]["agreement"] == "agree"
    assert importance[0]["agreement"] == "neither"

    heat = found.json("heatmap.json")
    assert sorted(heat["units"]) == sorted(units)
    assert sorted(heat["outputs"]) == ["KO", "WT"]
    assert heat["weights"][heat["units"].index("s0_u0")][heat["outputs"].index("WT")] == 2.0
    summary = ParseDict(found.manifest.summary, explainer_pb2.UnitSet())
    assert (summary.n_units, summary.width_bp, summary.contrast) == (4, 19, "WT - KO")
    assert summary.top_units[0] in ("s0_u0", "s1_u0", "s1_u1")
    assert any(report["progress"].get("done") == report["progress"].get("total") == 600 for report in reports)


def test_batches_do_not_matter(desk: Any, scene: Any) -> None:
    model, dataset, *_ = scene
    given = {"model": model.digest, "dataset": dataset.digest, "split": "all"}
    found = [desk.run("ExplainUnits", **given, batch_size=size) for size in (300, 7)]
    for name in ("units.parquet", "importance.parquet"):
        left, right = (each.table(name) for each in found)
        for column in left.column_names:
            a, b = left[column].to_pylist(), right[column].to_pylist()
            if isinstance(a[0], float):
                np.testing.assert_allclose(np.array(a, float), np.array(b, float), rtol=1e-3, atol=1e-5)
            else:
                assert a == b, column
    np.testing.assert_array_equal(found[0].array("pfm.npy"), found[1].array("pfm.npy"))


@pytest.mark.parametrize("most", [1.0, 0.0])
def test_one_pass_counts_what_two_count(desk: Any, scene: Any, most: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether sites are noted on the way (up to all of them) or counted in a second pass, and however batches fall."""
    model, dataset, *_ = scene
    given = {"model": model.digest, "dataset": dataset.digest, "split": "all", "threshold": 0.2}
    monkeypatch.setattr("cislex_explainer.candidates._MOST", most)
    found = desk.run("ExplainUnits", **given, batch_size=7).array("pfm.npy")
    monkeypatch.setattr("cislex_explainer.candidates._MOST", 0.5 - most / 2)
    monkeypatch.setattr("cislex_explainer.candidates._BLOCK", 11)
    np.testing.assert_array_equal(desk.run("ExplainUnits", **given, batch_size=64).array("pfm.npy"), found)
    assert found.sum() > 0


def test_above_the_threshold_or_at_it(desk: Any, scene: Any) -> None:
    model, dataset, *_ = scene
    given = {"model": model.digest, "dataset": dataset.digest, "split": "all"}
    at, over = (desk.run("ExplainUnits", **given, inclusive=flag) for flag in (True, False))
    assert "activation >= 0.5 x" in at.manifest.semantics["site"]
    assert "activation > 0.5 x" in over.manifest.semantics["site"]
    assert (at.array("pfm.npy") >= over.array("pfm.npy")).all()


def test_labels_with_unresolved_entries(desk: Any) -> None:
    """Each task takes its own sequences; matrices those with every resolved entry right."""
    codes, has, _ = words_in_random_dna(240, 1)
    targets = has.astype(np.int8)
    targets[::5, 1] = -1
    model = _one_unit_speaks(word_units(list(WORDS)), 0, 2.0)
    with torch.no_grad():
        model.output.weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 2.0]]))  # type: ignore[union-attr]
        model.output.bias.copy_(torch.tensor([-0.1, 0.4]))  # type: ignore[union-attr]
    tasks = {"type": "multilabel", "tasks": ["a", "b"], "groups": ["left", "right"]}
    given = {
        "model": commit_model(desk, [model], ["a", "b"]).digest,
        "dataset": commit_dataset(desk, codes, targets, tasks).digest,
        "split": "all",
    }
    by_task, by_all = (desk.run("ExplainUnits", **given, correct_scope=scope) for scope in ("per_task", "all_tasks"))
    with torch.no_grad():
        logits, extras = model.forward_with_extras(one_hot(torch.from_numpy(codes)))
    right = (targets != -1) & ((logits.numpy() >= 0) == (targets == 1))
    whole = (right | (targets == -1)).all(axis=1)
    assert 0 < whole.sum() < right[:, 0].sum()
    assert by_task.manifest.summary["n_correct"] == whole.sum()
    maxima = extras["filter_activations"].numpy().max(axis=2)
    active = maxima >= np.float32(0.5) * maxima[whole].max(axis=0)
    for found, scope in ((by_task, right), (by_all, np.stack([whole, whole], axis=1))):
        rows = {(r["unit"], r["output"]): r for r in found.table("importance.parquet").to_pylist()}
        assert set(rows) == {(0, "a"), (0, "b"), (1, "a"), (1, "b")}
        for (unit, name), row in rows.items():
            task = "ab".index(name)
            assert row["n_sequences"] == (active[:, unit] & scope[:, task]).sum()
            assert row["n_positive"] == (active[:, unit] & scope[:, task] & (targets[:, task] == 1)).sum()
            assert row["group"] == ("left", "right")[task]
    assert by_task.manifest.summary["contrast"] == ""
    assert {row["best_output"] for row in by_task.table("units.parquet").to_pylist()} == {"a", "b"}
    assert by_task.json("heatmap.json")["groups"]


@pytest.mark.parametrize("n_tasks", [1, 4])
def test_regression(desk: Any, n_tasks: int) -> None:
    codes, has, _ = words_in_random_dna(120, 2)
    mixing = np.random.default_rng(0).normal(size=(2, n_tasks))
    targets = (has @ mixing).astype(np.float32)
    model = word_units(list(WORDS), n_outputs=n_tasks)
    names = [f"t{i}" for i in range(n_tasks)]
    given = {
        "model": commit_model(desk, [model], names).digest,
        "dataset": commit_dataset(desk, codes, targets, {"type": "regression", "tasks": names}).digest,
        "split": "all",
        "correct_correlation": -0.5,
        "correct_percentile": 25.0,
    }
    found = desk.run("ExplainUnits", **given)
    assert found.manifest.summary["target_type"] == "regression"
    if n_tasks == 1:
        assert found.manifest.summary["n_correct"] == 30
        assert "lowest 25 %" in found.manifest.summary["correct_rule"]
    else:
        assert "Pearson r" in found.manifest.summary["correct_rule"]
    assert {row["median_positive"] for row in found.table("importance.parquet").to_pylist()} == {None}


def test_a_model_that_is_never_right_takes_all_sequences_and_says_so(desk: Any) -> None:
    codes, _, _ = words_in_random_dna(30, 3)
    model = _one_unit_speaks(word_units(list(WORDS)), 0, 0.0)  # always KO
    dataset = commit_dataset(desk, codes, np.ones(30, dtype=np.int64), CLASSES)
    reports: list[dict[str, Any]] = []
    found = desk.run(
        "ExplainUnits", desk.progress(reports), model=commit_model(desk, [model], ["KO", "WT"]).digest,
        dataset=dataset.digest, split="all",
    )  # fmt: skip
    assert found.manifest.summary["n_correct"] == 0
    assert found.manifest.summary["n_active_units"] == 2
    assert any(w["reason"] == "NO_CORRECT_SEQUENCE" for report in reports for w in report["warnings"])


def test_errors_and_cancel(desk: Any, scene: Any, make_model: Callable, make_dataset: Callable) -> None:
    model, dataset, models, *_ = scene
    with pytest.raises(UserError, match="has no units") as caught:
        desk.run("ExplainUnits", model=make_model().digest, dataset=make_dataset().digest)
    assert caught.value.reason is Reason.INVALID_REQUEST
    others = commit_model(desk, models, ["a", "b"])
    with pytest.raises(UserError, match="outputs are a, b, the dataset's classes or tasks KO, WT"):
        desk.run("ExplainUnits", model=others.digest, dataset=dataset.digest)
    with pytest.raises(UserError) as caught:
        desk.run("ExplainUnits", model=model.digest, dataset=dataset.digest, split="validation")
    assert caught.value.reason is Reason.EMPTY_SPLIT
    progress = desk.progress()
    progress.cancelled.set()
    with pytest.raises(Cancelled):
        desk.run("ExplainUnits", progress, model=model.digest, dataset=dataset.digest)
    assert not [*desk.scratch.glob("*.f4"), *desk.scratch.glob("*.bin")], "scratch files are gone, whatever happens"
