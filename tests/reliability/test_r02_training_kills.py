"""R2: a training whose worker is killed 50 times ends with the weights of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from cislex_core.canonical import digest_file
from cislex_core.manifests import Manifest
from cislex_core.stores.local import LocalStore
from cislex_core.targets import target_semantics
from cislex_runtime.calling.client import metadata_of, state_name
from running import ServerProcess, gone

pytestmark = [pytest.mark.reliability, pytest.mark.chaos, pytest.mark.timeout(3600)]

KILLS = 50
SEEDS = (0, 1)


class TrainerServer(ServerProcess):
    """``python -m cislex_trainer`` on a Unix socket."""

    def start(self) -> TrainerServer:
        environment = {
            **os.environ, "OMP_NUM_THREADS": "1", "CISLEX_HOME": str(self.home), "CISLEX_HEAVY_SLOTS": "1",
            "CISLEX_MAX_ATTEMPTS": "1000", "CISLEX_BACKOFF_S": "0", **self.env,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cislex_trainer", "--listen", self.address], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready")
        return self


def commit_dataset(store: LocalStore, n: int = 400, window_bp: int = 60) -> str:
    """Random sequences, every other one of class WT with a planted word; six of ten train, two validate, two test."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (n, window_bp)).astype(np.uint8)
    targets = np.arange(n, dtype=np.int64) % 2
    codes[targets == 1, 20:27] = [3, 2, 0, 1, 3, 1, 0]
    turns = ("train", "train", "train", "validation", "test")
    rows = pa.table(
        {
            "row": pa.array(range(n), pa.int64()),
            "set": ["WT" if target else "KO" for target in targets],
            "name": [f"peak{i}" for i in range(n)],
            "chrom": [f"chr{i % 5}" for i in range(n)],
            "start": [500 * i for i in range(n)],
            "end": [500 * i + window_bp for i in range(n)],
            "label": pa.array(targets, pa.int64()),
            "split": [turns[(i // 2) % 5] for i in range(n)],
        }
    )
    staged = store.stage()
    np.save(staged / "codes.npy", codes)
    np.save(staged / "targets.npy", targets)
    pq.write_table(rows, staged / "rows.parquet")
    semantics = {"target": target_semantics("class_index", ["KO", "WT"])}
    return store.commit_artifact(staged, Manifest(kind="dataset", semantics=semantics)).digest


def submit(server: ServerProcess, dataset: str, epochs: int, data_parallel: int) -> Any:
    stub = trainer_pb2_grpc.TrainerServiceStub(server.connection.channel)
    request = trainer_pb2.TrainModelRequest(
        dataset=dataset, seeds=SEEDS, epochs=epochs, patience=0, device=trainer_pb2.DEVICE_CPU,
        options={"filters": "16", "filters_2": "16", "kernel_size": "8", "hidden": "16"}, data_parallel=data_parallel,
    )  # fmt: skip
    return server.connection.submit(stub.TrainModel, request)


def weights(server: ServerProcess, operation: Any) -> list[str]:
    """sha256 of each seed's weights, and of nothing else: the record beside them holds times."""
    model = server.connection.result(operation, trainer_pb2.Model)
    artifact = LocalStore(server.home / "store").open_artifact(model.artifact.sha256)
    return [digest_file(artifact.path(f"seed_{seed}/model.safetensors")) for seed in SEEDS]


def ranks_of(server: ServerProcess) -> list[int]:
    """The processes of the gang, as soon as there are any."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        found = []
        for pid in server.processes():
            with suppress(OSError):
                if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("the gang never started")


@pytest.mark.parametrize("data_parallel, kills, epochs", [(1, KILLS, 250), (2, 10, 60)], ids=["alone", "gang of two"])
def test_killed_training_ends_with_the_same_weights(
    short_dir: Path, record: Callable[..., None], data_parallel: int, kills: int, epochs: int
) -> None:
    chance = random.Random(2)
    server = TrainerServer(short_dir)
    server.start()
    try:
        dataset = commit_dataset(LocalStore(short_dir / "store"))
        started = time.monotonic()
        operation = submit(server, dataset, epochs, data_parallel)
        killed, seen_at = 0, []
        while killed < kills:
            server.wait_for(
                operation.name, lambda m, n=killed: state_name(m) == "RUNNING" and m.attempt == n + 1, timeout_s=300
            )
            if chance.random() < 0.75:  # else before its first epoch: while it reads data and checkpoint
                epochs_before = seen_at[-1] if seen_at else 0
                server.wait_for(operation.name, lambda m, n=epochs_before: m.progress.done > n, timeout_s=300)
            time.sleep(chance.uniform(0, 0.6))
            metadata = metadata_of(server.connection.get(operation.name))
            assert state_name(metadata) == "RUNNING", f"it ended after {killed} kills: make it longer"
            seen_at.append(metadata.progress.done)
            victims = server.processes()
            if data_parallel > 1:
                victims = [chance.choice(ranks_of(server))]
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed += 1
            server.wait_for(
                operation.name, lambda m, n=killed: m.attempt > n or state_name(m) != "RUNNING", timeout_s=300
            )
        done = server.connection.wait(operation.name)
        seconds = time.monotonic() - started
        assert state_name(metadata_of(done)) == "SUCCEEDED"
        assert metadata_of(done).attempt == kills + 1
        found = weights(server, done)
    finally:
        server.stop()
        assert gone(server.processes())
    calm_home = short_dir / "calm"
    calm_home.mkdir()
    calm = TrainerServer(calm_home)
    calm.start()
    try:
        assert commit_dataset(LocalStore(calm_home / "store")) == dataset
        untouched = calm.connection.wait(submit(calm, dataset, epochs, data_parallel).name)
        assert metadata_of(untouched).attempt == 1
        assert found == weights(calm, untouched)
    finally:
        calm.stop()
    amid = sum(later > earlier for earlier, later in pairwise([0, *seen_at]))
    assert amid >= kills / 2, "too few kills came after an epoch of their attempt"
    record(kills=kills, processes=data_parallel, minutes=seconds / 60, epochs=epochs * len(SEEDS),
           kills_after_an_epoch=amid, epochs_done_at_the_last_kill=seen_at[-1], bit_identical=True)  # fmt: skip
