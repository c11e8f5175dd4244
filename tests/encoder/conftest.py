"""Run an encoder task as a worker would, without a server: files in, a committed artifact out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cislex_core.canonical import digest_file
from cislex_core.manifests import Artifact
from cislex_core.stores.local import LocalStore
from cislex_core.tasks import InputRef
from task_desk import run_task, task_info


@dataclass
class Heard:
    checkpoint_dir: Path
    scratch_dir: Path
    messages: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    updates: list[tuple[float, float, str]] = field(default_factory=list)

    def update(self, done: float, total: float, unit: str = "", **metrics: float) -> None:
        self.updates.append((done, total, unit))

    def message(self, text: str) -> None:
        self.messages.append(text)

    def warn(self, reason: str, message: str) -> None:
        self.warnings.append((reason, message))

    def check_cancel(self) -> None:
        return


class Bench:
    """``bench.run("encoder.BuildDataset", genome=path, wt=path, …)`` → Artifact; paths become InputRefs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = LocalStore(root / "store")
        self.heard = Heard(root, root)

    def file(self, ref: InputRef) -> Path:
        assert ref.path is not None
        return Path(ref.path)

    def artifact(self, digest: str) -> Artifact:
        return self.store.open_artifact(digest)

    def run(self, task: str, **fields: Any) -> Artifact:
        spec = task_info(task).spec.model_validate(_references(fields))
        self.heard = Heard(self.root, self.root)
        return run_task(self.store, task, spec, self.heard, inputs=self)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text)
        return path


def _references(value: Any) -> Any:
    """Paths at any depth as file references."""
    if isinstance(value, Path):
        return {"sha256": digest_file(value), "path": str(value)}
    if isinstance(value, dict):
        return {name: _references(item) for name, item in value.items()}
    return [_references(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A store, a private genome cache, and a way to run tasks."""
    monkeypatch.setenv("CISLEX_HOME", str(tmp_path / "home"))
    return Bench(tmp_path)
