"""The Python client against scripted services: requests, states, errors, tokens, uploads; and what it is made of."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cislex.encoder.v1 import encoder_pb2
from cislex.trainer.v1 import trainer_pb2
from cislex_client import AsyncClient, Client, calls, errors, messages
from cislex_client.api.call import Call, Question
from cislex_client.api.requests import digest, reference
from cislex_core.errors import Code, Reason
from cislex_runtime import states
from cislex_runtime.calling.problem import RpcProblem
from cislex_runtime.tes import tes_state


def test_the_functions_are_those_of_the_protos(repo_dir: Path) -> None:
    script = [sys.executable, "scripts/client_calls.py", "--check"]
    done = subprocess.run(script, cwd=repo_dir, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", calls.__all__)
def test_every_function_makes_a_request_that_the_contract_takes(name: str) -> None:
    """Each argument is a field; each result is the message that the rpc's comment names."""
    function = getattr(calls, name)
    parameters = inspect.signature(function).parameters
    required = {n: "x" for n, p in parameters.items() if p.default is inspect.Parameter.empty}
    call = function(**required)
    method = messages.method(call.task)
    fields = {field.name for field in method.request.DESCRIPTOR.fields}
    assert {n.rstrip("_") for n in parameters} == fields - {"parent", "request_id", "validate_only", "labels"}
    is_operation = method.response.DESCRIPTOR.full_name == "google.longrunning.Operation"
    assert isinstance(call, Call if is_operation else Question)
    if not is_operation:
        assert call.response is method.response
    assert set(call.fields) == set(required)


def test_importing_the_client_brings_nothing_heavy() -> None:
    """``import cislex_client`` is what the command begins with; the classes come when they are asked for."""
    program = (
        "import sys, cislex_client; before = set(sys.modules); from cislex_client import Client, calls; "
        "print(len([m for m in before if m.startswith(('google', 'grpc', 'cislex_client.'))])); "
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, loaded = done.stdout.splitlines()
    assert first == "0"
    assert not set(loaded.split()) & {"torch", "onnxruntime", "sqlalchemy", "alembic", "pyarrow", "numba", "scipy"}


def test_work_from_start_to_result(services: Any, script: Any) -> None:
    services.scripts["trainer.TrainModel"] = script(steps=3, step_s=0.01)
    with Client() as client:
        job = client.submit(calls.train_model(dataset="d" * 64, protocol="paper", options={"units": 3, "bias": True}))
        seen = list(job.watch())
        assert [state.state for state in seen][-1] == "SUCCEEDED"
        assert seen[-1].tes_state == "COMPLETE"
        assert seen[-2].share == 1.0
        model = job.result()
        assert isinstance(model, trainer_pb2.Model)
        assert client.job(job.name, trainer_pb2.Model).result() == model
        (task, request) = services.requests[0]
        assert task == "trainer.TrainModel"
        assert request["dataset"] == "d" * 64
        assert request["protocol"] == "paper"
        assert request["options"] == {"units": "3", "bias": "true"}
        assert request["parent"] == "tenants/local"
        assert client.fetch(model, Path(services.store.root) / "out").is_dir()
        assert client.read(model, "unique.txt") == b"trainer.TrainModel"
    # the result stands for its name in another call
    with Client() as client:
        client.run(calls.evaluate_model(model=model, dataset="d" * 64))
        assert services.requests[-1][1]["model"] == model.name


def test_the_same_request_id_is_the_same_job(services: Any) -> None:
    call = calls.train_model(dataset="d" * 64)
    identifier = "2b1f7f2e-7a0e-4a44-9d3c-1f7a3c1d2e3f"
    with Client() as client:
        first = client.submit(call, request_id=identifier, labels={"a": "b"})
        assert client.submit(call, request_id=identifier).name == first.name
        assert client.submit(call).name != first.name
    assert services.requests[0][1]["labels"] == {"a": "b"}


def test_validate_runs_nothing(services: Any) -> None:
    with Client() as client:
        assert client.validate(calls.train_model(dataset="d" * 64)) == {"a": 1}
    assert not services.operations


def test_files_are_named_where_the_server_sees_them(services: Any, tmp_path: Path) -> None:
    peaks = tmp_path / "a.bed"
    peaks.write_text("chr1\t1\t2\n")
    with Client() as client:
        client.run(calls.build_dataset(wt=peaks, ko=str(peaks)))
        client.run(calls.import_dataset(fasta={"x": peaks}))
    built, imported = (request for _, request in services.requests)
    assert built["wt"]["path"] == built["ko"]["path"] == str(peaks)
    assert imported["fasta"][0]["name"] == "x"
    assert imported["fasta"][0]["file"]["path"] == str(peaks)


@pytest.mark.parametrize("code", list(Code))
def test_each_kind_of_refusal_has_its_class(
    services: Any, script: Any, make_status: Callable[..., Any], code: Code
) -> None:
    reason = next((reason for reason in Reason if reason.code is code), None)
    name = reason.name if reason else code.name
    services.scripts["trainer.TrainModel"] = script(
        refuse=make_status(code.name, "why", name, fields={"seeds[1]": "no"})
    )
    client = Client()
    expected = type(errors.typed(RpcProblem(code.value, "")))
    if code is Code.UNAVAILABLE:
        assert expected is errors.UnavailableError
        return  # tried again for a while: that is test_client_side's matter
    with client, pytest.raises(expected) as caught:
        client.submit(calls.train_model(dataset="d" * 64))
    assert caught.value.reason == name
    assert caught.value.catalogued is reason
    assert [(v.field, v.description) for v in caught.value.violations] == [("seeds[1]", "no")]


def test_a_job_that_fails_is_told_and_raised(services: Any, script: Any, make_status: Callable[..., Any]) -> None:
    services.scripts["trainer.TrainModel"] = script(
        error=make_status("FAILED_PRECONDITION", "bad", "EMPTY_SPLIT", n="0")
    )
    with Client() as client:
        job = client.submit(calls.train_model(dataset="d" * 64))
        state = job.wait()
        assert (state.state, state.tes_state) == ("FAILED", "EXECUTOR_ERROR")
        with pytest.raises(errors.PreconditionError) as caught:
            job.result()
    assert caught.value.operation == job.name
    assert (caught.value.catalogued, caught.value.metadata["n"]) == (Reason.EMPTY_SPLIT, "0")


def test_waiting_ends_and_the_job_goes_on(services: Any, script: Any) -> None:
    services.scripts["trainer.TrainModel"] = script(steps=500, step_s=0.02)
    with Client() as client:
        job = client.submit(calls.train_model(dataset="d" * 64))
        with pytest.raises(errors.WaitTimeoutError):
            job.wait(timeout_s=0.3)
        assert not job.refresh().done
        job.cancel()
        assert job.wait().tes_state == "CANCELED"
        with pytest.raises(errors.CanceledError):
            job.result()


def test_what_is_wrong_on_this_side_is_a_typed_error_too(services: Any, tmp_path: Path) -> None:
    with Client() as client:
        with pytest.raises(errors.InvalidRequestError, match="does not exist"):
            client.run(calls.build_dataset(wt=tmp_path / "none.bed"))
        with pytest.raises(errors.InvalidRequestError, match="'fast' is none of default, paper"):
            client.run(calls.train_model(dataset="d" * 64, protocol="fast"))  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="is no result of a job"):
            client.run(calls.train_model(dataset=encoder_pb2.Dataset()))
    with pytest.raises(errors.NotFoundError, match="no context 'core'"):
        Client(context="core")


def test_a_token_rides_along_and_is_never_shown(services: Any) -> None:
    with Client(services.address.replace("unix:", "unix://"), token="s3cret", tenant="lab-a") as client:
        assert client.parent == "tenants/lab-a"
        client.run(calls.train_model(dataset="d" * 64))
        assert "s3cret" not in repr(client._client._session.context)
    assert services.tokens[0] == "Bearer s3cret"
    assert services.requests[0][1]["parent"] == "tenants/lab-a"


async def test_jobs_side_by_side(services: Any, script: Any) -> None:
    services.scripts["trainer.TrainModel"] = script(steps=2, step_s=0.01)
    async with AsyncClient() as client:
        jobs = [await client.submit(calls.train_model(dataset="d" * 64, seeds=[seed])) for seed in range(4)]
        models = await asyncio.gather(*(job.result() for job in jobs))
        assert len({job.name for job in jobs}) == 4
        assert all(isinstance(model, trainer_pb2.Model) for model in models)


def test_references_and_digests() -> None:
    dataset = encoder_pb2.Dataset(name="tenants/t/datasets/1")
    dataset.artifact.sha256 = "a" * 64
    assert reference(dataset) == "tenants/t/datasets/1"
    assert digest(dataset) == digest(dataset.artifact) == "a" * 64
    dataset.name = ""
    assert reference(dataset) == "a" * 64
    with pytest.raises(ValueError, match="has no artifact"):
        digest(encoder_pb2.Dataset())


def test_every_state_has_a_word_of_tes(repo_dir: Path) -> None:
    known = {"QUEUED", "INITIALIZING", "RUNNING", "CANCELING", "COMPLETE", "CANCELED", "EXECUTOR_ERROR", "SYSTEM_ERROR"}
    assert {tes_state(state) for state in states.ALL} | {tes_state(states.FAILED, "WORKER_LOST")} == known
    assert tes_state(states.FAILED, "INVALID_FASTA") == "EXECUTOR_ERROR"
    assert tes_state(states.FAILED, "DISK_FULL") == "SYSTEM_ERROR"
    assert tes_state("PAUSED") == "UNKNOWN"
    text = (repo_dir / "docs" / "python.md").read_text()
    assert all(word in text for word in known)
