"""A server with a small trained model, exported in both layouts; tests that only read share it."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex.encoder.v1 import encoder_pb2, encoder_pb2_grpc
from cislex.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from cislex_core.manifests import Artifact
from cislex_core.stores.local import LocalStore
from cislex_runtime.calling.connection import Connection
from embedded_server import embedded_server
from triton_library import tritonclient_grpc

sys.path.insert(0, str(Path(__file__).parent))
WAIT_S = 180.0
WINDOW = 80
OPTIONS = {"filters": "6", "filters_2": "8", "kernel_size": "7", "hidden": "8"}


@dataclass
class Served:
    """A server, what it trained, and its store."""

    address: str
    connection: Connection
    store: LocalStore
    model: trainer_pb2.Model
    export: trainer_pb2.Export
    repository: trainer_pb2.Export

    def artifact(self, export: trainer_pb2.Export) -> Artifact:
        return self.store.open_artifact(export.artifact.sha256)


def _train(connection: Connection) -> tuple[encoder_pb2.Dataset, trainer_pb2.Model]:
    encoder = encoder_pb2_grpc.EncoderServiceStub(connection.channel)
    trainer = trainer_pb2_grpc.TrainerServiceStub(connection.channel)
    simulate = encoder_pb2.SimulateDatasetRequest(n_sequences=200, window_bp=WINDOW, unresolved_share=0.0)
    operation = connection.wait(connection.submit(encoder.SimulateDataset, simulate).name, timeout_s=WAIT_S)
    dataset = connection.result(operation, encoder_pb2.Dataset)
    train = trainer_pb2.TrainModelRequest(dataset=dataset.name, seeds=[0, 1], epochs=1, options=OPTIONS)
    operation = connection.wait(connection.submit(trainer.TrainModel, train).name, timeout_s=WAIT_S)
    return dataset, connection.result(operation, trainer_pb2.Model)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder:
        home = Path(folder)
        with embedded_server(home) as address, Connection(address) as connection:
            dataset, model = _train(connection)
            trainer = trainer_pb2_grpc.TrainerServiceStub(connection.channel)
            exports = []
            for layout in ("EXPORT_FORMAT_ONNX", "EXPORT_FORMAT_TRITON_REPOSITORY"):
                request = trainer_pb2.ExportModelRequest(model=model.name, dataset=dataset.name, format=layout)
                operation = connection.wait(connection.submit(trainer.ExportModel, request).name, timeout_s=WAIT_S)
                exports.append(connection.result(operation, trainer_pb2.Export))
            yield Served(address, connection, LocalStore(home / "store"), model, *exports)


@pytest.fixture(scope="session")
def triton(served: Served) -> Iterator[Any]:
    """Triton's own client of the server."""
    client = tritonclient_grpc().InferenceServerClient(served.address)
    yield client
    client.close()


@pytest.fixture(scope="session")
def codes() -> np.ndarray:
    """(6, window) uint8 with runs of N."""
    drawn = np.random.default_rng(1).integers(0, 4, (6, WINDOW)).astype(np.uint8)
    drawn[0, :9] = 4
    drawn[1] = 4
    return drawn
