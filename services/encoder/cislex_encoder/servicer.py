"""EncoderService: each method hands its request to the runtime, or answers at once."""

# ruff: noqa: N802 - methods are named as the rpcs
from __future__ import annotations

import asyncio
from typing import Any

import grpc
from cislex.encoder.v1 import encoder_pb2, encoder_pb2_grpc
from cislex_core.seqcol import SeqCol
from cislex_runtime.serving.platform import Platform
from google.longrunning.operations_pb2 import Operation
from google.protobuf import empty_pb2

from cislex_encoder.comparing import compare_genomes
from cislex_encoder.encoding import encode_sequences
from cislex_encoder.specs import SPECS

KINDS = {
    "genome": ("genomes", encoder_pb2.Genome),
    "peaks": ("peaks", encoder_pb2.Peaks),
    "dataset": ("datasets", encoder_pb2.Dataset),
    "simulation": ("simulations", encoder_pb2.Simulation),
}


class EncoderServicer(encoder_pb2_grpc.EncoderServiceServicer):
    """See proto/cislex/encoder/v1/encoder.proto."""

    def __init__(self, platform: Platform) -> None:
        self.operations, self.resources, self.store = platform.operations, platform.resources, platform.store

    async def RegisterGenome(self, request: encoder_pb2.RegisterGenomeRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.RegisterGenome", request, context)

    async def LabelPeaks(self, request: encoder_pb2.LabelPeaksRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.LabelPeaks", request, context)

    async def BuildDataset(self, request: encoder_pb2.BuildDatasetRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.BuildDataset", request, context)

    async def ImportDataset(self, request: encoder_pb2.ImportDatasetRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.ImportDataset", request, context)

    async def SampleNegatives(self, request: encoder_pb2.SampleNegativesRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.SampleNegatives", request, context)

    async def SimulateDataset(self, request: encoder_pb2.SimulateDatasetRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.SimulateDataset", request, context)

    async def Simulate(self, request: encoder_pb2.SimulateRequest, context: Any) -> Operation:
        return await self.operations.submit("encoder.Simulate", request, context)

    async def CompareGenomes(
        self, request: encoder_pb2.CompareGenomesRequest, context: Any
    ) -> encoder_pb2.CompareGenomesResponse:
        a, b = await asyncio.gather(self._seqcol(request.genome_a), self._seqcol(request.genome_b))
        arrays, conclusion = compare_genomes(a, b)
        return encoder_pb2.CompareGenomesResponse(
            digest_a=a.digest,
            digest_b=b.digest,
            is_same=a.digest == b.digest,
            arrays=[encoder_pb2.ArrayComparison(**vars(item)) for item in arrays],
            conclusion=conclusion,
        )

    async def _seqcol(self, name: str) -> SeqCol:
        genome = await self.resources.get("genome", encoder_pb2.GetGenomeRequest(name=name))

        def read() -> SeqCol:
            return SeqCol.from_level2(self.store.open_artifact(genome.artifact.sha256).json("seqcol.json")["level2"])

        return await asyncio.to_thread(read)

    async def EncodeSequences(
        self, request: encoder_pb2.EncodeSequencesRequest, context: Any
    ) -> encoder_pb2.EncodeSequencesResponse:
        array = await asyncio.to_thread(
            encode_sequences,
            list(request.sequences),
            request.length,
            "end" if request.pad == encoder_pb2.PAD_END else "center",
            "one_hot" if request.encoding == encoder_pb2.ENCODING_ONE_HOT else "codes",
            request.reverse_complement,
        )
        return encoder_pb2.EncodeSequencesResponse(data=array.tobytes(), shape=array.shape, dtype=array.dtype.name)

    async def GetGenome(self, request: encoder_pb2.GetGenomeRequest, context: Any) -> Any:
        return await self.resources.get("genome", request, context)

    async def ListGenomes(self, request: encoder_pb2.ListGenomesRequest, context: Any) -> Any:
        return await self.resources.list("genome", request, encoder_pb2.ListGenomesResponse(), context)

    async def DeleteGenome(self, request: encoder_pb2.DeleteGenomeRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("genome", request, context)

    async def GetPeaks(self, request: encoder_pb2.GetPeaksRequest, context: Any) -> Any:
        return await self.resources.get("peaks", request, context)

    async def ListPeakSets(self, request: encoder_pb2.ListPeakSetsRequest, context: Any) -> Any:
        return await self.resources.list("peaks", request, encoder_pb2.ListPeakSetsResponse(), context)

    async def DeletePeaks(self, request: encoder_pb2.DeletePeaksRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("peaks", request, context)

    async def GetDataset(self, request: encoder_pb2.GetDatasetRequest, context: Any) -> Any:
        return await self.resources.get("dataset", request, context)

    async def ListDatasets(self, request: encoder_pb2.ListDatasetsRequest, context: Any) -> Any:
        return await self.resources.list("dataset", request, encoder_pb2.ListDatasetsResponse(), context)

    async def DeleteDataset(self, request: encoder_pb2.DeleteDatasetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("dataset", request, context)

    async def GetSimulation(self, request: encoder_pb2.GetSimulationRequest, context: Any) -> Any:
        return await self.resources.get("simulation", request, context)

    async def ListSimulations(self, request: encoder_pb2.ListSimulationsRequest, context: Any) -> Any:
        return await self.resources.list("simulation", request, encoder_pb2.ListSimulationsResponse(), context)

    async def DeleteSimulation(self, request: encoder_pb2.DeleteSimulationRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("simulation", request, context)


def register(server: grpc.aio.Server, platform: Platform) -> list[str]:
    """Add the service, its tasks and its result kinds; answers the full service names, for reflection."""
    platform.add_service("encoder", SPECS, KINDS)
    encoder_pb2_grpc.add_EncoderServiceServicer_to_server(EncoderServicer(platform), server)
    return ["cislex.encoder.v1.EncoderService"]
