"""format triton_repository: the tree, and config.pbtxt read with Triton's own schema and compared with the graph."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from cislex_core.exports import Export
from cislex_core.manifests import Artifact
from cislex_trainer.specs import ExportModelSpec
from google.protobuf import text_format
from onnx.helper import tensor_dtype_to_np_dtype
from pydantic import ValidationError
from triton_library import tritonclient_grpc

NAME = "ctcf-2026.1"


def _schema() -> Any:
    return tritonclient_grpc().model_config_pb2


def _config(export: Artifact, name: str = NAME) -> Any:
    """Parsed strictly: an unknown field, a wrong type or a typo of an enum raises."""
    return text_format.Parse(export.path(f"{name}/config.pbtxt").read_text(), _schema().ModelConfig())


@pytest.fixture(scope="module")
def repository(chain: Any) -> Artifact:
    return chain.desk.run(
        "ExportModel", model=chain.model.digest, dataset=chain.dataset.digest, format="triton_repository",
        model_name=NAME, max_batch_size=512, licence="CC-BY-4.0",
    )  # fmt: skip


def test_the_tree_is_a_model_repository(repository: Artifact, chain: Any) -> None:
    inside = {"config.pbtxt", "1/model.onnx", "labels.txt", "model_card.json", "model_card.md", "parity.json"}
    assert set(repository.names()) == {f"{NAME}/{name}" for name in inside}
    assert repository.path(f"{NAME}/labels.txt").read_text() == "KO\nWT\n"
    summary = repository.manifest.summary
    assert (summary["format"], summary["model_name"], summary["max_batch_size"]) == ("triton_repository", NAME, 512)
    x = np.zeros((3, 4, 60), np.float32)
    flat, nested = (
        ort.InferenceSession(str(Export.of(artifact).onnx_path), providers=["CPUExecutionProvider"])
        for artifact in (chain.export, repository)
    )
    np.testing.assert_array_equal(flat.run(None, {"onehot": x})[0], nested.run(None, {"onehot": x})[0])


def test_the_configuration_is_valid_and_says_what_the_graph_says(repository: Artifact) -> None:
    config, schema = _config(repository), _schema()
    assert (config.name, config.backend, config.default_model_filename) == (NAME, "onnxruntime", "model.onnx")
    assert config.max_batch_size == 512
    assert list(config.version_policy.specific.versions) == [1]
    assert list(config.dynamic_batching.preferred_batch_size) == [256, 512]
    assert config.dynamic_batching.max_queue_delay_microseconds == 2000
    assert [(group.count, group.kind) for group in config.instance_group] == [(1, schema.ModelInstanceGroup.KIND_AUTO)]
    graph = onnx.load(str(repository.path(f"{NAME}/1/model.onnx"))).graph
    for told, inside in ((config.input, graph.input), (config.output, graph.output)):
        assert [tensor.name for tensor in told] == [value.name for value in inside]
        for tensor, value in zip(told, inside, strict=True):
            kind = value.type.tensor_type
            assert kind.shape.dim[0].dim_param, "the batch must be free"
            assert list(tensor.dims) == [dim.dim_value for dim in kind.shape.dim[1:]]
            assert tensor.data_type == schema.TYPE_FP32
            assert tensor_dtype_to_np_dtype(kind.elem_type) == np.float32
    assert {tensor.name: tensor.label_filename for tensor in config.output} == {"logits": "labels.txt", "attention": ""}


def test_a_typo_in_the_configuration_would_be_seen(repository: Artifact) -> None:
    """The check above can fail: the schema refuses an unknown field and an unknown enum value."""
    text = repository.path(f"{NAME}/config.pbtxt").read_text()
    for good, bad in (("max_batch_size", "max_batchsize"), ("KIND_AUTO", "KIND_ANY"), ("TYPE_FP32", "TYPE_FLOAT")):
        with pytest.raises(text_format.ParseError):
            text_format.Parse(text.replace(good, bad), _schema().ModelConfig())


def test_the_card_names_data_training_and_licence(repository: Artifact, chain: Any) -> None:
    card = repository.json(f"{NAME}/model_card.json")
    assert card["licence"] == "CC-BY-4.0"
    assert (card["alphabet"], card["window_bp"]) == ("ACGT", 60)
    assert card["training_data"]["dataset"] == chain.dataset.digest
    assert "genome_digest" in card["training_data"]
    assert card["training_operation"]["task"] == "trainer.TrainModel"
    assert re.fullmatch("[0-9a-f]{64}", card["training_operation"]["spec_digest"])
    assert 0 <= card["parity"]["max_abs_difference"] <= 1e-4
    assert "CC-BY-4.0" in repository.path(f"{NAME}/model_card.md").read_text()


def test_unnamed_models_are_named_after_what_they_are(chain: Any) -> None:
    export = chain.desk.run(
        "ExportModel", model=chain.model.digest, dataset=chain.dataset.digest, format="triton_repository"
    )
    name = f"wtko_cnn-{chain.model.digest[:16]}"
    assert export.manifest.summary["model_name"] == name
    config = _config(export, name)
    assert (config.name, config.max_batch_size) == (name, 1024)
    assert "none was stated" in export.json(f"{name}/model_card.json")["licence"]


def test_predict_reads_either_layout(repository: Artifact, chain: Any) -> None:
    answers = [
        chain.desk.run("Predict", export=export.digest, dataset=chain.dataset.digest).table("predictions.parquet")
        for export in (chain.export, repository)
    ]
    assert answers[0].equals(answers[1])


@pytest.mark.parametrize(
    "fields",
    [
        {"model_name": "a"},
        {"max_batch_size": 8},
        {"format": "triton_repository", "model_name": "../a"},
        {"format": "triton_repository", "model_name": "a/b"},
        {"format": "triton_repository", "model_name": ".hidden"},
        {"format": "triton_repository", "max_batch_size": 0},
        {"format": "savedmodel"},
    ],
)
def test_what_is_no_repository_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ExportModelSpec(model="m", dataset="d", **fields)
