"""inference.GRPCInferenceService: each method hands its request to ``serving.inference``."""

# ruff: noqa: N802 - methods are named as the rpcs
from __future__ import annotations

from typing import Any

from cislex.inference import kserve_v2_pb2 as v2
from cislex.inference import kserve_v2_pb2_grpc
from cislex_runtime.serving.platform import Platform

from cislex_explainer import __version__
from cislex_explainer.serving.inference import Inference

NAME = "inference.GRPCInferenceService"


class InferenceServicer(kserve_v2_pb2_grpc.GRPCInferenceServiceServicer):
    """See proto/cislex/inference/kserve_v2.proto."""

    def __init__(self, platform: Platform) -> None:
        self.inference = Inference(platform)

    async def ServerLive(self, request: v2.ServerLiveRequest, context: Any) -> v2.ServerLiveResponse:
        return v2.ServerLiveResponse(live=True)

    async def ServerReady(self, request: v2.ServerReadyRequest, context: Any) -> v2.ServerReadyResponse:
        return v2.ServerReadyResponse(ready=await self.inference.ready())

    async def ModelReady(self, request: v2.ModelReadyRequest, context: Any) -> v2.ModelReadyResponse:
        return v2.ModelReadyResponse(ready=await self.inference.model_ready(request.name, request.version))

    async def ServerMetadata(self, request: v2.ServerMetadataRequest, context: Any) -> v2.ServerMetadataResponse:
        return v2.ServerMetadataResponse(name="cislex-explainer", version=__version__)

    async def ModelMetadata(self, request: v2.ModelMetadataRequest, context: Any) -> v2.ModelMetadataResponse:
        return await self.inference.metadata(request.name, request.version)

    async def ModelInfer(self, request: v2.ModelInferRequest, context: Any) -> v2.ModelInferResponse:
        return await self.inference.infer(request)
