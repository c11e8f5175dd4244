"""A desk with a store that runs the trainer's tasks, and small datasets with planted words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from cislex_core.canonical import digest_file
from cislex_core.manifests import Artifact
from cislex_core.sequences import encode, reverse_complement
from cislex_core.targets import TargetType, target_semantics
from task_desk import Desk

WINDOW = 60
SMALL = {"filters": 8, "filters_2": 8, "kernel_size": 8, "hidden": 8, "dropout": 0.1}


class TrainerDesk(Desk):
    area = "trainer"

    def put(self, path: Path) -> dict[str, str]:
        self.store.put_file(path)
        return {"sha256": digest_file(path)}

    def dataset(self, codes: np.ndarray, targets: np.ndarray, chroms: list[str | None], splits: list[str]) -> Artifact:
        """Commit a dataset artifact in the documented format."""
        n, window = codes.shape
        starts = [None if c is None else 500 * i for i, c in enumerate(chroms)]
        rows = pa.table(
            {
                "row": pa.array(range(n), pa.int64()),
                "set": ["WT" if t else "KO" for t in targets],
                "name": [f"peak{i}" for i in range(n)],
                "chrom": pa.array(chroms, pa.string()),
                "start": pa.array(starts, pa.int64()),
                "end": pa.array([None if s is None else s + window for s in starts], pa.int64()),
                "label": pa.array(targets, pa.int64()),
                "split": splits,
            }
        )

        def write(folder: Path) -> None:
            np.save(folder / "codes.npy", codes.astype(np.uint8))
            np.save(folder / "targets.npy", targets.astype(np.int64))
            pq.write_table(rows, folder / "rows.parquet")

        return self.commit("dataset", write, semantics={"target": {"type": "class_index", "classes": ["KO", "WT"]}})

    def targets_dataset(
        self,
        codes: np.ndarray,
        targets: np.ndarray,
        target_type: TargetType,
        outputs: list[str],
        splits: list[str] | None = None,
        groups: list[str] | None = None,
    ) -> Artifact:
        """Commit a dataset of any kind of target. Rows take turns: six of ten train, two validate, two test."""
        n, window = codes.shape
        turns = ("train", "train", "train", "validation", "test")
        starts = [500 * i for i in range(n)]
        rows = pa.table(
            {
                "row": pa.array(range(n), pa.int64()),
                "set": pa.nulls(n, pa.string()),
                "name": [f"region{i}" for i in range(n)],
                "chrom": [f"chr{i % 7}" for i in range(n)],
                "start": starts,
                "end": [start + window for start in starts],
                "split": splits or [turns[(i // 2) % 5] for i in range(n)],
            }
        )
        dtype = {"class_index": np.int64, "multilabel": np.int8, "regression": np.float32}[target_type]

        def write(folder: Path) -> None:
            np.save(folder / "codes.npy", codes.astype(np.uint8))
            np.save(folder / "targets.npy", targets.astype(dtype))
            pq.write_table(rows, folder / "rows.parquet")

        return self.commit("dataset", write, semantics={"target": target_semantics(target_type, outputs, groups)})


def planted(n: int, seed: int, window: int = WINDOW, word: str = "TGACTCA") -> tuple[np.ndarray, np.ndarray]:
    """codes (n, window) and targets (n,): odd rows are WT and hold ``word`` on a random strand."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, window)).astype(np.uint8)
    targets = np.arange(n, dtype=np.int64) % 2
    for row in np.flatnonzero(targets):
        at = int(rng.integers(0, window - len(word) + 1))
        letters = encode(word)
        codes[row, at : at + len(word)] = reverse_complement(letters) if rng.random() < 0.5 else letters
    return codes, targets


def _synthetic(
    desk: TrainerDesk, n: int = 200, seed: int = 0, test_chroms: tuple[str | None, ...] = ("chr5", "chr6", "chr7")
) -> Artifact:
    """60 % train on chr1–chr3, 20 % validation on chr4, 20 % test on ``test_chroms`` in turn."""
    codes, targets = planted(n, seed)
    chroms: list[str | None] = []
    splits: list[str] = []
    for i in range(n):
        part = (i // 2) % 5
        split = ("train", "train", "train", "validation", "test")[part]
        splits.append(split)
        by_split = {"train": f"chr{part + 1}", "validation": "chr4"}
        chroms.append(by_split.get(split, test_chroms[(i // 10) % len(test_chroms)]))
    return desk.dataset(codes, targets, chroms, splits)


@pytest.fixture
def desk(tmp_path: Path) -> TrainerDesk:
    return TrainerDesk.at(tmp_path)


@pytest.fixture(scope="session")
def desk_at() -> Callable[[Path], TrainerDesk]:
    """A new desk in a folder, for fixtures of a wider scope."""
    return TrainerDesk.at


@pytest.fixture
def make_dataset(desk: TrainerDesk) -> Callable[..., Artifact]:
    """``make_dataset(n, seed, test_chroms)``: see ``_synthetic``."""
    return lambda *args, **fields: _synthetic(desk, *args, **fields)


@dataclass
class Chain:
    """A trained and exported small model; tests that only read share it."""

    desk: TrainerDesk
    dataset: Artifact
    model: Artifact
    export: Artifact


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    desk = TrainerDesk.at(tmp_path_factory.mktemp("chain"))
    dataset = _synthetic(desk)
    model = desk.run("TrainModel", dataset=dataset.digest, seeds=[0, 1], options=SMALL, epochs=2)
    return Chain(desk, dataset, model, desk.run("ExportModel", model=model.digest, dataset=dataset.digest))


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """One thread, hence seeds in a row in this process: starting others is tests/trainer/test_parallel.py's matter."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
