"""Logs: text for a terminal, or one JSON object a line that says which operation, tenant and trace a line is about.

``about(...)`` marks what runs inside; the marks follow the work through ``asyncio`` and ``asyncio.to_thread``. A single
line may be marked with ``extra={"tenant": …}``. Keys of a JSON line: ``time`` (RFC 3339, UTC), ``level``, ``logger``,
``message``, and where they are known ``operation``, ``attempt``, ``tenant``, ``request_id``, ``trace_id``, ``span_id``,
``error`` (a traceback).

What must never be read in a log is blotted out in both formats: bearer tokens, passwords in URLs, sequences.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cislex_runtime.security import identity
from cislex_runtime.telemetry import tracing

if TYPE_CHECKING:
    from cislex_core.settings import Settings

    from cislex_runtime.ledger import Operation

TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
KEYS = ("operation", "attempt", "tenant", "request_id")
#: Shorter runs of A, C, G, T, N may be words; k-mers and motifs are results, not somebody's sequence.
LEAST_SEQUENCE_BP = 50
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+"), r"\1 ***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), "***"),
    (re.compile(r"\bcislex_[A-Za-z0-9_-]{40,}"), "***"),
    (re.compile(r"(?i)\b((?:x-amz-)?(?:signature|credential|security-token)|[\w-]*(?:password|secret|token))(=)[^\s&'\",;]+"),
     r"\1\2***"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@"), r"\1:***@"),
)  # fmt: skip
_SEQUENCE = re.compile(r"[ACGTNacgtn]{%d,}" % LEAST_SEQUENCE_BP)  # noqa: UP031 - braces of both kinds
_marks: ContextVar[dict[str, Any]] = ContextVar("cislex_log_marks", default={})  # noqa: B039 - never changed in place
_process_marks: dict[str, Any] = {}


@contextmanager
def about(**marks: Any) -> Iterator[None]:
    """Mark log lines of this context: any of ``KEYS``; empty values are left out."""
    token = _marks.set({**_marks.get(), **{key: value for key, value in marks.items() if value}})
    try:
        yield
    finally:
        # A stream that nobody reads to its end is closed from another context.
        with suppress(ValueError):
            _marks.reset(token)


def about_operation(operation: Operation) -> AbstractContextManager[None]:
    """Mark log lines of this context as being about a row of the ledger, outside of the rpc that made it."""
    request = operation.request
    parts = request.get("trace", {}).get("traceparent", "").split("-")
    return about(
        operation=operation.id,
        attempt=operation.attempt,
        tenant=operation.tenant,
        request_id=request.get("request_id", ""),
        trace_id=parts[1] if len(parts) == 4 else "",
    )


def mark_process(**marks: Any) -> None:
    """Mark every line of this process from now on, in all its threads (a worker runs one attempt at a time)."""
    _process_marks.clear()
    _process_marks.update({key: value for key, value in marks.items() if value})


def marks() -> dict[str, Any]:
    """What a line written here would say beside its message."""
    tenant = identity.current().tenant
    return {**_process_marks, **_marks.get(), **({"tenant": tenant} if tenant else {}), **tracing.ids()}


def clean(text: str) -> str:
    """The text without tokens, passwords and sequences."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return _SEQUENCE.sub(lambda found: f"<{len(found[0])} bp>", text)


class TextFormatter(logging.Formatter):
    """``TEXT``, cleaned."""

    def format(self, record: logging.LogRecord) -> str:
        """One entry; a traceback follows on lines of its own."""
        return clean(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One entry, always one line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
            **marks(),
            **{key: record.__dict__[key] for key in KEYS if record.__dict__.get(key)},
        }
        if record.exc_info:
            entry["error"] = clean(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False, default=str)


def formatter(log_format: str) -> logging.Formatter:
    """The formatter of ``settings.log_format``."""
    return JsonFormatter() if log_format == "json" else TextFormatter(TEXT)


def set_up(settings: Settings, name: str) -> None:
    """A server's log: to stderr and to ``logs/<name>.log`` under home (8 MiB, three old ones)."""
    folder: Path = settings.home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    old = logging.handlers.RotatingFileHandler(folder / f"{name}.log", maxBytes=8 << 20, backupCount=3)
    _use([logging.StreamHandler(sys.stderr), old], settings.log_level, settings.log_format)


def set_up_worker() -> None:
    """A worker's log: to stderr, which its engine keeps; level and format as the server's variables say."""
    level, log_format = os.environ.get("CISLEX_LOG_LEVEL", ""), os.environ.get("CISLEX_LOG_FORMAT", "")
    _use([logging.StreamHandler(sys.stderr)], level or "INFO", log_format)


def _use(handlers: list[logging.Handler], level: str, log_format: str) -> None:
    for handler in handlers:
        handler.setFormatter(formatter(log_format))
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
