"""ModelInfer and ModelMetadata: a request of the protocol in, an answer out.

Work runs in a few threads of its own; a call whose caller went away, or whose deadline passed, is stopped between two
nodes of the graph.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from cislex.inference import kserve_v2_pb2 as v2
from cislex_core.activations import activate
from cislex_core.errors import CislexError, Reason, RetryableError

from cislex_explainer.serving.cache import OpenOnes
from cislex_explainer.serving.inputs import ONEHOT, one_hot_of
from cislex_explainer.serving.models import VERSION, OpenModel, Output, find, onnxruntime, open_model, providers
from cislex_explainer.serving.tensors import invalid, write

if TYPE_CHECKING:
    from cislex_runtime.serving.platform import Platform

PLATFORM = "onnxruntime_onnx"
LOGITS = "logits"
#: gRPC's default limit of a message is 4 MiB; names and shapes take a little of it.
MAX_ANSWER_BYTES = (4 << 20) - (64 << 10)
T = TypeVar("T")


class Inference:
    """The models of one server process."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        settings = platform.settings
        self._models = OpenOnes(lambda digest: open_model(platform, digest), settings.serving_cache_bytes)
        self._threads = ThreadPoolExecutor(settings.serving_threads, thread_name_prefix="inference")

    async def ready(self) -> bool:
        """Whether ledger, store and onnxruntime can be used, with the device that the settings demand."""

        def check() -> None:
            self._platform.check()
            providers(self._platform.settings)

        try:
            await asyncio.to_thread(check)
        except Exception:  # whatever is wrong, the answer is no; health and log say what
            return False
        return True

    async def model_ready(self, name: str, version: str) -> bool:
        """Whether the model exists for the caller and opens."""
        try:
            await self._in_thread(self._open, name, version)
        except CislexError:
            return False
        return True

    async def metadata(self, name: str, version: str) -> v2.ModelMetadataResponse:
        """See the proto."""
        model = await self._in_thread(self._open, name, version)
        answer = v2.ModelMetadataResponse(name=name, versions=[VERSION], platform=PLATFORM)
        answer.inputs.add(name=ONEHOT, datatype="FP32", shape=[-1, 4, model.window.window_bp])
        for output in model.outputs:
            answer.outputs.add(name=output.name, datatype="FP32", shape=[-1, *output.shape])
        for key, value in _facts(model).items():
            answer.parameters[key].CopyFrom(value)
        return answer

    async def infer(self, request: v2.ModelInferRequest) -> v2.ModelInferResponse:
        """See the proto."""
        run = Run()
        try:
            return await self._in_thread(self._infer, request, run)
        finally:
            run.stop()

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """As ``asyncio.to_thread``, but never more at once than ``serving_threads``."""
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *arguments))

    def _open(self, name: str, version: str) -> OpenModel:
        return self._models.get(find(self._platform, name, version))

    def _infer(self, request: v2.ModelInferRequest, run: Run) -> v2.ModelInferResponse:
        if request.parameters:
            raise invalid(f"parameter {sorted(request.parameters)[0]!r} is not known here", "parameters")
        model = self._open(request.model_name, request.model_version)
        outputs = _wanted(request, model)
        x = one_hot_of(request, model.window)
        _check_size(outputs, len(x))
        answer = v2.ModelInferResponse(model_name=request.model_name, model_version=VERSION, id=request.id)
        answer.parameters["provider"].string_param = model.providers[0]
        results = run.outputs(model, outputs, x)
        for output in outputs:
            write(answer, output.name, results[output.name], raw=bool(request.raw_input_contents))
        if answer.ByteSize() > MAX_ANSWER_BYTES + (64 << 10):
            raise _too_large(answer.ByteSize(), len(x))
        return answer


class Run:
    """One run of a graph, which another thread may stop."""

    def __init__(self) -> None:
        self._options: Any = None
        self._stopped = False

    def stop(self) -> None:
        """End the run between two nodes, or before it begins. No effect on one that is over."""
        self._stopped = True
        if self._options is not None:
            self._options.terminate = True

    def outputs(self, model: OpenModel, wanted: list[Output], x: np.ndarray) -> dict[str, np.ndarray]:
        """Name → values of the outputs wanted. Raises OUT_OF_MEMORY, CANCELLED."""
        self._options = onnxruntime().RunOptions()
        if self._stopped:
            raise CislexError(Reason.CANCELLED, "the caller went away")
        names = list(dict.fromkeys(LOGITS if output.computed else output.name for output in wanted))
        try:
            found = dict(zip(names, model.session.run(names, {ONEHOT: x}, self._options), strict=True))
        except Exception as error:  # onnxruntime's classes have no common base but Exception
            if self._stopped:
                raise CislexError(Reason.CANCELLED, "the caller went away") from None
            if "allocat" in str(error).lower():
                text = f"{len(x)} sequences do not fit into the memory of this server; send fewer at once"
                raise RetryableError(Reason.OUT_OF_MEMORY, text) from None
            raise
        for output in wanted:
            if output.computed:
                found[output.name] = activate(model.export.activation, found[LOGITS])
        return found


def _wanted(request: v2.ModelInferRequest, model: OpenModel) -> list[Output]:
    known = {output.name: output for output in model.outputs}
    for index, output in enumerate(request.outputs):
        field = f"outputs[{index}]"
        if output.name not in known:
            text = f"the model has no output {output.name!r}; it has {', '.join(known)}"
            raise invalid(text, f"{field}.name")
        if output.parameters:
            text = f"parameter {sorted(output.parameters)[0]!r} of an output is not known here"
            raise invalid(text, f"{field}.parameters")
    return [known[name] for name in dict.fromkeys(output.name for output in request.outputs)] or list(model.outputs)


def _check_size(outputs: list[Output], n: int) -> None:
    """Before anything is computed, as far as the shapes tell."""
    size = sum(4 * n * math.prod(output.shape) for output in outputs if -1 not in output.shape)
    if size > MAX_ANSWER_BYTES:
        raise _too_large(size, n)


def _too_large(size: int, n: int) -> CislexError:
    text = (
        f"the answer for {n} sequences would have {size} bytes, more than {MAX_ANSWER_BYTES}; name the outputs you "
        "need, or send fewer sequences at once"
    )
    return invalid(text, "outputs", Reason.LIMIT_EXCEEDED)


def _facts(model: OpenModel) -> dict[str, v2.InferParameter]:
    export = model.export
    texts = {
        "providers": ",".join(model.providers),
        "onnxruntime": onnxruntime().__version__,
        "artifact": export.artifact.digest,
        "labels": json.dumps(model.labels),
        "activation": export.activation,
        "alphabet": "ACGT",
        "alternative_inputs": model.window.alternatives,
    }
    numbers = {"window_bp": model.window.window_bp, "max_batch_size": model.window.most}
    return {
        **{key: v2.InferParameter(string_param=text) for key, text in texts.items()},
        **{key: v2.InferParameter(int64_param=number) for key, number in numbers.items()},
        "strand_symmetric": v2.InferParameter(bool_param=export.strand_symmetric),
    }
