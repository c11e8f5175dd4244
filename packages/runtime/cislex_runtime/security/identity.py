"""Who calls: the principal of a running rpc. Light: nothing but the standard library is imported from here.

``current()`` works in a servicer and in the threads it uses (``asyncio.to_thread`` carries the context along).
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """Each role may do what the ones below it may."""

    READER = 1
    """Get, list, watch, wait and read; ``validate_only``."""
    USER = 2
    """Also start, cancel and delete operations, upload, delete results."""
    ADMIN = 3
    """Also what concerns the whole server; own tenant only for everything else."""

    @property
    def word(self) -> str:
        """``reader``, ``user`` or ``admin``."""
        return self.name.lower()


@dataclass(frozen=True)
class Principal:
    """``tenant`` is from the token only; empty: anonymous, on a server without tokens, where the request names it."""

    subject: str
    tenant: str
    role: Role

    @property
    def scoped(self) -> bool:
        """True when this principal is kept to one tenant (the server asks for tokens)."""
        return bool(self.tenant)

    def may_see(self, tenant: str) -> bool:
        """Whether things of ``tenant`` exist for this principal."""
        return not self.tenant or self.tenant == tenant


ANONYMOUS = Principal("anonymous", "", Role.ADMIN)
_current: ContextVar[Principal] = ContextVar("cislex_principal", default=ANONYMOUS)


def current() -> Principal:
    """The principal of the rpc that is running here; ``ANONYMOUS`` outside of one."""
    return _current.get()


def become(principal: Principal) -> None:
    """Act as ``principal`` in this context from now on. Each rpc runs in a task of its own, so it ends with that."""
    _current.set(principal)
