"""Inference without a port: whose model it is, what is not opened, what ends a run, what stays open."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cislex.inference import kserve_v2_pb2 as v2
from cislex_core.errors import CislexError, Reason
from cislex_core.manifests import Artifact
from cislex_core.settings import Settings
from cislex_explainer.serving import models
from cislex_explainer.serving.cache import OpenOnes
from cislex_explainer.serving.inference import Inference
from cislex_runtime.ledger import schema
from cislex_runtime.security.identity import Principal, Role, become
from cislex_runtime.serving.platform import Platform
from tiny_models import WINDOW, commit, counting, endless


class Bench:
    """A platform whose engine never starts, and inference on it."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.platform = Platform(Settings(home=home, serving_threads=1, **settings))
        self.inference = Inference(self.platform)

    def export(self, data: bytes, tenant: str = "local", kind: str = "export") -> tuple[str, Artifact]:
        """(resource name, artifact) of an export with these bytes."""
        artifact = commit(self.platform.store, data, kind)
        name = f"tenants/{tenant}/exports/{artifact.digest[:16]}"
        with self.platform.ledger._write() as connection:
            connection.execute(
                schema.resources.insert().values(
                    name=name, tenant=tenant, collection="exports", kind=kind, digest=artifact.digest, size_bytes=1,
                    summary="{}", op_id="x", created_at=time.time(),
                )
            )  # fmt: skip
        return name, artifact


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "home")
    yield made
    made.platform.ledger.close()


def _request(name: str, n: int = 1, outputs: tuple[str, ...] = ()) -> v2.ModelInferRequest:
    """n sequences of A only, raw."""
    request = v2.ModelInferRequest(model_name=name, raw_input_contents=[bytes(n * WINDOW)])
    request.inputs.add(name="codes", datatype="UINT8", shape=[n, WINDOW])
    for output in outputs:
        request.outputs.add(name=output)
    return request


async def _reason(work: Any) -> Reason:
    with pytest.raises(CislexError) as caught:
        await work
    return caught.value.reason


async def test_counts_are_counted_and_read(bench: Bench) -> None:
    name, _ = bench.export(counting().SerializeToString())
    answer = await bench.inference.infer(_request(name, 2))
    logits, p = (np.frombuffer(raw, "<f4").reshape(2, 4) for raw in answer.raw_output_contents)
    np.testing.assert_array_equal(logits, [[WINDOW, 0, 0, 0]] * 2)
    np.testing.assert_allclose(p.sum(1), 1, rtol=1e-6)
    assert p[0, 0] > 0.99


async def _by(tenant: str, call: Callable[[], Awaitable[Any]]) -> Any:
    """The call as somebody of a tenant makes it: in a task of its own, as the server runs each rpc."""

    async def as_them() -> Any:
        become(Principal("someone", tenant, Role.ADMIN))
        return await call()

    return await asyncio.create_task(as_them())


@pytest.mark.parametrize("by", ["name", "digest"])
async def test_a_model_of_another_tenant_is_as_absent(bench: Bench, by: str) -> None:
    name, artifact = bench.export(counting().SerializeToString(), tenant="lab-a")
    model = name if by == "name" else artifact.digest
    inference = bench.inference
    assert await _reason(_by("lab-b", lambda: inference.infer(_request(model)))) is Reason.NOT_FOUND
    assert await _reason(_by("lab-b", lambda: inference.metadata(model, ""))) is Reason.NOT_FOUND
    assert not await _by("lab-b", lambda: inference.model_ready(model, ""))
    assert (await _by("lab-a", lambda: inference.infer(_request(model)))).outputs
    # open now, and still absent for the other
    assert await _reason(_by("lab-b", lambda: inference.infer(_request(model)))) is Reason.NOT_FOUND


async def test_a_deleted_model_is_gone_though_it_was_open(bench: Bench) -> None:
    _, artifact = bench.export(counting().SerializeToString())
    assert (await bench.inference.infer(_request(artifact.digest))).outputs
    bench.platform.store.delete(artifact.digest)
    assert await _reason(bench.inference.infer(_request(artifact.digest))) is Reason.NOT_FOUND


def _external() -> bytes:
    model = counting()
    weight = model.graph.initializer[0]
    weight.ClearField("int64_data")
    weight.data_location = weight.EXTERNAL
    weight.external_data.add(key="location", value="../../../../etc/hostname")
    return model.SerializeToString()


def _external_in_a_loop() -> bytes:
    model = endless()
    body = model.graph.node[1].attribute[0].g
    weight = body.initializer.add(name="hidden", data_type=1, dims=[1])
    weight.data_location = weight.EXTERNAL
    weight.external_data.add(key="location", value="/etc/hostname")
    return model.SerializeToString()


def _custom() -> bytes:
    model = counting()
    model.graph.node.add(op_type="RunShell", domain="com.example", input=["onehot"], output=["x"])
    return model.SerializeToString()


def _impossible() -> bytes:
    model = counting()
    model.graph.node[0].op_type = "NoSuchOperator"
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (_impossible(), "cannot open the graph: .*NoSuchOperator"),
        (_external(), "'axes' of the ONNX model are said to lie in another file"),
        (_external_in_a_loop(), "'hidden' of the ONNX model are said to lie in another file"),
        (_custom(), "the operator com.example.RunShell, which is not of ONNX"),
        (b"\x00not onnx", "no ONNX model"),
        (b"", "no ONNX model"),
    ],
)
async def test_what_could_do_harm_is_not_opened(bench: Bench, data: bytes, says: str) -> None:
    name, _ = bench.export(data)
    with pytest.raises(CislexError, match=says) as caught:
        await bench.inference.infer(_request(name))
    assert caught.value.reason is Reason.UNSAFE_FILE
    assert not await bench.inference.model_ready(name, "")


async def test_a_graph_that_reads_something_else_is_not_served(bench: Bench) -> None:
    model = counting()
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = WINDOW + 1
    name, _ = bench.export(model.SerializeToString())
    assert await _reason(bench.inference.infer(_request(name))) is Reason.UNSAFE_FILE


async def test_altered_bytes_are_not_served(bench: Bench) -> None:
    name, artifact = bench.export(counting().SerializeToString())
    with open(artifact.dir / "model.onnx", "r+b") as handle:
        handle.write(b"\xff")
    assert await _reason(bench.inference.infer(_request(name))) is Reason.ARTIFACT_CORRUPT


async def test_an_answer_that_would_not_fit_is_refused_before_it_is_computed(bench: Bench) -> None:
    width = 4096  # 4 × 8 × 4096 floats are half a MiB a sequence
    name, _ = bench.export(counting(width).SerializeToString())
    with pytest.raises(CislexError, match="name the outputs you need, or send fewer") as caught:
        await bench.inference.infer(_request(name, 8))
    assert caught.value.reason is Reason.LIMIT_EXCEEDED
    assert len((await bench.inference.infer(_request(name, 8, outputs=("logits",)))).outputs) == 1
    assert (await bench.inference.infer(_request(name, 7))).ByteSize() < 4 << 20


async def test_a_file_larger_than_the_cache_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path, serving_cache_bytes=1 << 20)
    model = counting()
    model.graph.doc_string = "x" * (1 << 20)
    name, _ = bench.export(model.SerializeToString())
    assert await _reason(bench.inference.infer(_request(name))) is Reason.LIMIT_EXCEEDED
    bench.platform.ledger.close()


async def test_a_caller_who_goes_away_ends_the_run_and_frees_its_thread(bench: Bench) -> None:
    """The only thread is in a loop of 10^12 rounds; the next call would wait for ever if that were not stopped."""
    slow, _ = bench.export(endless().SerializeToString())
    quick, _ = bench.export(counting().SerializeToString())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bench.inference.infer(_request(slow)), 1.0)
    assert (await asyncio.wait_for(bench.inference.infer(_request(quick)), 20)).outputs


async def test_the_loop_is_free_while_a_model_computes(bench: Bench) -> None:
    slow, _ = bench.export(endless().SerializeToString())
    running = asyncio.create_task(bench.inference.infer(_request(slow)))
    assert await bench.inference.ready()
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_cuda_that_is_demanded_and_absent_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ort = models.onnxruntime()
    bench = Bench(tmp_path, serving_device="cuda")
    name, _ = bench.export(counting().SerializeToString())
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert not await bench.inference.ready()
    assert await _reason(bench.inference.metadata(name, "")) is Reason.DEVICE_UNAVAILABLE
    # the build has it, but there is no GPU: onnxruntime takes the CPU without a word
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])

    class Quiet:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def get_providers(self) -> list[str]:
            return ["CPUExecutionProvider"]

    monkeypatch.setattr(ort, "InferenceSession", Quiet)
    assert await _reason(bench.inference.metadata(name, "")) is Reason.DEVICE_UNAVAILABLE
    bench.platform.ledger.close()


async def test_without_onnxruntime_the_server_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _ = bench.export(counting().SerializeToString())
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert not await bench.inference.ready()
    assert await _reason(bench.inference.metadata(name, "")) is Reason.TOOL_MISSING


async def test_an_artifact_of_another_kind(bench: Bench) -> None:
    _, artifact = bench.export(counting().SerializeToString(), kind="model")
    assert await _reason(bench.inference.metadata(artifact.digest, "")) is Reason.ARTIFACT_KIND


class _Thing:
    def __init__(self, weight_bytes: int) -> None:
        self.weight_bytes = weight_bytes


def test_the_least_recently_used_goes_first() -> None:
    opened: list[str] = []

    def open_one(key: str) -> _Thing:
        opened.append(key)
        return _Thing(int(key[1:]))

    cache = OpenOnes(open_one, 10)
    cache.get("a4")
    cache.get("b4")
    cache.get("a4")
    cache.get("c4")
    assert cache.keys == ["a4", "c4"]
    cache.get("b4")
    assert cache.keys == ["c4", "b4"]
    assert opened == ["a4", "b4", "c4", "b4"]
    cache.get("d99")
    assert cache.keys == ["d99"]


def test_many_who_ask_at_once_open_it_once() -> None:
    opened: list[str] = []
    together = threading.Barrier(8)

    def open_one(key: str) -> _Thing:
        opened.append(key)
        time.sleep(0.05)
        return _Thing(1)

    cache = OpenOnes(open_one, 10)
    found: list[_Thing] = []

    def ask() -> None:
        together.wait()
        found.append(cache.get("a"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == ["a"]
    assert len({id(one) for one in found}) == 1


def test_what_failed_to_open_is_tried_again() -> None:
    answers = iter([ValueError("no"), _Thing(1)])

    def open_one(_: str) -> _Thing:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    cache = OpenOnes(open_one, 10)
    with pytest.raises(ValueError, match="no"):
        cache.get("a")
    assert cache.get("a").weight_bytes == 1
