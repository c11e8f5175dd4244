"""The worker's side of cislex_core.tasks: Inputs, Out and Progress."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cislex_core.canonical import digest_file
from cislex_core.errors import Cancelled, CislexError, Reason, UserError
from cislex_core.manifests import Artifact
from cislex_core.stores import Store
from cislex_core.tasks import InputRef

from cislex_runtime.telemetry import tracing

#: Reports nearer together than this are merged.
REPORT_EVERY_S = 0.25


class Preempted(Cancelled):
    """Raised at a checkpoint when the worker was told to go (SIGTERM): the operation will be tried again."""


class WorkerInputs:
    """Reads by digest: files from the store or from where they lay when the request was accepted."""

    def __init__(self, store: Store, files: dict[str, dict[str, Any]]) -> None:
        self._store = store
        self._files = files
        self._artifacts: dict[str, Artifact] = {}

    def recipe(self) -> dict[str, Any]:
        """What another process, here or on another machine, needs to read the same by digest (``recipes.py``)."""
        return {"store": self._store.url, "files": self._files}

    def file(self, ref: InputRef) -> Path:
        """Path of the file, its content equal to ``ref.sha256``."""
        known = self._files.get(ref.sha256)
        if known is None:
            with tracing.span("input", attributes={"cislex.sha256": ref.sha256}):
                return self._store.open_file(ref.sha256)
        path = Path(known["path"])
        try:
            stat = path.stat()
        except OSError as error:
            raise UserError(
                Reason.FILE_NOT_FOUND, f"{path} was there when the request came, now: {error.strerror}", path=path
            ) from error
        seen = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if seen != (known["size_bytes"], known["mtime_ns"], known["inode"]) and digest_file(path) != ref.sha256:
            raise UserError(
                Reason.ARTIFACT_CORRUPT, f"{path} was changed after the request came; send the request again", path=path
            )
        return path

    def artifact(self, digest: str) -> Artifact:
        """An artifact of the store; opened once, so that each file is verified once a task."""
        if digest not in self._artifacts:
            with tracing.span("input", attributes={"cislex.sha256": digest}):
                self._artifacts[digest] = self._store.open_artifact(digest)
        return self._artifacts[digest]


class WorkerOut:
    """Where a task writes: a staged folder that becomes one artifact."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.dir = folder
        self.kind = kind
        self.semantics: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.genome_digest: str | None = None
        self.seeds: list[int] = []
        self.tools: dict[str, str] = {}

    def path(self, name: str) -> Path:
        """Path to write ``name`` at."""
        target = (self.dir / name).resolve()
        if not target.is_relative_to(self.dir.resolve()):
            raise ValueError(f"{name!r} leads out of the artifact")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write_table(self, name: str, table: pa.Table) -> None:
        """Write parquet (zstd). The bytes depend on the table and on pyarrow's version only."""
        pq.write_table(table, self.path(name), compression="zstd")

    def write_json(self, name: str, value: Any) -> None:
        """Write indented JSON; NaN and infinities are refused."""
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        self.path(name).write_text(text + "\n", encoding="utf-8")


class WorkerProgress:
    """Speaks through ``send`` (the newest report wins) and hears of cancellation through flags."""

    def __init__(self, send: Callable[[dict[str, Any]], None], checkpoint_dir: Path, scratch_dir: Path) -> None:
        self.checkpoint_dir = checkpoint_dir
        self.scratch_dir = scratch_dir
        self.cancelled = threading.Event()
        self.preempted = threading.Event()
        self.has_reported = False
        self._send = send
        self._progress: dict[str, Any] = {}
        self._metrics: dict[str, float] = {}
        self._message = ""
        self._warnings: list[dict[str, str]] = []
        self._rate = _Rate()
        self._sent_at = -math.inf
        self._dirty = False
        self._lock = threading.RLock()

    def update(self, done: float, total: float, unit: str = "", **metrics: float) -> None:
        """Report ``done`` of ``total`` and figures; figures that are not finite are left out."""
        with self._lock:
            rate = self._rate.update(float(done), unit)
            eta = (total - done) / rate if rate > 0 and total else -1.0
            self._progress = {"done": float(done), "total": float(total), "unit": unit, "rate": rate, "eta_s": eta}
            self._metrics.update({k: float(v) for k, v in metrics.items() if math.isfinite(v)})
            self._report(force=total > 0 and done >= total)

    def message(self, text: str) -> None:
        """A line for people."""
        with self._lock:
            self._message = text
            self._report()

    def warn(self, reason: str, message: str) -> None:
        """A warning that stays with the operation."""
        with self._lock:
            warning = {"reason": getattr(reason, "name", str(reason)), "message": message}
            if warning not in self._warnings:
                self._warnings.append(warning)
            self._report(force=True)

    def check_cancel(self) -> None:
        """Raise when a stop was asked for."""
        if self.cancelled.is_set():
            raise Cancelled
        if self.preempted.is_set():
            raise Preempted

    def flush(self) -> None:
        """Send what waits (called by the heartbeat and at the end)."""
        with self._lock:
            if self._dirty:
                self._report(force=True)

    def _report(self, force: bool = False) -> None:
        self._dirty = True
        now = time.monotonic()
        if not force and now - self._sent_at < REPORT_EVERY_S:
            return
        self._sent_at = now
        self._dirty = False
        self.has_reported = True
        self._send(
            {
                "progress": self._progress,
                "metrics": dict(self._metrics),
                "message": self._message,
                "warnings": list(self._warnings),
            }
        )


class _Rate:
    """Units per second, smoothed over about 30 s; starts anew when the unit changes or the count falls."""

    def __init__(self) -> None:
        self._unit = ""
        self._done = 0.0
        self._at = 0.0
        self._value = 0.0

    def update(self, done: float, unit: str) -> float:
        now = time.monotonic()
        if unit != self._unit or done < self._done or self._at == 0.0:
            self._unit, self._done, self._at, self._value = unit, done, now, 0.0
            return 0.0
        elapsed = now - self._at
        if elapsed < 0.05:
            return self._value
        current = (done - self._done) / elapsed
        weight = 1.0 if self._value == 0.0 else 1.0 - math.exp(-elapsed / 30.0)
        self._value += weight * (current - self._value)
        self._done, self._at = done, now
        return self._value


def refuse_nan(value: Any, where: str = "summary") -> None:
    """Raise INTERNAL for a number that JSON cannot carry; names its place."""
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_nan(item, f"{where}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            refuse_nan(item, f"{where}[{index}]")
    elif isinstance(value, float) and not math.isfinite(value):
        raise CislexError(Reason.INTERNAL, f"{where} is {value}, which JSON cannot carry; leave the entry out")
