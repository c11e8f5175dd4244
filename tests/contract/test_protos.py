"""The contracts read as specifications, and the specs behind them have the same fields."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

AREAS = ("artifacts", "ops", "info", "encoder", "trainer", "explainer", "motif")
COMMON = {"parent", "request_id", "validate_only", "labels"}


@pytest.fixture
def protos_script(repo_dir: Path) -> ModuleType:
    """scripts/protos.py as a fresh module."""
    return _load_script(repo_dir)


def _load_script(repo_dir: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("cislex_protos_script", repo_dir / "scripts" / "protos.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.fixture(scope="module")
def descriptor_set(repo_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> descriptor_pb2.FileDescriptorSet:
    """All our protos with their comments."""
    out = tmp_path_factory.mktemp("protos")
    script = _load_script(repo_dir)
    script.lay_out_google(out)
    arguments = ["protoc", f"-I{repo_dir / 'proto'}", f"-I{out}", "--include_source_info"]
    assert protoc.main([*arguments, f"--descriptor_set_out={out / 'image.binpb'}", *script.sources()]) == 0
    return descriptor_pb2.FileDescriptorSet.FromString((out / "image.binpb").read_bytes())


def _commented(file: descriptor_pb2.FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {tuple(loc.path): loc.leading_comments + loc.trailing_comments for loc in file.source_code_info.location}


def _messages(
    messages: list[descriptor_pb2.DescriptorProto], path: tuple[int, ...], nested: int = 4
) -> Iterator[tuple[tuple[int, ...], descriptor_pb2.DescriptorProto]]:
    for index, message in enumerate(messages):
        if message.options.map_entry:
            continue
        yield (*path, nested, index), message
        yield from _messages(list(message.nested_type), (*path, nested, index), nested=3)


def test_every_area_is_there(descriptor_set: descriptor_pb2.FileDescriptorSet) -> None:
    packages = {file.package for file in descriptor_set.file}
    assert {f"cislex.{area}.v1" for area in AREAS} <= packages


def test_everything_is_documented(descriptor_set: descriptor_pb2.FileDescriptorSet) -> None:
    bare: list[str] = []
    for file in descriptor_set.file:
        comments = _commented(file)
        for path, message in _messages(list(file.message_type), ()):
            if not comments.get(path, "").strip():
                bare.append(f"{file.name}: message {message.name}")
            bare += [
                f"{file.name}: {message.name}.{field.name}"
                for index, field in enumerate(message.field)
                if not comments.get((*path, 2, index), "").strip()
            ]
        for index, enum in enumerate(file.enum_type):
            if not comments.get((5, index), "").strip():
                bare.append(f"{file.name}: enum {enum.name}")
        for index, service in enumerate(file.service):
            if not comments.get((6, index), "").strip():
                bare.append(f"{file.name}: service {service.name}")
            bare += [
                f"{file.name}: rpc {method.name}"
                for number, method in enumerate(service.method)
                if not comments.get((6, index, 2, number), "").strip()
            ]
    assert not bare, "\n".join(bare)


def test_every_rpc_names_its_errors(descriptor_set: descriptor_pb2.FileDescriptorSet) -> None:
    silent = [
        f"{service.name}.{method.name}"
        for file in descriptor_set.file
        for index, service in enumerate(file.service)
        for number, method in enumerate(service.method)
        if "error" not in _commented(file).get((6, index, 2, number), "").lower()
    ]
    assert not silent


def _tasks() -> list[str]:
    return sorted(name for point in entry_points(group="cislex.specs") for name in point.load())


@pytest.mark.parametrize("task", _tasks())
def test_spec_fields_are_the_proto_fields(task: str) -> None:
    area, method = task.split(".")
    info = next(point.load()[task] for point in entry_points(group="cislex.specs") if task in point.load())
    stubs = importlib.import_module(f"cislex.{area}.v1.{area}_pb2")
    message = getattr(stubs, f"{method}Request").DESCRIPTOR
    names = {field.name for field in message.fields}
    assert names >= COMMON
    assert names - COMMON == set(info.spec.model_fields)


@pytest.mark.parametrize("service", ["encoder", "trainer", "explainer", "motif"])
def test_every_kind_that_a_task_makes_is_a_resource(service: str) -> None:
    """Its kind is registered with a collection, which is the repeated field of one of the service's list responses."""
    specs = importlib.import_module(f"cislex_{service}.specs").SPECS
    kinds = importlib.import_module(f"cislex_{service}.servicer").KINDS
    module = importlib.import_module(f"cislex.{service}.v1.{service}_pb2")
    lists = {
        field.name: field.message_type.name
        for name, message in module.DESCRIPTOR.message_types_by_name.items()
        if name.startswith("List") and name.endswith("Response")
        for field in message.fields
        if field.message_type is not None
    }
    assert {info.kind for info in specs.values()} == set(kinds)
    assert {collection: message.DESCRIPTOR.name for collection, message in kinds.values()} == lists


def test_there_are_tasks_of_all_four_services() -> None:
    assert {task.split(".")[0] for task in _tasks()} == {"encoder", "trainer", "explainer", "motif"}


def test_a_renamed_field_breaks_the_contract(protos_script: ModuleType, tmp_path: Path) -> None:
    """The gate of `make lint` bites: what a released client reads by name must stay."""
    changed = tmp_path / "proto"
    shutil.copytree(protos_script.PROTO, changed)
    target = changed / "cislex" / "encoder" / "v1" / "encoder.proto"
    text = target.read_text()
    assert "string name = 1;" in text
    assert protos_script.breaking() == 0
    target.write_text(text.replace("string name = 1;", "string title = 1;"))
    protos_script.PROTO = changed
    assert protos_script.breaking() != 0
