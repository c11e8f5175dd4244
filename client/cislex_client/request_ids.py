"""Request ids that follow from the work, so that the same command finds its own operations again.

A UUID4 made of a digest over tenant, task, body and try: running a command twice submits the same ids and therefore
joins what still runs or already finished. ``attempt`` is raised when the earlier operation failed or was cancelled.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from cislex_core.canonical import canonical_json


def request_id(tenant: str, task: str, body: Mapping[str, Any], attempt: int = 0) -> str:
    """A UUID with the version and variant bits of UUID4, equal for equal arguments."""
    seed = {"tenant": tenant, "task": task, "body": dict(body), "attempt": attempt}
    raw = bytearray(hashlib.sha256(canonical_json(seed)).digest()[:16])
    raw[6] = (raw[6] & 0x0F) | 0x40
    raw[8] = (raw[8] & 0x3F) | 0x80
    return str(uuid.UUID(bytes=bytes(raw)))


def fresh_request_id() -> str:
    """A random UUID4, for single commands."""
    return str(uuid.uuid4())
