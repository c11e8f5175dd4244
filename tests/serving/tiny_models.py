"""Exports made by hand, of a few ONNX nodes: no training needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from cislex_core.manifests import Artifact, Manifest
from cislex_core.stores.local import LocalStore
from onnx import TensorProto, helper

WINDOW = 8


def counting(extra_width: int = 0) -> onnx.ModelProto:
    """logits (n, 4): how often each base occurs; with ``extra_width`` also ``wide`` (n, 4, window, extra_width)."""
    nodes = [helper.make_node("ReduceSum", ["onehot", "axes"], ["logits"], keepdims=0)]
    weights = [helper.make_tensor("axes", TensorProto.INT64, [1], [2])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4])]
    if extra_width:
        nodes += [
            helper.make_node("Unsqueeze", ["onehot", "last"], ["deep"]),
            helper.make_node("Tile", ["deep", "times"], ["wide"]),
        ]
        weights += [
            helper.make_tensor("last", TensorProto.INT64, [1], [3]),
            helper.make_tensor("times", TensorProto.INT64, [4], [1, 1, 1, extra_width]),
        ]
        outputs.append(helper.make_tensor_value_info("wide", TensorProto.FLOAT, ["batch", 4, WINDOW, extra_width]))
    return _model(nodes, weights, outputs)


def endless() -> onnx.ModelProto:
    """logits (n, 4), after a loop of 10^12 rounds."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Add", ["before", "one"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, ["batch", 4]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, ["batch", 4]),
        ],
    )
    nodes = [
        helper.make_node("ReduceSum", ["onehot", "axes"], ["counts"], keepdims=0),
        helper.make_node("Loop", ["rounds", "yes", "counts"], ["logits"], body=body),
    ]
    weights = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [2]),
        helper.make_tensor("rounds", TensorProto.INT64, [], [10**12]),
        helper.make_tensor("yes", TensorProto.BOOL, [], [True]),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
    ]
    return _model(nodes, weights, [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4])])


def commit(store: LocalStore, data: bytes, kind: str = "export", **summary: Any) -> Artifact:
    """An artifact of kind export with these bytes as its graph."""
    staged: Path = store.stage()
    (staged / "model.onnx").write_bytes(data)
    (staged / "labels.txt").write_text("A\nC\nG\nT\n")
    facts = {"window_bp": WINDOW, "activation": "softmax", "target_type": "class_index", **summary}
    return store.commit_artifact(staged, Manifest(kind=kind, summary=facts))


def _model(nodes: list[Any], weights: list[Any], outputs: list[Any]) -> onnx.ModelProto:
    given = [helper.make_tensor_value_info("onehot", TensorProto.FLOAT, ["batch", 4, WINDOW])]
    graph = helper.make_graph(nodes, "tiny", given, outputs, initializer=weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
