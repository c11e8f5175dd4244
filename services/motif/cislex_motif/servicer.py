"""MotifService: each method hands its request to the runtime."""

# ruff: noqa: N802 - methods are named as the rpcs
from __future__ import annotations

from typing import Any

import grpc
from cislex.motif.v1 import motif_pb2, motif_pb2_grpc
from cislex_runtime.serving.platform import Platform
from google.longrunning.operations_pb2 import Operation
from google.protobuf import empty_pb2

from cislex_motif.specs import SPECS

KINDS = {
    "clusters": ("clusters", motif_pb2.ClusterSet),
    "motifs": ("motifs", motif_pb2.MotifSet),
    "seqlets": ("seqlets", motif_pb2.SeqletSet),
    "matches": ("matches", motif_pb2.MatchSet),
    "enrichment": ("enrichments", motif_pb2.Enrichment),
    "scores": ("scores", motif_pb2.ScoreSet),
    "hits": ("hits", motif_pb2.HitSet),
    "families": ("families", motif_pb2.FamilySet),
}


class MotifServicer(motif_pb2_grpc.MotifServiceServicer):
    """See proto/cislex/motif/v1/motif.proto."""

    def __init__(self, platform: Platform) -> None:
        self.operations, self.resources = platform.operations, platform.resources

    async def ClusterKmers(self, request: motif_pb2.ClusterKmersRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.ClusterKmers", request, context)

    async def DiscoverMotifs(self, request: motif_pb2.DiscoverMotifsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.DiscoverMotifs", request, context)

    async def CallSeqlets(self, request: motif_pb2.CallSeqletsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.CallSeqlets", request, context)

    async def CompareMotifs(self, request: motif_pb2.CompareMotifsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.CompareMotifs", request, context)

    async def EnrichMotifs(self, request: motif_pb2.EnrichMotifsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.EnrichMotifs", request, context)

    async def GetClusterSet(self, request: motif_pb2.GetClusterSetRequest, context: Any) -> Any:
        return await self.resources.get("clusters", request, context)

    async def ListClusterSets(self, request: motif_pb2.ListClusterSetsRequest, context: Any) -> Any:
        return await self.resources.list("clusters", request, motif_pb2.ListClusterSetsResponse(), context)

    async def DeleteClusterSet(self, request: motif_pb2.DeleteClusterSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("clusters", request, context)

    async def GetMotifSet(self, request: motif_pb2.GetMotifSetRequest, context: Any) -> Any:
        return await self.resources.get("motifs", request, context)

    async def ListMotifSets(self, request: motif_pb2.ListMotifSetsRequest, context: Any) -> Any:
        return await self.resources.list("motifs", request, motif_pb2.ListMotifSetsResponse(), context)

    async def DeleteMotifSet(self, request: motif_pb2.DeleteMotifSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("motifs", request, context)

    async def GetSeqletSet(self, request: motif_pb2.GetSeqletSetRequest, context: Any) -> Any:
        return await self.resources.get("seqlets", request, context)

    async def ListSeqletSets(self, request: motif_pb2.ListSeqletSetsRequest, context: Any) -> Any:
        return await self.resources.list("seqlets", request, motif_pb2.ListSeqletSetsResponse(), context)

    async def DeleteSeqletSet(self, request: motif_pb2.DeleteSeqletSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("seqlets", request, context)

    async def GetMatchSet(self, request: motif_pb2.GetMatchSetRequest, context: Any) -> Any:
        return await self.resources.get("matches", request, context)

    async def ListMatchSets(self, request: motif_pb2.ListMatchSetsRequest, context: Any) -> Any:
        return await self.resources.list("matches", request, motif_pb2.ListMatchSetsResponse(), context)

    async def DeleteMatchSet(self, request: motif_pb2.DeleteMatchSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("matches", request, context)

    async def GetEnrichment(self, request: motif_pb2.GetEnrichmentRequest, context: Any) -> Any:
        return await self.resources.get("enrichment", request, context)

    async def ListEnrichments(self, request: motif_pb2.ListEnrichmentsRequest, context: Any) -> Any:
        return await self.resources.list("enrichment", request, motif_pb2.ListEnrichmentsResponse(), context)

    async def DeleteEnrichment(self, request: motif_pb2.DeleteEnrichmentRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("enrichment", request, context)

    async def ScoreMotifs(self, request: motif_pb2.ScoreMotifsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.ScoreMotifs", request, context)

    async def ScanMotifs(self, request: motif_pb2.ScanMotifsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.ScanMotifs", request, context)

    async def GroupMotifs(self, request: motif_pb2.GroupMotifsRequest, context: Any) -> Operation:
        return await self.operations.submit("motif.GroupMotifs", request, context)

    async def GetScoreSet(self, request: motif_pb2.GetScoreSetRequest, context: Any) -> Any:
        return await self.resources.get("scores", request, context)

    async def ListScoreSets(self, request: motif_pb2.ListScoreSetsRequest, context: Any) -> Any:
        return await self.resources.list("scores", request, motif_pb2.ListScoreSetsResponse(), context)

    async def DeleteScoreSet(self, request: motif_pb2.DeleteScoreSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("scores", request, context)

    async def GetHitSet(self, request: motif_pb2.GetHitSetRequest, context: Any) -> Any:
        return await self.resources.get("hits", request, context)

    async def ListHitSets(self, request: motif_pb2.ListHitSetsRequest, context: Any) -> Any:
        return await self.resources.list("hits", request, motif_pb2.ListHitSetsResponse(), context)

    async def DeleteHitSet(self, request: motif_pb2.DeleteHitSetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("hits", request, context)

    async def GetFamilySet(self, request: motif_pb2.GetFamilySetRequest, context: Any) -> Any:
        return await self.resources.get("families", request, context)

    async def ListFamilySets(self, request: motif_pb2.ListFamilySetsRequest, context: Any) -> Any:
        return await self.resources.list("families", request, motif_pb2.ListFamilySetsResponse(), context)

    async def DeleteFamilySet(self, request: motif_pb2.DeleteFamilySetRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("families", request, context)


def register(server: grpc.aio.Server, platform: Platform) -> list[str]:
    """Add the service to a server; answers its full name, for reflection."""
    platform.add_service("motif", SPECS, KINDS)
    motif_pb2_grpc.add_MotifServiceServicer_to_server(MotifServicer(platform), server)
    return ["cislex.motif.v1.MotifService"]
