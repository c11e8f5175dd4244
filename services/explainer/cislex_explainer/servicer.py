"""ExplainerService: each method hands its request to the runtime."""

# ruff: noqa: N802 - methods are named as the rpcs
from __future__ import annotations

from typing import Any

import grpc
from cislex.explainer.v1 import explainer_pb2, explainer_pb2_grpc
from cislex.inference import kserve_v2_pb2_grpc
from cislex_runtime.serving.platform import Platform
from google.longrunning.operations_pb2 import Operation
from google.protobuf import empty_pb2

from cislex_explainer import inference_servicer
from cislex_explainer.specs import SPECS

KINDS = {
    "attributions": ("attributions", explainer_pb2.Attributions),
    "kmers": ("kmers", explainer_pb2.KmerSet),
    "filters": ("filters", explainer_pb2.FilterSet),
    "units": ("units", explainer_pb2.UnitSet),
    "projection": ("projections", explainer_pb2.Projection),
    "interactions": ("interactions", explainer_pb2.InteractionSet),
}


class ExplainerServicer(explainer_pb2_grpc.ExplainerServiceServicer):
    """See proto/cislex/explainer/v1/explainer.proto."""

    def __init__(self, platform: Platform) -> None:
        self.operations, self.resources = platform.operations, platform.resources

    async def ComputeAttributions(self, request: explainer_pb2.ComputeAttributionsRequest, context: Any) -> Operation:
        return await self.operations.submit("explainer.ComputeAttributions", request, context)

    async def ExtractKmers(self, request: explainer_pb2.ExtractKmersRequest, context: Any) -> Operation:
        return await self.operations.submit("explainer.ExtractKmers", request, context)

    async def ExplainFilters(self, request: explainer_pb2.ExplainFiltersRequest, context: Any) -> Operation:
        return await self.operations.submit("explainer.ExplainFilters", request, context)

    async def ExplainUnits(self, request: explainer_pb2.ExplainUnitsRequest, context: Any) -> Operation:
        return await self.operations.submit("explainer.ExplainUnits", request, context)

    async def ProjectUnits(self, request: explainer_pb2.ProjectUnitsRequest, context: Any) -> Operation:
        return await self.operations.submit("explainer.ProjectUnits", request, context)

    async def MeasureInteractions(self, request: explainer_pb2.MeasureInteractionsRequest, context: Any) -> Operation:
        return await self.operations.submit("explainer.MeasureInteractions", request, context)

    async def GetAttributions(self, request: explainer_pb2.GetAttributionsRequest, context: Any) -> Any:
        return await self.resources.get("attributions", request, context)

    async def ListAttributions(self, request: explainer_pb2.ListAttributionsRequest, context: Any) -> Any:
        return await self.resources.list("attributions", request, explainer_pb2.ListAttributionsResponse(), context)

    async def DeleteAttributions(
        self, request: explainer_pb2.DeleteAttributionsRequest, context: Any
    ) -> empty_pb2.Empty:
        return await self.resources.delete("attributions", request, context)

    async def GetKmerSet(self, request: explainer_pb2.GetKmerSetRequest, context: Any) -> Any:
        return await self.resources.get("kmers", request, context)

    async def ListKmerSets(self, request: explainer_pb2.ListKmerSetsRequest, context: Any) -> Any:
        return await self.resources.list("kmers", request, explainer_pb2.ListKmerSetsResponse(), context)

    async def DeleteKmerSet(self, request: explainer_pb2.DeleteKmerSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("kmers", request, context)

    async def GetFilterSet(self, request: explainer_pb2.GetFilterSetRequest, context: Any) -> Any:
        return await self.resources.get("filters", request, context)

    async def ListFilterSets(self, request: explainer_pb2.ListFilterSetsRequest, context: Any) -> Any:
        return await self.resources.list("filters", request, explainer_pb2.ListFilterSetsResponse(), context)

    async def DeleteFilterSet(self, request: explainer_pb2.DeleteFilterSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("filters", request, context)

    async def GetUnitSet(self, request: explainer_pb2.GetUnitSetRequest, context: Any) -> Any:
        return await self.resources.get("units", request, context)

    async def ListUnitSets(self, request: explainer_pb2.ListUnitSetsRequest, context: Any) -> Any:
        return await self.resources.list("units", request, explainer_pb2.ListUnitSetsResponse(), context)

    async def DeleteUnitSet(self, request: explainer_pb2.DeleteUnitSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("units", request, context)

    async def GetProjection(self, request: explainer_pb2.GetProjectionRequest, context: Any) -> Any:
        return await self.resources.get("projection", request, context)

    async def ListProjections(self, request: explainer_pb2.ListProjectionsRequest, context: Any) -> Any:
        return await self.resources.list("projection", request, explainer_pb2.ListProjectionsResponse(), context)

    async def DeleteProjection(self, request: explainer_pb2.DeleteProjectionRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("projection", request, context)

    async def GetInteractionSet(self, request: explainer_pb2.GetInteractionSetRequest, context: Any) -> Any:
        return await self.resources.get("interactions", request, context)

    async def ListInteractionSets(self, request: explainer_pb2.ListInteractionSetsRequest, context: Any) -> Any:
        return await self.resources.list("interactions", request, explainer_pb2.ListInteractionSetsResponse(), context)

    async def DeleteInteractionSet(
        self, request: explainer_pb2.DeleteInteractionSetRequest, context: Any
    ) -> empty_pb2.Empty:
        return await self.resources.delete("interactions", request, context)


def register(server: grpc.aio.Server, platform: Platform) -> list[str]:
    """Add the service, and inference for other systems, to a server; answers their full names, for reflection."""
    platform.add_service("explainer", SPECS, KINDS)
    explainer_pb2_grpc.add_ExplainerServiceServicer_to_server(ExplainerServicer(platform), server)
    inference = inference_servicer.InferenceServicer(platform)
    kserve_v2_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(inference, server)
    return ["cislex.explainer.v1.ExplainerService", inference_servicer.NAME]
