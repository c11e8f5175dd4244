"""Opening a dataset artifact."""

from __future__ import annotations

import json
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


def _artifact(root: Path, kind: str = "dataset", target: Any = None) -> Artifact:
    store = LocalStore(root / "store")
    staged = store.stage()
    np.save(staged / "codes.npy", encode_batch(["ACGT", "NNNN", "TTTT"]))
    np.save(staged / "targets.npy", np.array([1, 0, 1]))
    table = {"row": [0, 1, 2], "split": ["train", "test", "train"], "chrom": ["chr1", None, "chr2"]}
    pq.write_table(pa.table(table), staged / "rows.parquet")
    semantics = {"target": target or {"type": "class_index", "classes": ["KO", "WT"]}}
    return store.commit_artifact(staged, Manifest(kind=kind, semantics=semantics, genome_digest="g"))


def test_members_agree(tmp_path: Path) -> None:
    dataset = Dataset.from_artifact(_artifact(tmp_path))
    assert (len(dataset), dataset.window_bp, dataset.genome_digest) == (3, 4, "g")
    assert dataset.classes == ["KO", "WT"]
    assert isinstance(dataset.codes, np.memmap)
    assert dataset.split("train").tolist() == [0, 2]
    assert dataset.split("validation").size == 0
    assert dataset.split("all").tolist() == [0, 1, 2]
    assert dataset.strings(dataset.split("train")) == ["ACGT", "TTTT"]
    assert dataset.chroms.tolist() == ["chr1", "", "chr2"]


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        Dataset.from_artifact(_artifact(tmp_path / "a", kind="model"))
    assert caught.value.reason is Reason.ARTIFACT_KIND
    with pytest.raises(UserError, match="targets of type 'tracks'"):
        Dataset.from_artifact(_artifact(tmp_path / "b", target={"type": "tracks"}))
    dataset = Dataset.from_artifact(_artifact(tmp_path / "c"))
    with pytest.raises(UserError, match="'holdout' is none of"):
        dataset.split("holdout")


def test_an_altered_file_is_found(tmp_path: Path) -> None:
    artifact = _artifact(tmp_path)
    path = artifact.dir / "codes.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(Exception, match="does not match its digest"):
        Dataset.from_artifact(LocalStore(tmp_path / "store").open_artifact(artifact.digest))
    assert json.loads((artifact.dir / "manifest.json").read_text())["kind"] == "dataset"
