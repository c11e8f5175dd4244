"""run.json: everything needed to repeat a run (docs/formats.md)."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cislex_client import __version__
from cislex_client.contexts import Context
from cislex_client.pipelines.runner import StepResult
from cislex_client.results import FORMAT


@dataclass
class RunRecord:
    """Collects facts while a run goes on; ``as_json`` at its end."""

    pipeline: str
    command: Sequence[str]
    options: Mapping[str, Any]
    context: Context
    server_version: str = ""
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)

    def add_input(self, role: str, path: Path, sha256: str) -> None:
        """An input file by place and content."""
        self.inputs[role] = {"path": str(path), "sha256": sha256, "size_bytes": path.stat().st_size}

    def as_json(self, results: Sequence[StepResult], files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The whole of run.json."""
        return {
            "format": FORMAT,
            "pipeline": self.pipeline,
            "cislex_version": __version__,
            "command": list(self.command),
            "created": _rfc3339(self.created),
            "finished": _rfc3339(datetime.now(UTC)),
            "seconds": round(time.monotonic() - self.began, 3),
            "context": {
                "name": self.context.name,
                "address": self.context.address or "local",
                "tenant": self.context.tenant,
                "server_version": self.server_version,
            },
            "host": {
                "platform": platform.platform(),
                "python": platform.python_version(),
                "cpu_count": os.cpu_count(),
            },
            "inputs": self.inputs,
            "options": dict(self.options),
            "steps": [result.as_json() for result in results],
            "files": [dict(entry) for entry in files],
            "notes": self.notes,
        }


def command_line(argv: Sequence[str] | None = None) -> list[str]:
    """The command as typed, with words that name existing files made absolute, so that it runs from anywhere."""
    words = list(sys.argv[1:] if argv is None else argv)
    return ["cislex", *(_absolute(word) for word in words)]


def _absolute(word: str) -> str:
    flag, equals, value = word.partition("=")
    if equals and flag.startswith("--"):
        return f"{flag}={_absolute(value)}"
    is_file = not word.startswith("-") and os.path.isfile(word)
    return os.path.abspath(word) if is_file else word


def _rfc3339(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
