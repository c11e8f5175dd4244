"""UMAP of unit outputs: what it is coloured by, the page that needs nothing else, and the task as a whole."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from cislex.explainer.v1 import explainer_pb2
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.targets import TARGET_TYPES
from cislex_explainer.projection import evenly, standardised
from cislex_explainer.projection_colors import MOST_CATEGORIES, Coloring, coloring, default_names
from cislex_explainer.projection_html import page
from cislex_explainer.projection_png import categories, draw
from google.protobuf.json_format import ParseDict
from unit_scenes import WORDS, commit_dataset, commit_model, word_units, words_in_random_dna


def _dataset(desk: Any, n: int = 60) -> Any:
    codes, has, _ = words_in_random_dna(n, 0)
    targets = has.astype(np.int8)
    targets[0, 0] = -1
    columns = {
        "lineage": ["<b>T&cell</b>" if i % 2 else None for i in range(n)],
        "score": [float(i) for i in range(n)],
        "many": [f"n{i}" for i in range(n)],
        "a": [1 if i % 2 else 2 for i in range(n)],
    }
    return commit_dataset(desk, codes, targets, {"type": "multilabel", "tasks": ["a", "b"]}, **columns)


def test_columns_tasks_and_units_by_name(desk: Any) -> None:
    data = Dataset.from_artifact(_dataset(desk), TARGET_TYPES)
    rows, outputs = np.arange(5), np.arange(10.0).reshape(5, 2)

    def of(name: str) -> Coloring:
        return coloring(name, data, rows, ["s0_u0", "s0_u1"], outputs)

    assert of("lineage").values == ["none", "<b>T&cell</b>"] * 2 + ["none"]
    assert of("score").is_number
    assert of("a").values == ["2", "1", "2", "1", "2"], "a column goes before a task"
    assert of("task:a").values[0] == "unresolved"
    assert set(of("b").values) <= {"0", "1"}
    assert np.asarray(of("unit:s0_u1").values).tolist() == [1, 3, 5, 7, 9]
    many = coloring("many", data, np.arange(60), [], outputs)
    assert len(set(many.values)) == MOST_CATEGORIES
    assert "other" in many.values
    with pytest.raises(UserError, match=r"color_by 'nope' is no column of the dataset \(row, set, split") as caught:
        of("nope")
    assert caught.value.reason is Reason.INVALID_REQUEST
    with pytest.raises(UserError):
        of("unit:lineage")
    units = [{"unit_id": f"s0_u{i}", "rank": 3 - i, "best_importance": None} for i in range(3)]
    assert default_names(data, units) == ["a", "b", "column:split", "unit:s0_u2", "unit:s0_u1", "unit:s0_u0"]


def test_the_page_needs_nothing_else() -> None:
    points = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], dtype=np.float32)
    shown = [Coloring("<x>", ["</script>", "b", "b"]), Coloring("u", np.array([0.5, np.nan, 2.0]))]
    text = page(np.array([7, 8, 9]), points, shown, "facts")
    assert not re.search(r"(src|href)\s*=|https?:|url\(|@import", text)
    assert text.count("</script>") == 2, "data cannot end the script element"
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert data["rows"] == [7, 8, 9]
    assert data["colorings"][0]["categories"] == ["b", "</script>"]
    assert data["colorings"][0]["values"] == [1, 0, 0]
    assert data["colorings"][1]["values"] == [0.5, None, 2.0]
    assert (data["colorings"][1]["low"], data["colorings"][1]["high"]) == (0.5, 2.0)
    assert "prefers-color-scheme: dark" in text


def test_pictures_are_the_same_for_the_same_input(tmp_path: Any) -> None:
    points = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    shown = [
        Coloring("set", ["WT", "KO", "KO"] * 10),
        Coloring("u", np.arange(30.0)),
        Coloring("n", np.full(30, np.nan)),
    ]
    for name in ("a.png", "b.png"):
        draw(tmp_path / name, points, shown)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"
    assert categories(["b", "a", "c", "c"]) == ["c", "a", "b"]


def test_rows_and_scales() -> None:
    assert evenly(10, 20).tolist() == list(range(10))
    assert evenly(10, 4).tolist() == [0, 3, 6, 9]
    values = standardised(np.array([[1.0, 5.0], [3.0, 5.0]]))
    assert values.tolist() == [[-1.0, 0.0], [1.0, 0.0]]


def test_project_units(desk: Any) -> None:
    """From a model to a projection: files, summary, a subsample that is said, errors."""
    dataset = _dataset(desk)
    model = commit_model(desk, [word_units(list(WORDS), seed=s) for s in range(2)], ["a", "b"])
    units = desk.run("ExplainUnits", model=model.digest, dataset=dataset.digest, split="all")
    given = {"units": units.digest, "dataset": dataset.digest, "n_neighbors": 5}
    found = desk.run("ProjectUnits", **given, color_by=["lineage", "b", "s1_u0"], max_rows=40, standardize=True)
    table = found.table("projection.parquet")
    assert table.column_names == ["row", "x", "y", "lineage", "b", "s1_u0"]
    assert table.num_rows == 40
    assert np.isfinite(np.asarray(table["x"])).all()
    summary = ParseDict(found.manifest.summary, explainer_pb2.Projection())
    assert (summary.n_rows, summary.n_sequences, summary.n_units) == (40, 60, 4)
    assert "40 of 60 sequences" in found.path("projection.html").read_text()
    again = desk.run("ProjectUnits", **given, color_by=["lineage", "b", "s1_u0"], max_rows=40, standardize=True)
    assert again.digest == found.digest, "a fixed seed and one thread"
    other = commit_dataset(desk, *_other(), {"type": "multilabel", "tasks": ["a", "b"]})
    with pytest.raises(UserError, match="the units were read on dataset"):
        desk.run("ProjectUnits", **{**given, "dataset": other.digest})
    with pytest.raises(UserError, match="the model has 2 seeds"):
        desk.run("ProjectUnits", **given, seed_index=2)
    with pytest.raises(UserError) as caught:
        desk.run("ProjectUnits", **{**given, "units": dataset.digest})
    assert caught.value.reason is Reason.ARTIFACT_KIND


def _other() -> tuple[np.ndarray, np.ndarray]:
    codes, has, _ = words_in_random_dna(12, 9)
    return codes, has.astype(np.int8)
