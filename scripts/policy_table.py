"""The table of docs/security.md: who may call which rpc. ``--write`` puts it there; tests compare."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

import cislex
from cislex_runtime.security.policy import access_of
from google.longrunning import operations_pb2
from google.protobuf.descriptor import FileDescriptor
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

PAGE = Path(__file__).resolve().parents[1] / "docs" / "security.md"
BEGIN, END = "<!-- policy: begin -->\n", "<!-- policy: end -->"


def files() -> list[FileDescriptor]:
    """All contracts that a server may register."""
    places = [Path(place) for place in cislex.__path__]
    found = {path.relative_to(place).with_suffix("") for place in places for path in place.rglob("*_pb2.py")}
    ours = [importlib.import_module(".".join(("cislex", *path.parts))).DESCRIPTOR for path in sorted(found)]
    return [*ours, operations_pb2.DESCRIPTOR, health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR]


def table() -> str:
    """One row for each service and access."""
    rows = ["| service | who | rpcs |", "|---|---|---|"]
    services = {name: item for file in files() for name, item in file.services_by_name.items()}
    for item in sorted(services.values(), key=lambda service: service.full_name):
        by_access: dict[str, list[str]] = {}
        for method in item.methods:
            access = access_of(f"/{item.full_name}/{method.name}")
            by_access.setdefault(access.value if access else "nobody", []).append(method.name)
        rows += [f"| {item.full_name} | {who} | {', '.join(names)} |" for who, names in by_access.items()]
    return "\n".join(rows) + "\n"


def main() -> None:
    """Write the table, or print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if not parser.parse_args().write:
        print(table())
        return
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
