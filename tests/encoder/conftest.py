"""Run an encoder task as a worker would, without a server: files in, a committed artifact out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cislex_core.artifacts import Artifact, LocalStore, Manifest
from cislex_core.canonical import digest_file
from cislex_core.tasks import InputRef


@dataclass
class FolderOut:
    dir: Path
    kind: str = ""
    semantics: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    genome_digest: str | None = None
    seeds: list[int] = field(default_factory=list)
    tools: dict[str, str] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        target = self.dir / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write_table(self, name: str, table: pa.Table) -> None:
        pq.write_table(table, self.path(name))

    def write_json(self, name: str, value: Any) -> None:
        self.path(name).write_text(json.dumps(value, indent=2))


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
        from cislex_encoder.specs import SPECS
        from cislex_encoder.tasks import TASKS

        values = {
            name: {"sha256": digest_file(value), "path": str(value)} if isinstance(value, Path) else value
            for name, value in fields.items()
        }
        spec = SPECS[task].spec.model_validate(values)
        self.heard = Heard(self.root, self.root)
        out = FolderOut(self.store.stage())
        TASKS[task](spec, self, out, self.heard)
        assert out.kind == SPECS[task].kind
        manifest = Manifest(
            kind=out.kind,
            semantics=out.semantics,
            summary=out.summary,
            genome_digest=out.genome_digest,
            seeds=out.seeds,
            tools=out.tools,
            spec=spec.digestable(),
        )
        return self.store.commit_artifact(out.dir, manifest)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.write_text(text)
        return path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A store, a private genome cache, and a way to run tasks."""
    monkeypatch.setenv("CISLEX_HOME", str(tmp_path / "home"))
    return Bench(tmp_path)
