"""The encoder served: requests over gRPC, run by real workers, answered as resources or typed errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from cislex.artifacts.v1.artifacts_pb2 import InputFile
from cislex.encoder.v1 import encoder_pb2 as pb
from cislex.encoder.v1.encoder_pb2_grpc import EncoderServiceStub
from cislex_core.settings import Settings
from cislex_encoder.servicer import register
from cislex_runtime.serving.server import Server
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import OperationsStub
from google.rpc import error_details_pb2


class Client:
    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.encoder: Any = EncoderServiceStub(channel)
        self.operations: Any = OperationsStub(channel)

    async def finish(self, operation: Any) -> Any:
        for _ in range(600):
            request = operations_pb2.GetOperationRequest(name=operation.name)
            operation = await self.operations.GetOperation(request, timeout=20)
            if operation.done:
                return operation
            await asyncio.sleep(0.1)
        raise AssertionError("the operation did not end within a minute")

    async def result(self, operation: Any, message: Any) -> Any:
        done = await self.finish(operation)
        assert done.WhichOneof("result") == "response", done.error
        assert done.response.Unpack(message)
        return message


@pytest_asyncio.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    monkeypatch.setenv("CISLEX_HOME", str(tmp_path / "home"))
    server = await Server.start(Settings(home=tmp_path / "home"), "127.0.0.1:0", [register])
    try:
        async with grpc.aio.insecure_channel(server.address) as channel:
            yield Client(channel)
    finally:
        await server.stop()


async def test_from_a_simulation_to_a_dataset(client: Client, tmp_path: Path) -> None:
    encoder = client.encoder
    answer = await encoder.EncodeSequences(pb.EncodeSequencesRequest(sequences=["ACGTN"]), timeout=20)
    assert (answer.data, list(answer.shape), answer.dtype) == (bytes([0, 1, 2, 3, 4]), [1, 5], "uint8")

    request = pb.SimulateRequest(n_wt=60, n_ko=60, n_chroms=4)
    simulation = await client.result(await encoder.Simulate(request, timeout=20), pb.Simulation())
    assert (simulation.n_wt, simulation.name.split("/")[2]) == (60, "simulations")
    request = pb.BuildDatasetRequest(peaks=simulation.name, window_bp=100)
    dataset = await client.result(await encoder.BuildDataset(request, timeout=20), pb.Dataset())
    assert dataset.genome_digest == simulation.genome_digest
    assert dataset.n_input_rows == 120 == dataset.n_rows + sum(item.n_rows for item in dataset.dropped)
    assert [split.name for split in dataset.splits] == ["train", "validation", "test"]
    page = await encoder.ListDatasets(pb.ListDatasetsRequest(), timeout=20)
    assert [item.name for item in page.datasets] == [dataset.name]
    assert await encoder.GetDataset(pb.GetDatasetRequest(name=dataset.name), timeout=20) == dataset

    genomes = []
    for number, text in enumerate((">a\nACGT\n", ">chrA\nacgt\n")):
        path = tmp_path / f"{number}.fa"
        path.write_text(text)
        operation = await encoder.RegisterGenome(pb.RegisterGenomeRequest(fasta=InputFile(path=str(path))), timeout=20)
        genomes.append(await client.result(operation, pb.Genome()))
    names = [genome.name for genome in genomes]
    compared = await encoder.CompareGenomes(pb.CompareGenomesRequest(genome_a=names[0], genome_b=names[1]), timeout=20)
    assert not compared.is_same
    assert "under other names" in compared.conclusion
    assert not compared.arrays[0].HasField("same_order")


async def test_imports_negatives_and_planted_rules_are_served(client: Client, tmp_path: Path) -> None:
    encoder = client.encoder
    path = tmp_path / "bound.fa"
    path.write_text("".join(f">s{i}\n{'ACGTTGCA' * 3}{i:05b}\n".replace("1", "G").replace("0", "A") for i in range(30)))
    request = pb.ImportDatasetRequest(
        fasta=[pb.NamedFile(name="bound", file=InputFile(path=str(path)))],
        split_by=pb.SPLIT_BY_RANDOM,
        test_fraction=0.2,
    )
    bound = await client.result(await encoder.ImportDataset(request, timeout=20), pb.Dataset())
    assert (bound.target_type, bound.source, bound.window_bp) == ("class_index", "fasta", 29)
    assert bound.leakage.n_pairs > 0
    negatives = pb.SampleNegativesRequest(dataset=bound.name, method=pb.NEGATIVE_METHOD_DINUCLEOTIDE)
    both = await client.result(await encoder.SampleNegatives(negatives, timeout=20), pb.Dataset())
    assert [(item.name, item.n_rows) for item in both.classes] == [("negative", bound.n_rows), ("bound", bound.n_rows)]
    assert both.negatives.method == "dinucleotide"
    planted = pb.SimulateDatasetRequest(design=pb.SIMULATION_DESIGN_COOPERATIVE, n_sequences=60)
    rule = await client.result(await encoder.SimulateDataset(planted, timeout=20), pb.Dataset())
    assert (rule.target_type, rule.tasks[0].name) == ("regression", "activity")
    assert rule.planted[0].motif_name == "RELA"

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await encoder.ImportDataset(pb.ImportDatasetRequest(), timeout=20)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    table = tmp_path / "m.tsv"
    table.write_text("sequence\ty\nACGTACGTAC\t1\nACGTACGTAA\t2\nACGTACGTAG\tx\n")
    bad = pb.ImportDatasetRequest(matrix=InputFile(path=str(table)))
    done = await client.finish(await encoder.ImportDataset(bad, timeout=20))
    assert "m.tsv line 4" in done.error.message


async def test_errors_reach_the_caller_with_their_reason(client: Client, tmp_path: Path) -> None:
    files = {}
    for name, text in (("genome", ">chrI\nACGT\n>chrII\nAC\n>chrIII\nAC\n>chrIV\nAC\n"), ("wt", "chr1\t0\t4\n"),
                       ("ko", "chr1\t3\t1\n")):  # fmt: skip
        path = tmp_path / f"{name}.txt"
        path.write_text(text)
        files[name] = InputFile(path=str(path))
    done = await client.finish(await client.encoder.BuildDataset(pb.BuildDatasetRequest(**files), timeout=20))
    assert done.WhichOneof("result") == "error"
    details = {item.TypeName(): item for item in done.error.details}
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert details["google.rpc.ErrorInfo"].Unpack(info)
    assert details["google.rpc.BadRequest"].Unpack(bad)
    assert info.domain == "cislex.dev"
    assert [item.field for item in bad.field_violations] == ["ko", "wt"]
    assert "ko.txt line 1: end 1 is not greater than start 3" in done.error.message

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.encoder.BuildDataset(pb.BuildDatasetRequest(wt=files["wt"]), timeout=20)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await client.encoder.EncodeSequences(pb.EncodeSequencesRequest(sequences=["AC!"]), timeout=20)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
