"""What users read beside the chart tells what the chart and the code have: README, NOTES, the test's context."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
from chart_scenes import CHART, SERVICES, VALUES_FILES, find, pods, read_values, render_files, rendered
from cislex_client.app import app
from cislex_client.contexts import check_address

each_file = pytest.mark.parametrize("path", VALUES_FILES, ids=lambda path: path.stem)
#: The others have `helm test`.
WITHOUT_A_TEST = CHART / "ci" / "least.yaml"
each_with_a_test = pytest.mark.parametrize(
    "path", [path for path in VALUES_FILES if path != WITHOUT_A_TEST], ids=lambda path: path.stem
)


@pytest.fixture(scope="module")
def readme_script(repo_dir: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("chart_readme", repo_dir / "scripts" / "chart_readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules["chart_readme"] = module
    spec.loader.exec_module(module)
    return module


def test_every_value_is_documented(readme_script: ModuleType) -> None:
    source = (CHART / "values.yaml").read_text()
    values = list(readme_script.values(source))
    assert len(values) > 150
    assert [value.key for value in values if not value.text] == []
    assert source.count("# --") - 1 == len(values), "a comment that belongs to no value (the head of the file has one)"


def test_the_readme_is_current(readme_script: ModuleType) -> None:
    readme = (CHART / "README.md").read_text()
    assert readme == readme_script.filled(readme, (CHART / "values.yaml").read_text()), (
        "run: python scripts/chart_readme.py --write"
    )


def test_chart_and_packages_have_one_version(repo_dir: Path) -> None:
    chart = read_values(CHART / "Chart.yaml")
    project = (repo_dir / "packages" / "core" / "pyproject.toml").read_text()
    assert f'version = "{chart["appVersion"]}"' in project


@each_file
def test_notes_tell_commands_that_exist(path: Path) -> None:
    notes = render_files(read_values(path))["templates/NOTES.txt"]
    lines = [line.strip().rstrip("&").strip() for line in notes.splitlines()]
    ours = [shlex.split(line)[1:] for line in lines if line.startswith("cislex ") and " " in line]
    assert len(ours) >= 3
    for words in ours:
        if words[0] != "is" and not words[0][0].isdigit():
            _known_command(words)
    forwarded = set(re.findall(r"svc/lab-cislex-(\w+)", notes))
    for document in rendered(path):
        if document["kind"] == "Service":
            name = document["metadata"]["name"].removeprefix("lab-cislex-")
            assert not forwarded or name in forwarded
    for address in re.findall(r"grpcs?://[^\s]+", notes):
        check_address(address)
    assert ("helm -n genomics test lab" in notes) is any(
        place == "Pod/lab-cislex-test" for place, _ in pods(rendered(path))
    )


def _known_command(words: list[str]) -> None:
    """Walk the real command line; every command and every option must exist."""
    command: Any = typer.main.get_command(app)
    for word in words:
        options = {name for parameter in command.params for name in parameter.opts}
        if word.startswith("--"):
            assert word in options, f"{command.name} has no {word}"
        elif hasattr(command, "commands") and word in command.commands:
            command = command.commands[word]
    assert not getattr(command, "commands", None), f"{words} names no command"


@each_with_a_test
def test_the_test_pod_runs_a_command_that_exists(path: Path) -> None:
    (container,) = find(rendered(path), "Pod", "lab-cislex-test")["spec"]["containers"]
    program, *words = container["command"]
    assert (program, words) == ("/opt/cislex/bin/cislex", ["doctor", "--smoke"])
    assert "args" not in container
    _known_command(words)


def test_there_is_no_test_pod_where_it_is_switched_off() -> None:
    assert read_values(WITHOUT_A_TEST)["tests"]["enabled"] is False
    assert not [document for document in rendered(WITHOUT_A_TEST) if document["kind"] == "Pod"]


@each_with_a_test
def test_the_test_pods_context_is_read_by_the_client(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cislex_client import contexts

    documents = rendered(path)
    file = tmp_path / "config.toml"
    file.write_text(find(documents, "ConfigMap", "lab-cislex-test")["data"]["config.toml"])
    monkeypatch.setenv("CISLEX_CONFIG", str(file))
    monkeypatch.setenv("CISLEX_CONTEXT", "release")
    context = contexts.chosen(None)
    tls = bool(read_values(path).get("tls", {}).get("enabled"))
    for service in SERVICES:
        address = context.address_of(service)
        check_address(address)
        assert address == f"{'grpcs' if tls else 'grpc'}://lab-cislex-{service}.genomics.svc:50051"
    assert bool(context.ca_file) is tls
    with_auth = read_values(path).get("auth", {}).get("mode", "none") != "none"
    assert bool(context.token_file) is with_auth
    asks_for_certificates = bool(read_values(path).get("tls", {}).get("clientCa", {}).get("existingSecret"))
    assert bool(context.cert_file) is bool(context.key_file) is asks_for_certificates


def test_routes_name_services_of_the_protocol() -> None:
    from google.protobuf import descriptor_pool

    for name in SERVICES:
        importlib.import_module(f"cislex.{name}.v1.{name}_pb2")
    importlib.import_module("cislex.inference.kserve_v2_pb2")
    route = find(rendered(CHART / "values-core-facility.yaml"), "GRPCRoute")
    pool, told = descriptor_pool.Default(), set()
    for rule in route["spec"]["rules"]:
        for match in rule.get("matches", []):
            service = match["method"]["service"]
            pool.FindServiceByName(service)
            (backend,) = rule["backendRefs"]
            told.add((service, backend["name"], backend["port"]))
    assert {(f"cislex.{name}.v1.{name.title()}Service", f"lab-cislex-{name}", 50051) for name in SERVICES} <= told
    (rest,) = [rule for rule in route["spec"]["rules"] if "matches" not in rule]
    assert rest["backendRefs"] == [{"name": "lab-cislex-encoder", "port": 50051}]


def test_the_ingress_routes_the_same() -> None:
    ingress = find(rendered(CHART / "ci" / "ray-existing.yaml"), "Ingress")
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/backend-protocol"] == "GRPC"
    (rule,) = ingress["spec"]["rules"]
    to = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert to["/cislex.motif.v1.MotifService/"] == "lab-cislex-motif"
    assert to["/inference.GRPCInferenceService/"] == "lab-cislex-explainer"
    assert to["/"] == "lab-cislex-encoder"


def test_the_certificate_names_what_clients_call() -> None:
    documents = rendered(CHART / "values-core-facility.yaml")
    names = find(documents, "Certificate")["spec"]["dnsNames"]
    policies = [document for document in documents if document["kind"] == "BackendTLSPolicy"]
    assert len(policies) == len(SERVICES)
    for policy in policies:
        assert policy["spec"]["validation"]["hostname"] in names
    assert "cislex.example.org" in names
