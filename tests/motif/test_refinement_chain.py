"""From initial motifs to "which filters changed": TrainModel → ExplainUnits → CompareMotifs on one small dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from cislex_core.manifests import Artifact
from cislex_core.motif_files import write_motifs
from cislex_core.motifs import Motif
from cislex_core.sequences import encode
from cislex_core.stores.local import LocalStore
from task_desk import Desk, progress_in, run_task, task_info

WORD = "TGACTCATCG"
WINDOW = 60


class ChainDesk(Desk):
    area = "trainer"

    def task(self, name: str, **fields: Any) -> Artifact:
        return run_task(self.store, name, task_info(name).spec.model_validate(fields), progress_in(self.scratch))


@pytest.fixture
def desk(tmp_path: Path) -> ChainDesk:
    folder = tmp_path / "scratch"
    folder.mkdir()
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # seeds in this process
    yield ChainDesk(LocalStore(tmp_path / "store"), folder)
    torch.set_num_threads(before)


def _dataset(desk: ChainDesk, n: int = 400) -> Artifact:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (n, WINDOW)).astype(np.uint8)
    targets = np.arange(n, dtype=np.int64) % 2
    for row in np.flatnonzero(targets):
        at = int(rng.integers(0, WINDOW - len(WORD)))
        codes[row, at : at + len(WORD)] = encode(WORD)
    split = ["train" if i % 10 < 6 else "validation" if i % 10 < 8 else "test" for i in range(n)]
    rows = pa.table(
        {
            "row": pa.array(range(n), pa.int64()),
            "set": ["WT" if t else "KO" for t in targets],
            "name": [f"p{i}" for i in range(n)],
            "chrom": ["chr1"] * n,
            "start": pa.array([1000 * i for i in range(n)], pa.int64()),
            "end": pa.array([1000 * i + WINDOW for i in range(n)], pa.int64()),
            "label": targets,
            "split": split,
        }
    )

    def write(folder: Path) -> None:
        np.save(folder / "codes.npy", codes)
        np.save(folder / "targets.npy", targets)
        pq.write_table(rows, folder / "rows.parquet")

    return desk.commit("dataset", write, semantics={"target": {"type": "class_index", "classes": ["KO", "WT"]}})


def _motifs() -> list[Motif]:
    """The planted word first, then 59 that are not in the data."""
    rng = np.random.default_rng(1)
    planted = np.full((len(WORD), 4), 0.01) + np.eye(4)[encode(WORD)] * 0.96
    return [Motif("planted", planted, nsites=100.0)] + [
        Motif(f"M{i}", rng.dirichlet(np.full(4, 0.15), size=10), nsites=100.0) for i in range(59)
    ]


def test_frozen_filters_keep_the_motif_they_started_as(desk: ChainDesk, tmp_path: Path) -> None:
    dataset = _dataset(desk)
    known = desk.commit("motifs", lambda folder: write_motifs(folder / "motifs.meme", _motifs()))
    model = desk.task(
        "trainer.TrainModel", dataset=dataset.digest, architecture="explainn", init_motifs=known.digest,
        init_orientations="given", freeze_filters=True, seeds=[3], epochs=2, options={"hidden": "8"},
        batch_size=64,
    )  # fmt: skip
    units = desk.task("explainer.ExplainUnits", model=model.digest, dataset=dataset.digest, split="all")
    found = desk.task("motif.CompareMotifs", queries=[units.digest], database_artifact=model.digest)
    rows = {r["filter"]: r for r in found.table("refinement.parquet").to_pylist()}
    assert rows[0]["query"] == "s3_u0"
    assert rows[0]["initial_motif"] == "planted"
    assert not rows[0]["changed"]
    assert rows[0]["qvalue_after"] < 1e-3
    assert {r["initial_motif"] for r in rows.values()} <= {m.id for m in _motifs()}
    assert found.manifest.summary["n_initialised"] == len(rows)
