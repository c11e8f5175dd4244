"""Generate the functions of the Python client, ``cislex_client.calls``, from the protos and the specs behind them.

    python scripts/client_calls.py           write client/cislex_client/api/calls/*.py
    python scripts/client_calls.py --check   exit 1 when the committed ones differ

One function per rpc that starts an operation or answers a question: its arguments are the request's fields, with the
types that a person would give (a path for a file, a result for a name, words for an enum); its text is the proto's.
"""

from __future__ import annotations

import argparse
import importlib
import keyword
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import protos
from cislex_client.messages import enum_text
from cislex_core.tasks import TaskInfo
from cislex_runtime.serving.requests import COMMON_FIELDS
from cislex_runtime.specs import artifact_mark
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

TARGET = protos.REPO / "client" / "cislex_client" / "api" / "calls"
SERVICES = ("encoder", "trainer", "explainer", "motif")
WIDTH = 116
_SCALARS = {"string": "str", "bool": "bool", "double": "float", "float": "float", "int32": "int", "int64": "int"}
_TYPES = descriptor_pb2.FieldDescriptorProto.Type.items()
_TYPE_NAMES = {number: name.removeprefix("TYPE_").lower() for name, number in _TYPES}


def texts(service: str) -> dict[str, str]:
    """``Message``, ``Message.field`` and ``Service.Rpc`` → comment of the proto."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        protos.lay_out_google(root)
        image = root / "image.binpb"
        source = f"cislex/{service}/v1/{service}.proto"
        arguments = ["protoc", f"-I{protos.PROTO}", f"-I{root}", "--include_source_info", source]
        if protoc.main([*arguments, f"--descriptor_set_out={image}"]) != 0:
            raise SystemExit(f"protoc failed on {source}")
        (file,) = descriptor_pb2.FileDescriptorSet.FromString(image.read_bytes()).file
    found: dict[str, str] = {}
    for location in file.source_code_info.location:
        path, text = list(location.path), " ".join(location.leading_comments.split())
        if len(path) == 4 and path[0] == 4 and path[2] == 2:
            message = file.message_type[path[1]]
            found[f"{message.name}.{message.field[path[3]].name}"] = text
        elif len(path) == 4 and path[0] == 6 and path[2] == 2:
            found[f"rpc {file.service[path[1]].method[path[3]].name}"] = text
    return found


def module(service: str) -> str:
    """The module of one service."""
    stubs = importlib.import_module(f"cislex.{service}.v1.{service}_pb2")
    specs: dict[str, TaskInfo] = importlib.import_module(f"cislex_{service}.specs").SPECS
    kinds = importlib.import_module(f"cislex_{service}.servicer").KINDS
    comments = texts(service)
    parts = []
    for method in next(iter(stubs.DESCRIPTOR.services_by_name.values())).methods:
        task = f"{service}.{method.name}"
        if task in specs:
            answer = kinds[specs[task].kind][1].DESCRIPTOR.name
            parts.append(function(service, method, answer, "Call", comments, specs[task]))
        elif not method.name.startswith(("Get", "List", "Delete")):
            parts.append(function(service, method, method.output_type.name, "Question", comments, None))
    body = "\n\n\n".join(parts)
    used = set(re.findall(r"\b[A-Za-z]+\b", body))
    names = [name for name in ("Call", "File", "Options", "Question", "Ref", "given") if name in used]
    typing = [name for name in ("Any", "Literal") if name in used]
    collections = [name for name in ("Mapping", "Sequence") if name in used]
    lines = [
        f'"""Calls of the {service}. Made by scripts/client_calls.py from its proto: change that."""',
        "",
        "from __future__ import annotations",
        "",
        *([f"from collections.abc import {', '.join(collections)}"] if collections else []),
        *([f"from typing import {', '.join(typing)}"] if typing else []),
        "",
        f"from cislex.{service}.v1 import {service}_pb2",
        "",
        f"from cislex_client.api.call import {', '.join(names)}",
        "",
        "",
        body,
        "",
    ]
    return "\n".join(lines)


def function(service: str, method: Any, answer: str, kind: str, comments: dict[str, str], info: TaskInfo | None) -> str:
    """One function."""
    fields = [field for field in method.input_type.fields if field.name not in COMMON_FIELDS]
    required, optional, described = [], [], []
    for field in fields:
        name = field.name + "_" * keyword.iskeyword(field.name)
        spec = info.spec.model_fields.get(field.name) if info else None
        mark = artifact_mark(spec) if spec is not None else None
        annotation = type_of(field, mark is not None)
        if spec is not None and spec.is_required():
            required.append(f"{name}: {annotation}")
        else:
            optional.append(f"{name}: {annotation} | None = None")
        text = f"{name}: {comments[f'{method.input_type.name}.{field.name}']}"
        described += textwrap.wrap(text, WIDTH - 8, initial_indent=" " * 8, subsequent_indent=" " * 12)
    said = textwrap.wrap(comments[f"rpc {method.name}"], WIDTH - 4, subsequent_indent="    ")
    star = ["*"] if fields else []
    values = ", ".join(f'"{field.name}": {field.name + "_" * keyword.iskeyword(field.name)}' for field in fields)
    return "\n".join(
        [
            f"def {snake(method.name)}({', '.join([*star, *required, *optional])}) -> {kind}[{service}_pb2.{answer}]:",
            f'    """{said[0]}' if len(said) > 1 or described else f'    """{said[0]}"""',
            *said[1:],
            *(["", "    Args:", *described, '    """'] if described else []),
            f'    return {kind}("{service}.{method.name}", {service}_pb2.{answer}, given({{{values}}}))',
        ]
    ).replace("\\", "\\\\")


def type_of(field: Any, names_artifact: bool) -> str:
    """The annotation of a field."""
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return "Options"
    if field.message_type is not None:
        one = {"InputFile": "File", "NamedFile": "NamedFile"}.get(field.message_type.name, "Mapping[str, Any]")
        if one == "NamedFile":
            return "Mapping[str, File]"
    elif field.enum_type is not None:
        words = [enum_text(field.enum_type, value.number) for value in field.enum_type.values if value.number]
        one = f"Literal[{', '.join(repr(word) for word in words)}]"
    else:
        one = "Ref" if names_artifact else _SCALARS[_TYPE_NAMES[field.type]]
    return f"Sequence[{one}]" if field.is_repeated else one


def snake(name: str) -> str:
    """``BuildDataset`` → ``build_dataset``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def formatted(text: str) -> str:
    """As ruff writes it."""
    for action in (["check", "--fix", "--select", "I", "--quiet"], ["format"]):
        command = [str(Path(sys.executable).parent / "ruff"), *action, "--stdin-filename", str(TARGET / "x.py"), "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return text


def generate() -> dict[str, str]:
    """File name → content."""
    made = {f"{service}.py": formatted(module(service)) for service in SERVICES}
    listed = {service: sorted(re.findall(r"^def (\w+)\(", made[f"{service}.py"], re.M)) for service in SERVICES}
    lines = ['"""Everything that can be asked of the services. Made by scripts/client_calls.py from the protos."""', ""]
    lines += [f"from cislex_client.api.calls.{s} import {', '.join(listed[s])}" for s in sorted(SERVICES)]
    lines += ["", f"__all__ = {sorted(name for names in listed.values() for name in names)!r}", ""]
    made["__init__.py"] = formatted("\n".join(lines))
    return made


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed ones, write nothing")
    arguments = parser.parse_args()
    made = generate()
    if arguments.check:
        have = {path.name: path.read_text() for path in TARGET.glob("*.py")}
        stale = sorted(name for name in made.keys() | have.keys() if made.get(name) != have.get(name))
        print("calls are current" if not stale else f"not current: {', '.join(stale)}; run scripts/client_calls.py")
        return 1 if stale else 0
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (TARGET / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
