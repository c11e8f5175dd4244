"""Canonical JSON (RFC 8785) and digests: the only bytes that cislex hashes, never protobuf's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

_CHUNK_BYTES = 1 << 20


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. Tuples count as lists; NaN and infinities are refused by the RFC."""
    return rfc8785.dumps(_plain(value))


def digest_json(value: Any) -> str:
    """Lower-case sha256 hex of the canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def digest_bytes(data: bytes) -> str:
    """Lower-case sha256 hex of some bytes."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """Lower-case sha256 hex of a file's content, read in chunks of 1 MiB."""
    sha = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            sha.update(chunk)
    return sha.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
