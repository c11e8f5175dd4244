"""Identifiers: time-ordered operation ids, and resource names ``tenants/{tenant}/{collection}/{id}``."""

from __future__ import annotations

import os
import re
import threading
import time

from cislex_core.errors import Reason, UserError

from cislex_runtime.security import identity

LOCAL_TENANT = "local"
RESOURCE_ID_DIGITS = 16
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_PARENT = re.compile(r"^tenants/([a-z0-9][a-z0-9-]{0,62})$")
_NAME = re.compile(r"^tenants/([a-z0-9][a-z0-9-]{0,62})/([a-z]+)/([A-Za-z0-9_-]{1,64})$")
_last_id = 0
_lock = threading.Lock()


def new_id() -> str:
    """A ULID: 48 bits of milliseconds and 80 random bits in 26 letters; strictly increasing within a process."""
    global _last_id
    with _lock:
        value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
        _last_id = value = max(value, _last_id + 1)
    letters = []
    for _ in range(26):
        letters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(letters))


def tenant_of(parent: str) -> str:
    """Tenant of ``tenants/{t}``; an empty parent means the caller's own tenant, the local one where nobody has one."""
    if not parent:
        return identity.current().tenant or LOCAL_TENANT
    match = _PARENT.match(parent)
    if match is None:
        raise UserError(
            Reason.INVALID_REQUEST, f"parent {parent!r} is not of the form tenants/{{tenant}}", field="parent"
        )
    return match[1]


def parse_name(name: str, field: str = "name") -> tuple[str, str, str]:
    """(tenant, collection, id) of a resource name."""
    match = _NAME.match(name)
    if match is None:
        message = f"{name!r} is not a resource name of the form tenants/{{tenant}}/{{collection}}/{{id}}"
        raise UserError(Reason.INVALID_REQUEST, message, field=field, value=name)
    return match[1], match[2], match[3]


def tenant_in(name: str) -> str:
    """Tenant of a parent or resource name; empty when it is neither."""
    match = _PARENT.match(name) or _NAME.match(name)
    return match[1] if match else ""


def is_name(text: str) -> bool:
    """True for a well-formed resource name."""
    return _NAME.match(text) is not None


def operation_name(tenant: str, op_id: str) -> str:
    """Name of an operation."""
    return f"tenants/{tenant}/operations/{op_id}"


def resource_name(tenant: str, collection: str, digest: str) -> str:
    """Name of a resource made from an artifact."""
    return f"tenants/{tenant}/{collection}/{digest[:RESOURCE_ID_DIGITS]}"
