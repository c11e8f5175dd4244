"""ONNX graphs made to do harm: files named at any depth, operators of strangers, sizes that are lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import onnx
import pytest
from cislex_core import input_limits
from cislex_core.errors import Reason, UserError
from cislex_core.onnx_safety import check_onnx
from onnx import AttributeProto, TensorProto, helper

Break = Callable[[onnx.ModelProto], None]


def plain() -> onnx.ModelProto:
    """y = x · w, a subgraph within an If, and a function of its own."""
    weight = helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1.0] * 4)
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2]) for name in "xy")
    b = helper.make_tensor_value_info("b", TensorProto.FLOAT, [2, 2])
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["b"])], "branch", [], [b])
    yes = helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("c", TensorProto.BOOL, [], [True]))
    choice = helper.make_node("If", ["yes"], ["chosen"], then_branch=branch, else_branch=branch)
    nodes = [
        yes,
        choice,
        helper.make_node("MatMul", ["x", "w"], ["z"]),
        helper.make_node("Own", ["z"], ["y"], domain="f"),
    ]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    own = helper.make_function("f", "Own", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], opsets[:1])
    graph = helper.make_graph(nodes, "g", [x], [y], [weight])
    return helper.make_model(graph, opset_imports=opsets, functions=[own])


def elsewhere(tensor: TensorProto, location: str) -> None:
    """The tensor's values are said to lie in a file."""
    for field in ("float_data", "int32_data", "raw_data"):
        tensor.ClearField(field)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)


def attribute(node: onnx.NodeProto, kind: int, **values: Any) -> AttributeProto:
    """A further attribute of a node."""
    added = AttributeProto(name="extra", type=kind, **values)
    node.attribute.append(added)
    return node.attribute[-1]


PLACES: dict[str, Callable[[onnx.ModelProto], TensorProto]] = {
    "an initializer": lambda m: m.graph.initializer[0],
    "a Constant": lambda m: m.graph.node[0].attribute[0].t,
    "a list of tensors": lambda m: attribute(m.graph.node[2], AttributeProto.TENSORS).tensors.add(),
    "sparse values": lambda m: m.graph.sparse_initializer.add().values,
    "sparse indices": lambda m: m.graph.sparse_initializer.add().indices,
    "a sparse attribute": lambda m: attribute(m.graph.node[2], AttributeProto.SPARSE_TENSOR).sparse_tensor.values,
    "sparse attributes": lambda m: (
        attribute(m.graph.node[2], AttributeProto.SPARSE_TENSORS).sparse_tensors.add().values
    ),
    "a branch": lambda m: m.graph.node[1].attribute[0].g.initializer.add(),
    "one graph of several": lambda m: attribute(m.graph.node[1], AttributeProto.GRAPHS).graphs.add().initializer.add(),
    "a branch of a branch": lambda m: attribute(
        m.graph.node[1].attribute[1].g.node[0], AttributeProto.GRAPH
    ).g.initializer.add(),
    "a function": lambda m: attribute(m.functions[0].node[0], AttributeProto.TENSOR).t,
    "a default of a function": lambda m: m.functions[0].attribute_proto.add(name="d", type=AttributeProto.TENSOR).t,
    "training": lambda m: m.training_info.add().algorithm.initializer.add(),
    "the start of training": lambda m: m.training_info.add().initialization.initializer.add(),
}
LOCATIONS = ["/etc/passwd", "../../etc/passwd", "weights.bin", "C:\\x", "", "\\\\server\\share"]


def refused(model: onnx.ModelProto | bytes) -> UserError:
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(UserError) as caught:
        check_onnx(data)
    return caught.value


def test_a_plain_graph_passes() -> None:
    onnx.checker.check_model(plain())
    check_onnx(plain().SerializeToString())


@pytest.mark.parametrize("place", PLACES)
def test_files_are_refused_wherever_they_are_named(place: str) -> None:
    for location in LOCATIONS:
        elsewhere(PLACES[place](model := plain()), location)
        error = refused(model)
        assert error.reason is Reason.UNSAFE_FILE
        assert "another file" in error.message


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_enough_without_the_mark_and_the_mark_without_a_place(place: str) -> None:
    PLACES[place](model := plain()).external_data.add(key="location", value="x")
    assert refused(model).reason is Reason.UNSAFE_FILE
    PLACES[place](model := plain()).data_location = TensorProto.EXTERNAL
    assert refused(model).reason is Reason.UNSAFE_FILE


def _in_graph(model: onnx.ModelProto) -> Any:
    return model.graph.node


def _in_branch(model: onnx.ModelProto) -> Any:
    return model.graph.node[1].attribute[0].g.node


def _in_function(model: onnx.ModelProto) -> Any:
    return model.functions[0].node


@pytest.mark.parametrize("nodes", [_in_graph, _in_branch, _in_function])
@pytest.mark.parametrize("domain", ["com.microsoft", "com.example", "ai.onnx.ml", "ai.onnx.contrib", "\x00", "F"])
def test_operators_of_strangers_are_refused(nodes: Callable[[onnx.ModelProto], Any], domain: str) -> None:
    nodes(model := plain()).add(op_type="PyOp", domain=domain, input=["x"], output=["q"])
    error = refused(model)
    assert error.reason is Reason.UNSAFE_FILE
    assert "PyOp" in error.message


@pytest.mark.parametrize("data", [b"", b"\x00" * 100, b"\xff" * 100, b"PK\x03\x04", b"\x08\x07", b":\x00", b"a" * 4096])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    assert refused(data).reason is Reason.UNSAFE_FILE


def test_nesting_without_end_is_refused() -> None:
    """Branches of branches: protobuf's own limit ends it, long before Python's stack does."""
    message = plain().graph.SerializeToString()
    for _ in range(300):
        for field in (6, 5, 1):  # AttributeProto.g, NodeProto.attribute, GraphProto.node
            message = _within(field, message)
    assert refused(_within(7, message)).reason is Reason.UNSAFE_FILE


def _within(field: int, message: bytes) -> bytes:
    size, n = b"", len(message)
    while n > 127:
        size, n = size + bytes([n & 127 | 128]), n >> 7
    return bytes([field << 3 | 2]) + size + bytes([n]) + message


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CISLEX_MAX_MODEL_BYTES", "1000")
    input_limits.input_limits.cache_clear()
    yield
    monkeypatch.undo()
    input_limits.input_limits.cache_clear()


@pytest.mark.usefixtures("small_limit")
def test_a_graph_beyond_the_limit_is_not_parsed() -> None:
    assert refused(b"\x00" * 1001).reason is Reason.LIMIT_EXCEEDED
    assert refused(b"\x00" * 1000).reason is Reason.UNSAFE_FILE
