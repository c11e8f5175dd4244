"""Look at an ONNX file before onnxruntime opens it: nothing outside of it may be read, no unknown code may be loaded.

An ONNX tensor can name a file that holds its values (``external_data``), relative to wherever the process stands, and
a node can belong to an operator set that some shared library must bring. Neither is needed for what cislex exports, so
both are refused, at any depth: subgraphs, functions, attributes, sparse tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cislex_core.errors import Reason, UserError
from cislex_core.input_limits import refuse_beyond

#: Operator sets that onnxruntime itself brings and our exporter uses.
KNOWN_DOMAINS = frozenset({"", "ai.onnx"})


def check_onnx(data: bytes) -> None:
    """Raises UNSAFE_FILE for bytes that are no ONNX model, name other files or need custom operators (by ``onnx``).

    LIMIT_EXCEEDED for more than ``model_bytes``.
    """
    import onnx
    from google.protobuf.message import DecodeError

    refuse_beyond(len(data), "model_bytes", "the ONNX model", "bytes")
    try:
        model = onnx.ModelProto.FromString(data)
    except (DecodeError, ValueError) as error:
        raise _unsafe(f"the file is no ONNX model: {error}") from None
    if not model.HasField("graph") or not model.graph.node:
        raise _unsafe("the file is no ONNX model: it has no graph")
    own = {function.domain for function in model.functions}
    for nodes, tensors in _parts(model):
        for tensor in tensors:
            if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
                raise _unsafe(f"the weights {tensor.name!r} of the ONNX model are said to lie in another file")
        for node in nodes:
            if node.domain not in KNOWN_DOMAINS | own:
                raise _unsafe(f"the ONNX model needs the operator {node.domain}.{node.op_type}, which is not of ONNX")


Part = tuple[list[Any], list[Any]]


def _parts(model: Any) -> Iterator[Part]:
    """(nodes, tensors) of every graph and function."""
    graphs = [model.graph]
    for info in model.training_info:
        graphs += [info.initialization, info.algorithm]
    for graph in graphs:
        yield from _of_graph(graph)
    for function in model.functions:
        yield from _of_nodes(list(function.node))
        yield from _of_attributes(list(function.attribute_proto))


def _of_graph(graph: Any) -> Iterator[Part]:
    sparse = [part for item in graph.sparse_initializer for part in (item.values, item.indices)]
    yield [], [*graph.initializer, *sparse]
    yield from _of_nodes(list(graph.node))


def _of_nodes(nodes: list[Any]) -> Iterator[Part]:
    yield nodes, []
    for node in nodes:
        yield from _of_attributes(list(node.attribute))


def _of_attributes(attributes: list[Any]) -> Iterator[Part]:
    for attribute in attributes:
        sparse = [
            part
            for item in [attribute.sparse_tensor, *attribute.sparse_tensors]
            for part in (item.values, item.indices)
        ]
        yield [], [attribute.t, *attribute.tensors, *sparse]
        for graph in [attribute.g, *attribute.graphs]:
            yield from _of_graph(graph)


def _unsafe(message: str) -> UserError:
    return UserError(
        Reason.UNSAFE_FILE, f"{message}; it was not opened. Export the model again with trainer.ExportModel"
    )
