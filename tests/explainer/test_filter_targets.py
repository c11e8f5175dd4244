"""ExplainFilters on every target type and architecture: what was written for WT and KO, for any outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from cislex.explainer.v1 import explainer_pb2
from cislex_core.motif_files import read_motifs
from cislex_explainer.nullify import EffectSums, evenly_chosen_rows, output_changes
from cislex_models.onehot import one_hot
from cislex_models.registry import build
from google.protobuf.json_format import ParseDict
from unit_scenes import commit_dataset, commit_model, words_in_random_dna

SMALL = {"filters": 6, "filters_2": 8, "kernel_size": 7, "hidden": 8}


def _scene(desk: Any, target_type: str, name: str = "wtko_cnn", options: dict[str, Any] | None = None) -> Any:
    codes, has, _ = words_in_random_dna(150, 0)
    if target_type == "class_index":
        outputs = ["none", "a", "b"]
        targets = np.where(has[:, 1], 2, has[:, 0]).astype(np.int64)
        target = {"type": target_type, "classes": outputs}
    else:
        outputs = ["a", "b"]
        targets = has.astype(np.int8 if target_type == "multilabel" else np.float32)
        target = {"type": target_type, "tasks": outputs}
    model = build(name, 80, options if options is not None else SMALL, len(outputs), seed=0).eval()
    return model, codes, targets, {
        "model": commit_model(desk, [model], outputs).digest,
        "dataset": commit_dataset(desk, codes, targets, target).digest,
        "split": "all",
    }  # fmt: skip


@pytest.mark.parametrize("target_type", ["class_index", "multilabel", "regression"])
def test_effects_on_each_output(desk: Any, target_type: str) -> None:
    model, codes, targets, given = _scene(desk, target_type)
    found = desk.run("ExplainFilters", **given, max_effect_sequences=1000)
    outputs = found.manifest.summary["outputs"]
    rows = found.table("effects.parquet").to_pylist()
    assert [(r["index"], r["output"]) for r in rows] == [(i, o) for i in range(6) for o in outputs]
    with torch.no_grad():
        x = one_hot(torch.from_numpy(codes))
        whole = model(x)
        activations = model.filter_activations(x).clone()
        activations[:, 2] = 0
        change = (model.from_filter_activations(activations) - whole).double().numpy()
    for index, row in enumerate(rows[2 * len(outputs) : 3 * len(outputs)]):
        assert row["effect"] == pytest.approx(change[:, index].mean(), abs=1e-6)
        assert row["effect_abs"] == pytest.approx(np.abs(change[:, index]).mean(), abs=1e-6)
        if target_type == "regression":
            assert row["effect_positive"] is None
        else:
            positive = targets == index if target_type == "class_index" else targets[:, index] == 1
            assert row["effect_positive"] == pytest.approx(change[positive, index].mean(), abs=1e-6)
    filters = found.table("filters.parquet")
    assert {"activation_frequency", "best_output", "effect_on_logit", "effect_abs"} <= set(filters.column_names)
    assert not [name for name in filters.column_names if name.endswith(("_wt", "_ko"))]
    assert "n_sites" in found.table("filter_kmers.parquet").column_names
    assert {motif.width for motif in read_motifs(found.path("filters.meme"))} == {7}
    summary = ParseDict(found.manifest.summary, explainer_pb2.FilterSet())
    assert summary.target_type == target_type


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("explainn", {"units": 5, "hidden": 6}),
        ("danq", {"filters": 8, "lstm_hidden": 4, "hidden": 8}),
        ("deepstarr", {"filters": 8, "filters_2": 6, "filters_3": 6, "filters_4": 6, "hidden": 8}),
    ],
)
def test_every_architecture_with_filters(desk: Any, name: str, options: dict[str, Any]) -> None:
    model, _, _, given = _scene(desk, "multilabel", name, options)
    found = desk.run("ExplainFilters", **given, max_effect_sequences=40)
    width = model.first_layer.kernel_size[0]
    assert found.manifest.summary["width_bp"] == width
    assert found.array("pfm.npy").shape == (model.first_layer.out_channels, 4, width)
    assert np.isfinite(np.asarray(found.table("filters.parquet")["effect_on_logit"])).all()


def test_wt_and_ko_keep_their_columns_and_gain_effects(desk: Any) -> None:
    codes, has, _ = words_in_random_dna(90, 1)
    targets = has[:, 0].astype(np.int64)
    model = build("wtko_cnn", 80, SMALL, 2, seed=1).eval()
    found = desk.run(
        "ExplainFilters",
        model=commit_model(desk, [model], ["KO", "WT"]).digest,
        dataset=commit_dataset(desk, codes, targets, {"type": "class_index", "classes": ["KO", "WT"]}).digest,
    )
    table = found.table("filters.parquet")
    assert table.column_names == [
        "filter_id", "seed", "index", "consensus_argmax", "nsites", "information_bits", "activation_frequency_wt",
        "activation_frequency_ko", "effect_on_logit", "group", "effect_on_logit_wt", "effect_on_logit_ko", "effect_abs",
        "activation_max", "consensus",
    ]  # fmt: skip
    assert {row["output"] for row in found.table("effects.parquet").to_pylist()} == {"KO", "WT"}
    assert "activation > 0.5 x" in found.manifest.semantics["threshold"]


def test_sums_of_batches_are_those_of_the_whole() -> None:
    model = build("wtko_cnn", 80, SMALL, 3, seed=0).eval()
    codes = words_in_random_dna(20, 4)[0]
    changes = output_changes(model, codes)
    positive = np.arange(20)[:, None] % 3 == np.array([0, 1, 5])
    whole, parts = EffectSums(), EffectSums()
    whole.add(changes, positive)
    for start in range(0, 20, 6):
        parts.add(changes[start : start + 6], positive[start : start + 6])
    for name in ("mean", "positive", "absolute"):
        np.testing.assert_allclose(getattr(whole.effects(), name), getattr(parts.effects(), name), atol=1e-9)
    assert np.isnan(whole.effects().positive[:, 2]).all()


def test_rows_are_chosen_evenly() -> None:
    assert evenly_chosen_rows(None, 10, 4).tolist() == [0, 3, 6, 9]
    assert evenly_chosen_rows(np.array([0, 0, 0, 1, 2, 2]), 6, 3).tolist() == [0, 3, 4]
    assert evenly_chosen_rows(None, 3, 100).tolist() == [0, 1, 2]
