"""Triton's own client against our server: metadata, both forms of tensors, parity with torch, and every refusal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import torch
from cislex.inference import kserve_v2_pb2 as v2
from cislex_core.exports import Export
from cislex_core.sequences import decode_batch
from cislex_models.checkpoint import load_models
from cislex_models.onehot import one_hot
from triton_library import tritonclient_grpc

WINDOW = 80


def _input(name: str, values: np.ndarray, datatype: str) -> Any:
    made = tritonclient_grpc().InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values)
    return made


def _expected(served: Any, codes: np.ndarray) -> np.ndarray:
    """Logits by torch: the mean over the seeds."""
    x = one_hot(torch.from_numpy(codes))
    with torch.no_grad():
        models = load_models(served.store.open_artifact(served.model.artifact.sha256))
        return torch.stack([model(x) for model in models]).mean(0).numpy()


def _contents(served: Any, codes: np.ndarray) -> v2.ModelInferRequest:
    """A request whose values are typed, which Triton's client does not make."""
    request = v2.ModelInferRequest(model_name=served.export.name, id="7")
    tensor = request.inputs.add(name="onehot", datatype="FP32", shape=[len(codes), 4, WINDOW])
    tensor.contents.fp32_contents.extend(one_hot(torch.from_numpy(codes)).numpy().ravel().tolist())
    return request


def _call(served: Any, request: v2.ModelInferRequest, timeout_s: float = 30) -> v2.ModelInferResponse:
    stub = served.connection.channel.unary_unary(
        "/inference.GRPCInferenceService/ModelInfer",
        request_serializer=v2.ModelInferRequest.SerializeToString,
        response_deserializer=v2.ModelInferResponse.FromString,
    )
    return stub(request, timeout=timeout_s)


def test_the_messages_are_those_that_triton_speaks() -> None:
    """Field by field: name, number, type, label; ours may have more (``parameters`` of ModelMetadataResponse)."""
    theirs = tritonclient_grpc().service_pb2.DESCRIPTOR

    def fields(message: Any) -> set[tuple[Any, ...]]:
        found = {(f.name, f.number, f.type, f.is_repeated, f.message_type and f.message_type.full_name)
                 for f in message.fields}  # fmt: skip
        for nested in message.nested_types:
            found |= {(nested.name, *field) for field in fields(nested)}
        return found

    for name, message in v2.DESCRIPTOR.message_types_by_name.items():
        want, have = fields(theirs.message_types_by_name[name]), fields(message)
        assert want <= have, name
        extra = {field[0] for field in have - want}
        assert extra <= ({"parameters", "ParametersEntry"} if name == "ModelMetadataResponse" else set())
    service = v2.DESCRIPTOR.services_by_name["GRPCInferenceService"]
    assert service.full_name == "inference.GRPCInferenceService"
    for method in service.methods:
        other = theirs.services_by_name["GRPCInferenceService"].methods_by_name[method.name]
        assert (method.input_type.full_name, method.output_type.full_name) == (
            other.input_type.full_name, other.output_type.full_name,
        )  # fmt: skip


def test_the_server_lives_is_ready_and_says_what_it_is(triton: Any) -> None:
    assert triton.is_server_live()
    assert triton.is_server_ready()
    metadata = triton.get_server_metadata()
    assert metadata.name == "cislex-explainer"
    assert metadata.version
    assert list(metadata.extensions) == []


@pytest.mark.parametrize("layout", ["export", "repository"])
@pytest.mark.parametrize("by", ["name", "digest"])
def test_a_model_is_found_by_name_and_digest(served: Any, triton: Any, layout: str, by: str) -> None:
    export = getattr(served, layout)
    name = export.name if by == "name" else export.artifact.sha256
    assert triton.is_model_ready(name)
    assert triton.is_model_ready(name, "1")
    metadata = triton.get_model_metadata(name)
    assert (metadata.name, list(metadata.versions), metadata.platform) == (name, ["1"], "onnxruntime_onnx")
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs] == [("onehot", "FP32", [-1, 4, WINDOW])]
    outputs = {t.name: list(t.shape) for t in metadata.outputs}
    assert next(iter(outputs)) == "logits"
    assert outputs["logits"] == outputs["probabilities"] == [-1, 3]
    assert {*outputs} == {"logits", "attention", "probabilities"}


def test_the_metadata_beyond_the_protocol_are_true(served: Any) -> None:
    stub = served.connection.channel.unary_unary(
        "/inference.GRPCInferenceService/ModelMetadata",
        request_serializer=v2.ModelMetadataRequest.SerializeToString,
        response_deserializer=v2.ModelMetadataResponse.FromString,
    )
    facts = stub(v2.ModelMetadataRequest(name=served.export.name), timeout=30).parameters
    export = Export.of(served.artifact(served.export))
    assert facts["providers"].string_param == "CPUExecutionProvider"
    assert facts["artifact"].string_param == served.export.artifact.sha256
    assert json.loads(facts["labels"].string_param) == export.labels
    assert facts["activation"].string_param == export.activation == "sigmoid"
    assert (facts["window_bp"].int64_param, facts["max_batch_size"].int64_param) == (WINDOW, 1024)
    assert "sequence BYTES [-1]" in facts["alternative_inputs"].string_param


def test_raw_answers_are_those_of_torch(served: Any, triton: Any, codes: np.ndarray) -> None:
    x = one_hot(torch.from_numpy(codes)).numpy()
    result = triton.infer(served.export.name, [_input("onehot", x, "FP32")], request_id="a-1")
    expected = _expected(served, codes)
    np.testing.assert_allclose(result.as_numpy("logits"), expected, atol=1e-5)
    np.testing.assert_allclose(result.as_numpy("probabilities"), 1 / (1 + np.exp(-expected)), atol=1e-6)
    np.testing.assert_allclose(result.as_numpy("attention").sum(1), 1.0, atol=1e-5)
    response = result.get_response()
    assert (response.id, response.model_name, response.model_version) == ("a-1", served.export.name, "1")
    assert response.parameters["provider"].string_param == "CPUExecutionProvider"
    assert len(response.raw_output_contents) == len(response.outputs) == 3
    assert not any(output.HasField("contents") for output in response.outputs)


def test_codes_and_sequences_give_what_one_hot_gives(served: Any, triton: Any, codes: np.ndarray) -> None:
    expected = _expected(served, codes)
    texts = np.array([text.encode() for text in decode_batch(codes)], dtype=object)
    lower = np.array([[text.lower()] for text in texts], dtype=object)
    for given in (
        _input("codes", codes, "UINT8"),
        _input("sequence", texts, "BYTES"),
        _input("sequence", lower, "BYTES"),
    ):
        logits = triton.infer(served.repository.name, [given]).as_numpy("logits")
        np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_only_the_outputs_wanted_come_in_their_order(served: Any, triton: Any, codes: np.ndarray) -> None:
    library = tritonclient_grpc()
    wanted = [library.InferRequestedOutput(name) for name in ("probabilities", "logits")]
    result = triton.infer(served.export.name, [_input("codes", codes, "UINT8")], outputs=wanted)
    assert [output.name for output in result.get_response().outputs] == ["probabilities", "logits"]


def test_typed_contents_are_answered_typed(served: Any, codes: np.ndarray) -> None:
    answer = _call(served, _contents(served, codes))
    assert not answer.raw_output_contents
    logits = next(output for output in answer.outputs if output.name == "logits")
    got = np.array(logits.contents.fp32_contents, dtype=np.float32).reshape(tuple(logits.shape))
    np.testing.assert_allclose(got, _expected(served, codes), atol=1e-5)
    assert answer.id == "7"


def _refused(call: Any) -> tuple[str, str]:
    with pytest.raises(tritonclient_grpc().InferenceServerException) as caught:
        call()
    return caught.value.status().removeprefix("StatusCode."), caught.value.message()


def test_models_that_are_not_there(served: Any, triton: Any, codes: np.ndarray) -> None:
    given = [_input("codes", codes, "UINT8")]
    gone = "tenants/local/exports/0123456789abcdef"
    assert _refused(lambda: triton.infer(gone, given)) == ("NOT_FOUND", f"there is no export {gone}")
    assert not triton.is_model_ready(gone)
    assert _refused(lambda: triton.get_model_metadata("f" * 64))[0] == "NOT_FOUND"
    assert _refused(lambda: triton.infer(served.export.name, given, model_version="2"))[0] == "NOT_FOUND"
    assert not triton.is_model_ready(served.export.name, "2")
    code, message = _refused(lambda: triton.infer("resnet50", given))
    assert code == "INVALID_ARGUMENT"
    assert "give the name of an export" in message
    # a thing of another kind, by either of its names
    assert _refused(lambda: triton.infer(served.model.name, given))[0] == "NOT_FOUND"
    code, message = _refused(lambda: triton.infer(served.model.artifact.sha256, given))
    assert code == "INVALID_ARGUMENT"
    assert "is of kind 'model'; an export is needed" in message


def test_inputs_that_do_not_fit(served: Any, triton: Any, codes: np.ndarray) -> None:
    x = one_hot(torch.from_numpy(codes)).numpy()
    name = served.export.name
    short = np.array([b"ACGT"], dtype=object)
    strange = np.array([b"ACGT" * 19 + b"AC!T"], dtype=object)
    cases = [
        ([_input("onehot", x[:, :3], "FP32")], "has shape [6, 3, 80]; the model takes ['n', 4, 80]"),
        ([_input("onehot", x.astype(np.float64), "FP64")], "input onehot is FP32, not FP64"),
        ([_input("image", x, "FP32")], "there is no input 'image'"),
        ([_input("onehot", x, "FP32"), _input("codes", codes, "UINT8")], "2 inputs were sent; send one"),
        ([_input("codes", codes + 3, "UINT8")], "codes are 0 to 4"),
        ([_input("onehot", x * np.nan, "FP32")], "not finite"),
        ([_input("sequence", short, "BYTES")], "sequence 0 has 4 letters, the model reads 80"),
        ([_input("sequence", strange, "BYTES")], "sequence 0:"),
        ([_input("codes", codes[:0], "UINT8")], "with n of 1 or more"),
        ([_input("codes", np.zeros((1025, WINDOW), np.uint8), "UINT8")], "more than 1024"),
    ]
    for inputs, text in cases:
        code, message = _refused(lambda inputs=inputs: triton.infer(name, inputs))
        assert code == "INVALID_ARGUMENT", message
        assert text in message


def test_what_is_asked_for_beyond_the_protocol_is_refused(served: Any, triton: Any, codes: np.ndarray) -> None:
    library, name = tritonclient_grpc(), served.export.name
    given = _input("codes", codes, "UINT8")
    unknown = [library.InferRequestedOutput("softmax")]
    top = [library.InferRequestedOutput("logits", class_count=2)]
    shared = library.InferInput("codes", [6, WINDOW], "UINT8")
    shared.set_shared_memory("region", codes.nbytes)
    for call, text in (
        (lambda: triton.infer(name, [given], outputs=unknown), "no output 'softmax'; it has logits, attention"),
        (lambda: triton.infer(name, [given], outputs=top), "parameter 'classification' of an output"),
        (lambda: triton.infer(name, [shared]), "there is no shared memory"),
        (lambda: triton.infer(name, [given], sequence_id=3), "is not known here"),
    ):
        code, message = _refused(call)
        assert code == "INVALID_ARGUMENT", message
        assert text in message
    assert _refused(lambda: triton.load_model(name))[0] == "UNIMPLEMENTED"
    assert _refused(triton.get_model_repository_index)[0] == "UNIMPLEMENTED"


def test_a_batch_may_be_as_large_as_the_metadata_say(served: Any, triton: Any) -> None:
    many = np.zeros((1024, WINDOW), np.uint8)
    assert triton.infer(served.export.name, [_input("codes", many, "UINT8")]).as_numpy("logits").shape == (1024, 3)


def test_forms_that_contradict_each_other(served: Any, codes: np.ndarray) -> None:
    def status(request: v2.ModelInferRequest) -> tuple[Any, str]:
        with pytest.raises(grpc.RpcError) as caught:
            _call(served, request)
        return caught.value.code(), str(caught.value.details())

    both = _contents(served, codes)
    both.raw_input_contents.append(b"\0" * 4)
    assert status(both) == (
        grpc.StatusCode.INVALID_ARGUMENT, "contents and raw_input_contents are both there; send one of them",
    )  # fmt: skip
    neither = _contents(served, codes)
    neither.inputs[0].ClearField("contents")
    assert "holds 1920 elements of FP32, 0 were sent" in status(neither)[1]
    misplaced = _contents(served, codes)
    misplaced.inputs[0].contents.ClearField("fp32_contents")
    misplaced.inputs[0].contents.fp64_contents.append(1)
    assert "contents of FP32 are in fp32_contents, not in fp64_contents" in status(misplaced)[1]
    ragged = v2.ModelInferRequest(model_name=served.export.name, raw_input_contents=[b"\0" * 7])
    ragged.inputs.add(name="onehot", datatype="FP32", shape=[1, 4, WINDOW])
    assert "no whole number of elements" in status(ragged)[1]
    cut = v2.ModelInferRequest(model_name=served.export.name, raw_input_contents=[b"\x50\0\0\0ACGT"])
    cut.inputs.add(name="sequence", datatype="BYTES", shape=[1])
    assert "end within an element" in status(cut)[1]
    huge = v2.ModelInferRequest(model_name=served.export.name, raw_input_contents=[b"\0" * 4])
    huge.inputs.add(name="codes", datatype="UINT8", shape=[2**40, WINDOW])
    assert "more than 1024" in status(huge)[1]


def test_a_deadline_ends_the_call_and_the_server_goes_on(served: Any, codes: np.ndarray) -> None:
    many = np.tile(codes, (1024 // len(codes), 1))  # as many as it takes at once: no server answers these in time
    with pytest.raises(grpc.RpcError) as caught:
        _call(served, _contents(served, many), timeout_s=1e-3)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert _call(served, _contents(served, codes)).outputs


def test_the_example_of_the_documentation_runs(served: Any, repo_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tritonclient_grpc()  # beside our stubs: see there
    text = (repo_dir / "docs" / "serving.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    for said, here in (
        ("localhost:50053", served.address),
        ("tenants/local/exports/0123456789abcdef", served.export.name),
    ):
        assert said in example
        example = example.replace(said, here)
    exec(compile(example, "docs/serving.md", "exec"), {})
    shapes, *rows = capsys.readouterr().out.splitlines()
    assert "('probabilities', [-1, 3])" in shapes
    assert len(rows) == 2
