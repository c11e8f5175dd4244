"""TrainerService: each method hands its request to the runtime."""

# ruff: noqa: N802 - methods are named as the rpcs
from __future__ import annotations

from typing import Any

import grpc
from cislex.trainer.v1 import trainer_pb2, trainer_pb2_grpc
from cislex_runtime.serving.platform import Platform
from google.longrunning.operations_pb2 import Operation
from google.protobuf import empty_pb2

from cislex_trainer.specs import SPECS

KINDS = {
    "model": ("models", trainer_pb2.Model),
    "evaluation": ("evaluations", trainer_pb2.Evaluation),
    "export": ("exports", trainer_pb2.Export),
    "predictions": ("predictions", trainer_pb2.PredictionSet),
    "comparison": ("comparisons", trainer_pb2.Comparison),
}


class TrainerServicer(trainer_pb2_grpc.TrainerServiceServicer):
    """See proto/cislex/trainer/v1/trainer.proto."""

    def __init__(self, platform: Platform) -> None:
        self.operations, self.resources = platform.operations, platform.resources

    async def TrainModel(self, request: trainer_pb2.TrainModelRequest, context: Any) -> Operation:
        return await self.operations.submit("trainer.TrainModel", request, context)

    async def EvaluateModel(self, request: trainer_pb2.EvaluateModelRequest, context: Any) -> Operation:
        return await self.operations.submit("trainer.EvaluateModel", request, context)

    async def ExportModel(self, request: trainer_pb2.ExportModelRequest, context: Any) -> Operation:
        return await self.operations.submit("trainer.ExportModel", request, context)

    async def Predict(self, request: trainer_pb2.PredictRequest, context: Any) -> Operation:
        return await self.operations.submit("trainer.Predict", request, context)

    async def GetModel(self, request: trainer_pb2.GetModelRequest, context: Any) -> Any:
        return await self.resources.get("model", request, context)

    async def ListModels(self, request: trainer_pb2.ListModelsRequest, context: Any) -> Any:
        return await self.resources.list("model", request, trainer_pb2.ListModelsResponse(), context)

    async def DeleteModel(self, request: trainer_pb2.DeleteModelRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("model", request, context)

    async def GetEvaluation(self, request: trainer_pb2.GetEvaluationRequest, context: Any) -> Any:
        return await self.resources.get("evaluation", request, context)

    async def ListEvaluations(self, request: trainer_pb2.ListEvaluationsRequest, context: Any) -> Any:
        return await self.resources.list("evaluation", request, trainer_pb2.ListEvaluationsResponse(), context)

    async def DeleteEvaluation(self, request: trainer_pb2.DeleteEvaluationRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("evaluation", request, context)

    async def GetExport(self, request: trainer_pb2.GetExportRequest, context: Any) -> Any:
        return await self.resources.get("export", request, context)

    async def ListExports(self, request: trainer_pb2.ListExportsRequest, context: Any) -> Any:
        return await self.resources.list("export", request, trainer_pb2.ListExportsResponse(), context)

    async def DeleteExport(self, request: trainer_pb2.DeleteExportRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("export", request, context)

    async def GetPredictionSet(self, request: trainer_pb2.GetPredictionSetRequest, context: Any) -> Any:
        return await self.resources.get("predictions", request, context)

    async def ListPredictionSets(self, request: trainer_pb2.ListPredictionSetsRequest, context: Any) -> Any:
        return await self.resources.list("predictions", request, trainer_pb2.ListPredictionSetsResponse(), context)

    async def DeletePredictionSet(
        self, request: trainer_pb2.DeletePredictionSetRequest, context: Any
    ) -> empty_pb2.Empty:
        return await self.resources.delete("predictions", request, context)

    async def CompareModels(self, request: trainer_pb2.CompareModelsRequest, context: Any) -> Operation:
        return await self.operations.submit("trainer.CompareModels", request, context)

    async def ImportModel(self, request: trainer_pb2.ImportModelRequest, context: Any) -> Operation:
        return await self.operations.submit("trainer.ImportModel", request, context)

    async def GetComparison(self, request: trainer_pb2.GetComparisonRequest, context: Any) -> Any:
        return await self.resources.get("comparison", request, context)

    async def ListComparisons(self, request: trainer_pb2.ListComparisonsRequest, context: Any) -> Any:
        return await self.resources.list("comparison", request, trainer_pb2.ListComparisonsResponse(), context)

    async def DeleteComparison(self, request: trainer_pb2.DeleteComparisonRequest, context: Any) -> empty_pb2.Empty:
        return await self.resources.delete("comparison", request, context)


def register(server: grpc.aio.Server, platform: Platform) -> list[str]:
    """Add the service to a server; answers its full name, for reflection."""
    platform.add_service("trainer", SPECS, KINDS)
    trainer_pb2_grpc.add_TrainerServiceServicer_to_server(TrainerServicer(platform), server)
    return ["cislex.trainer.v1.TrainerService"]
