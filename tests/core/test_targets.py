"""Targets: three types, their arrays and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex_core.datasets import Dataset
from cislex_core.errors import Reason, UserError
from cislex_core.manifests import Artifact, Manifest
from cislex_core.sequences import encode_batch
from cislex_core.stores.local import LocalStore
from cislex_core.targets import TARGET_TYPES, check_targets, output_names, target_semantics

MULTILABEL = np.array([[1, 0], [-1, 1]], dtype=np.int8)
REGRESSION = np.array([[0.5, -2.0], [3.25, 0.0]], dtype=np.float32)


def _dataset(root: Path, targets: np.ndarray, semantics: dict[str, Any]) -> Artifact:
    store = LocalStore(root / "store")
    staged = store.stage()
    np.save(staged / "codes.npy", encode_batch(["ACGT", "NNNN"]))
    np.save(staged / "targets.npy", targets)
    pq.write_table(pa.table({"row": [0, 1], "split": ["train", "test"], "chrom": ["c", "d"]}), staged / "rows.parquet")
    return store.commit_artifact(staged, Manifest(kind="dataset", semantics={"target": semantics}))


def test_the_semantics_name_outputs_and_groups() -> None:
    classes = target_semantics("class_index", ["cycle1", "cycle2", "cycle3"])
    assert classes == {"type": "class_index", "classes": ["cycle1", "cycle2", "cycle3"]}
    tasks = target_semantics("multilabel", ["CTCF", "SPI1"], ["zf", "ets"])
    assert tasks == {"type": "multilabel", "tasks": ["CTCF", "SPI1"], "groups": ["zf", "ets"]}
    assert output_names(classes) == ["cycle1", "cycle2", "cycle3"]
    assert output_names(tasks) == ["CTCF", "SPI1"]
    with pytest.raises(UserError, match="named twice: CTCF"):
        target_semantics("multilabel", ["CTCF", "SPI1", "CTCF"])
    with pytest.raises(ValueError, match="one group per task"):
        target_semantics("regression", ["a", "b"], ["one"])


@pytest.mark.parametrize(
    ("kind", "targets"),
    [("class_index", np.array([2, 0])), ("multilabel", MULTILABEL), ("regression", REGRESSION)],
)
def test_good_targets_pass_unchanged(kind: Any, targets: np.ndarray) -> None:
    n_outputs = 3 if kind == "class_index" else 2
    assert check_targets(targets, kind, 2, n_outputs) is targets


@pytest.mark.parametrize(
    ("kind", "targets", "said"),
    [
        ("class_index", np.array([0, 3]), "class 3 of 2"),
        ("class_index", np.array([0, 1], dtype=np.int32), "int32"),
        ("multilabel", MULTILABEL[:, :1], r"shape \(2, 1\)"),
        ("multilabel", MULTILABEL * 2, "other than 0, 1"),
        ("multilabel", MULTILABEL.astype(np.float32), "float32"),
        ("regression", np.array([[0.0, np.nan], [1.0, 2.0]], dtype=np.float32), "nan in row 0, task 1"),
        ("regression", np.array([[0.0, 1.0], [np.inf, 2.0]], dtype=np.float32), "inf in row 1, task 0"),
    ],
)
def test_targets_that_are_not_what_the_manifest_says_are_refused(kind: Any, targets: np.ndarray, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        check_targets(targets, kind, 2, 2)
    assert caught.value.reason is Reason.ARTIFACT_CORRUPT


def test_a_dataset_is_opened_by_the_types_that_are_served(tmp_path: Path) -> None:
    artifact = _dataset(tmp_path, MULTILABEL, target_semantics("multilabel", ["CTCF", "SPI1"], ["zf", "ets"]))
    with pytest.raises(UserError, match="targets of type 'multilabel'; class_index is needed") as caught:
        Dataset.from_artifact(artifact)
    assert caught.value.reason is Reason.ARTIFACT_KIND
    dataset = Dataset.from_artifact(artifact, types=TARGET_TYPES)
    assert (dataset.target_type, dataset.outputs, dataset.groups) == ("multilabel", ["CTCF", "SPI1"], ["zf", "ets"])
    assert np.array_equal(dataset.targets, MULTILABEL)


def test_two_conditions_are_ko_and_wt(tmp_path: Path) -> None:
    labels = np.array([1, 0])
    two = Dataset.from_artifact(_dataset(tmp_path / "a", labels, target_semantics("class_index", ["KO", "WT"])))
    two.require_two_conditions()
    other = Dataset.from_artifact(_dataset(tmp_path / "b", labels, target_semantics("class_index", ["no", "CTCF"])))
    with pytest.raises(UserError, match="needs those two classes"):
        other.require_two_conditions()
