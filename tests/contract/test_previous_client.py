"""A client of the previous wire baseline against this server (R16).

The client is made of ``proto/baseline.binpb`` alone: messages of a descriptor pool of its own, stubs by the names that
stand there. It submits, watches, waits, reads results and bytes; what the server says beyond the baseline is skipped.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from embedded_server import embedded_server
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.unknown_fields import UnknownFieldSet

CALL_S, JOB_S = 30.0, 240.0
SMALL = {"filters": "6", "filters_2": "8", "kernel_size": "7", "hidden": "8"}


class PreviousClient:
    """What somebody generated from the baseline and never touched again."""

    def __init__(self, baseline: Path, address: str) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet.FromString(baseline.read_bytes()).file
        for file in files:
            self.pool.Add(file)
        self.services = {
            f"{file.package}.{service.name}": service for file in files for service in file.service if file.package
        }
        self.channel = grpc.insecure_channel(address)

    def message(self, name: str) -> Any:
        """A message class of the baseline."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def call(self, service: str, method: str, **fields: Any) -> Any:
        """One rpc; an iterator of answers when it streams."""
        rpc = self.pool.FindServiceByName(service).FindMethodByName(method)
        make = self.channel.unary_stream if rpc.server_streaming else self.channel.unary_unary
        stub = make(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=message_factory.GetMessageClass(rpc.output_type).FromString,
        )
        request = message_factory.GetMessageClass(rpc.input_type)()
        return stub(json_format.ParseDict(fields, request), timeout=JOB_S if rpc.server_streaming else CALL_S)

    def unpack(self, packed: Any) -> Any:
        """The message inside an Any, as the baseline knows it."""
        made = self.message(packed.type_url.rpartition("/")[2])()
        made.ParseFromString(packed.value)
        return made

    def run(self, service: str, method: str, **fields: Any) -> tuple[Any, list[Any]]:
        """Submit and watch to the end; answers (response, events)."""
        fields = {"parent": "tenants/local", "request_id": str(uuid.uuid4()), **fields}
        operation = self.call(service, method, **fields)
        assert self.call(service, method, **fields).name == operation.name, "the same request id, another operation"
        events = [
            event
            for event in self.call("cislex.ops.v1.OperationEvents", "WatchOperation", name=operation.name)
            if not event.bookmark
        ]
        sequences = [event.sequence for event in events]
        assert sequences == sorted(set(sequences))
        last = events[-1].operation
        assert last.done
        assert not last.HasField("error"), last.error.message
        waited = self.call("google.longrunning.Operations", "WaitOperation", name=operation.name, timeout="5s")
        assert waited.response == last.response
        return self.unpack(last.response), events

    def read(self, sha256: str, path: str) -> bytes:
        """One file of an artifact."""
        chunks = list(self.call("cislex.artifacts.v1.ArtifactService", "Read", sha256=sha256, path=path))
        assert [chunk.offset_bytes for chunk in chunks] == [
            sum(len(earlier.data) for earlier in chunks[:i]) for i in range(len(chunks))
        ]
        return b"".join(chunk.data for chunk in chunks)


@pytest.fixture(scope="module")
def previous(repo_dir: Path) -> Iterator[PreviousClient]:
    with (
        tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as folder,
        embedded_server(Path(folder)) as address,
    ):
        client = PreviousClient(repo_dir / "proto" / "baseline.binpb", address)
        yield client
        client.channel.close()


ENCODER, TRAINER = "cislex.encoder.v1.EncoderService", "cislex.trainer.v1.TrainerService"


@pytest.fixture(scope="module")
def job(previous: PreviousClient) -> SimpleNamespace:
    """What the previous client was answered from peaks to the exported model."""
    simulation, _ = previous.run(ENCODER, "Simulate", n_wt=100, n_ko=100, window_bp=80, n_chroms=6)
    dataset, events = previous.run(ENCODER, "BuildDataset", peaks=simulation.name, window_bp=80)
    model, _ = previous.run(
        TRAINER, "TrainModel", dataset=dataset.name, seeds=[0], epochs=2, options=SMALL, device="DEVICE_CPU"
    )
    export, _ = previous.run(TRAINER, "ExportModel", model=model.name, dataset=dataset.name)
    return SimpleNamespace(dataset=dataset, dataset_events=events, model=model, export=export)


def test_a_whole_job_of_a_previous_client(previous: PreviousClient, job: SimpleNamespace) -> None:
    assert 0 < job.dataset.n_rows <= 200
    metadata = [previous.unpack(event.operation.metadata) for event in job.dataset_events]
    names = {state.number: state.name for state in metadata[0].DESCRIPTOR.fields_by_name["state"].enum_type.values}
    states = [names[entry.state].removeprefix("STATE_") for entry in metadata]
    assert (states[0], states[-1]) == ("QUEUED", "SUCCEEDED")
    assert metadata[-1].task == "encoder.BuildDataset"

    export = job.export
    assert list(export.classes) == ["KO", "WT"]
    stat = previous.call("cislex.artifacts.v1.ArtifactService", "Stat", sha256=export.artifact.sha256)
    assert stat.kind == "export"
    held = {file.path: file for file in stat.files}
    assert {"model.onnx", "labels.txt", "model_card.json"} <= set(held)
    for name, file in held.items():
        data = previous.read(export.artifact.sha256, name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)
    card = json.loads(previous.read(export.artifact.sha256, "model_card.json"))
    assert card["model"] == job.model.artifact.sha256

    # the same answer from Get, and in a list of them
    assert previous.call(TRAINER, "GetExport", name=export.name) == export
    assert export in previous.call(TRAINER, "ListExports", parent="tenants/local").exports


def test_what_the_server_says_beyond_the_baseline_is_skipped(job: SimpleNamespace) -> None:
    """Export has fields since then; this client parses it all the same, and sees that there was something."""
    known = {field.number for field in job.export.DESCRIPTOR.fields}
    beyond = {field.field_number for field in UnknownFieldSet(job.export)}
    assert beyond
    assert not beyond & known


def test_errors_read_as_before(previous: PreviousClient) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        previous.call(
            TRAINER, "TrainModel", parent="tenants/local", dataset="d" * 64, epochs=-1,
            seeds=[0, 0],
        )  # fmt: skip
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    trailers = dict(caught.value.trailing_metadata())
    status = previous.message("google.rpc.Status")()
    status.ParseFromString(trailers["grpc-status-details-bin"])
    kinds = {detail.type_url.rpartition("/")[2] for detail in status.details}
    assert {"google.rpc.ErrorInfo", "google.rpc.BadRequest"} <= kinds


def test_every_call_of_the_baseline_is_still_answered(previous: PreviousClient) -> None:
    """With an empty request each answers something, or says what is missing: none is UNIMPLEMENTED."""
    gone = []
    for service, described in previous.services.items():
        if not service.startswith("cislex."):
            continue
        for method in described.method:
            if method.client_streaming:
                continue
            try:
                answer = previous.call(service, method.name)
                if method.server_streaming:
                    list(answer)
            except grpc.RpcError as error:
                if error.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INTERNAL):
                    gone.append(f"{service}/{method.name}: {error.code().name}")
    assert not gone
