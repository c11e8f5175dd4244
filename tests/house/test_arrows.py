"""The house's walls: which room may import which (docs/architecture.md), read from the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = {
    "cislex_core": "packages/core",
    "cislex_models": "packages/models",
    "cislex_runtime": "packages/runtime",
    "cislex_encoder": "services/encoder",
    "cislex_trainer": "services/trainer",
    "cislex_explainer": "services/explainer",
    "cislex_motif": "services/motif",
    "cislex_embedded": "services/embedded",
    "cislex_client": "client",
}
SERVICES = {"cislex_encoder", "cislex_trainer", "cislex_explainer", "cislex_motif"}
MAY_IMPORT = {
    "cislex_core": set(),
    "cislex_models": {"cislex_core"},
    "cislex_runtime": {"cislex_core", "cislex"},
    "cislex_embedded": SERVICES | {"cislex_runtime", "cislex_core", "cislex"},
    "cislex_client": {"cislex_runtime", "cislex_core", "cislex"},
    **{service: {"cislex_runtime", "cislex_models", "cislex_core", "cislex"} for service in SERVICES},
}
HEAVY = {"torch", "sklearn", "numba", "scipy", "memelite", "tangermeme", "onnx", "onnxruntime"}
GRPC_FILES = {"servicer.py", "__main__.py"}


def _imports(path: Path, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def _files(repo: Path, room: str) -> list[Path]:
    return sorted((repo / ROOMS[room] / room).rglob("*.py"))


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_arrows_point_down_only(repo_dir: Path, room: str) -> None:
    files = _files(repo_dir, room)
    assert files, f"{room} has no source files"
    wrong = {
        f"{path.relative_to(repo_dir)} imports {name}"
        for path in files
        for name in _imports(path)
        if (name in ROOMS or name == "cislex") and name != room and name not in MAY_IMPORT[room]
    }
    assert not wrong


@pytest.mark.parametrize("room", sorted(SERVICES | {"cislex_core", "cislex_models"}))
def test_domain_code_never_imports_grpc(repo_dir: Path, room: str) -> None:
    wrong = [
        str(path.relative_to(repo_dir))
        for path in _files(repo_dir, room)
        if path.name not in GRPC_FILES and "grpc" in _imports(path)
    ]
    assert not wrong


@pytest.mark.parametrize("room", sorted(SERVICES))
def test_what_an_api_process_loads_is_light(repo_dir: Path, room: str) -> None:
    folder = repo_dir / ROOMS[room] / room
    for name in ("__init__.py", "__main__.py", "servicer.py", "inference_servicer.py", "specs.py", "serving/*.py"):
        for path in folder.glob(name):
            assert not _imports(path, top_level_only=True) & HEAVY, path


def test_servicer_methods_are_thin(repo_dir: Path) -> None:
    long = []
    for path in repo_dir.glob("services/*/cislex_*/*servicer.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 25:
                    long.append(f"{path.parent.name}.{node.name}: {lines} lines")
    assert not long


def test_core_and_models_do_not_need_the_other_side(repo_dir: Path) -> None:
    for path in _files(repo_dir, "cislex_core"):
        assert "torch" not in _imports(path), path
    for path in _files(repo_dir, "cislex_client"):
        assert not _imports(path) & {"torch", "sklearn"}, path


def test_a_client_loads_nothing_of_a_server() -> None:
    """What other programs use to speak with a server needs neither its database nor its array libraries."""
    program = (
        "import sys, cislex_runtime.calling.client, cislex_runtime.calling.connection; "
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & (HEAVY | {"sqlalchemy", "alembic", "pyarrow", "numpy", "pydantic"})
