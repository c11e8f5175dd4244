"""config.pbtxt: how NVIDIA Triton serves an exported graph, read from the graph itself.

Written as text, so that Triton's protobuf is not needed here; the tests parse it with Triton's own schema (the
``model_config_pb2`` of ``tritonclient``). Shapes stand without the batch, as Triton wants them with a
``max_batch_size`` above 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import onnx
from cislex_core.errors import CislexError, Reason

MAX_BATCH_SIZE = 1024
PREFERRED_BATCH_SIZES = (256, 1024)
QUEUE_DELAY_US = 2000
_TYPES: dict[int, str] = {onnx.TensorProto.FLOAT: "TYPE_FP32", onnx.TensorProto.INT64: "TYPE_INT64"}


@dataclass(frozen=True)
class Tensor:
    """An input or output of a graph: ``dims`` without the batch, -1 where the size is free."""

    name: str
    data_type: str
    dims: tuple[int, ...]


def tensors(path: Path) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs and outputs of a graph, in its order. Raises INTERNAL for another type, or a batch that is not free."""
    graph = onnx.load(str(path), load_external_data=False).graph
    weights = {weight.name for weight in graph.initializer}
    return [_tensor(i) for i in graph.input if i.name not in weights], [_tensor(o) for o in graph.output]


def _tensor(value: onnx.ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in kind.shape.dim]
    if kind.elem_type not in _TYPES or not dims or dims[0] != -1:
        text = f"{value.name} of the graph has type {kind.elem_type} and shape {dims}: Triton could not batch it"
        raise CislexError(Reason.INTERNAL, text)
    return Tensor(value.name, _TYPES[kind.elem_type], tuple(dims[1:]))


def config_pbtxt(name: str, path: Path, max_batch_size: int) -> str:
    """The configuration of the graph at ``path`` as model ``name``; ``labels.txt`` lies beside it."""
    inputs, outputs = tensors(path)
    preferred = sorted({min(size, max_batch_size) for size in PREFERRED_BATCH_SIZES})
    lines = [
        f"name: {json.dumps(name)}",
        'backend: "onnxruntime"',
        'default_model_filename: "model.onnx"',
        f"max_batch_size: {max_batch_size}",
        *(line for tensor in inputs for line in _block("input", tensor)),
        *(line for tensor in outputs for line in _block("output", tensor, labels=tensor.name == "logits")),
        "dynamic_batching {",
        f"  preferred_batch_size: [ {', '.join(map(str, preferred))} ]",
        f"  max_queue_delay_microseconds: {QUEUE_DELAY_US}",
        "}",
        "instance_group [",
        "  {",
        "    count: 1",
        "    kind: KIND_AUTO",
        "  }",
        "]",
        "version_policy {",
        "  specific {",
        "    versions: [ 1 ]",
        "  }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _block(role: str, tensor: Tensor, labels: bool = False) -> list[str]:
    return [
        f"{role} [",
        "  {",
        f"    name: {json.dumps(tensor.name)}",
        f"    data_type: {tensor.data_type}",
        f"    dims: [ {', '.join(map(str, tensor.dims))} ]",
        *(['    label_filename: "labels.txt"'] if labels else []),
        "  }",
        "]",
    ]
