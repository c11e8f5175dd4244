"""What every rpc passes before its servicer: limits, token, rate, role, tenant; and what is noted about it after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any, Protocol

import grpc
from cislex_core.errors import CislexError, Reason, UserError
from cislex_core.settings import Settings

from cislex_runtime.ledger import Ledger
from cislex_runtime.security import identity, policy
from cislex_runtime.security.audit import AuditLog
from cislex_runtime.security.identity import ANONYMOUS, Principal, Role
from cislex_runtime.security.limits import Limits
from cislex_runtime.security.policy import Access
from cislex_runtime.security.quotas import Quotas

NOBODY = Principal("", "", Role.READER)
"""Who has shown no valid token."""
#: Limited per tenant where they are served, since they last.
_WATCHES = {"/cislex.ops.v1.OperationEvents/WatchOperation"}
_REFUSALS = {
    reason.name
    for reason in (
        Reason.UNAUTHENTICATED, Reason.FORBIDDEN, Reason.QUOTA_EXCEEDED, Reason.RATE_LIMITED, Reason.PATH_NOT_ALLOWED,
    )
}  # fmt: skip


class Verifier(Protocol):
    """Tells who holds a token."""

    async def principal(self, token: str) -> Principal:
        """Raises UNAUTHENTICATED or FORBIDDEN."""

    def close(self) -> None:
        """Give back what it holds."""


class Call:
    """One rpc that was let in."""

    def __init__(self, request: Any) -> None:
        self.principal = NOBODY
        self.target = _target(request)

    async def checked(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """The messages of a request stream, each held to the caller's tenant."""
        async for request in requests:
            policy.check_names(self.principal, request)
            self.target = self.target or _target(request)
            yield request

    def answered(self, answer: Any) -> None:
        """The operation or resource that came of it is what the audit log names."""
        self.target = getattr(answer, "name", "") or self.target


class Gate:
    """One per server."""

    def __init__(self, settings: Settings, ledger: Ledger, quotas: Quotas) -> None:
        self.limits = Limits(settings)
        self._quotas = quotas
        self._public_reflection = settings.public_reflection
        self._verifier = _verifier(settings)
        # Without tokens or certificates nobody is known, so there is nothing to note.
        known = self._verifier is not None or settings.tls_client_ca is not None
        self._audit = AuditLog(ledger) if known else None

    @asynccontextmanager
    async def passing(
        self, method: str, request: Any, context: grpc.aio.ServicerContext, unary: bool
    ) -> AsyncIterator[Call]:
        """Let one rpc in, as its principal. Raises the refusals; notes them, and calls that changed something."""
        call = Call(request)
        access = policy.access_of(method)
        principal = ANONYMOUS if self._verifier is None else NOBODY
        decision = "OK"
        try:
            with self._place(method, access):
                if unary and access is not Access.PUBLIC:
                    self.limits.check_deadline(context.time_remaining())
                principal = await self._who(method, access, context)
                if principal.scoped:
                    self._quotas.take_call(principal.tenant)
                    policy.check_role(principal, method, access, request)
                    policy.check_names(principal, request)
                identity.become(principal)
                call.principal = principal
                yield call
        except CislexError as error:
            decision = error.reason.name
            raise
        except (Exception, asyncio.CancelledError) as error:
            decision = type(error).__name__
            raise
        finally:
            changed = access is not None and access.mutates
            if self._audit is not None and (changed or decision in _REFUSALS):
                self._audit.record(principal, method, call.target, decision, context.peer())

    def _place(self, method: str, access: Access | None) -> AbstractContextManager[None]:
        if access is Access.PUBLIC:
            return self.limits.public()
        return nullcontext() if method in _WATCHES else self.limits.rpc()

    async def _who(self, method: str, access: Access | None, context: grpc.aio.ServicerContext) -> Principal:
        if self._verifier is None:
            return _of_certificate(context)
        if access is Access.PUBLIC or (self._public_reflection and method.startswith(policy.REFLECTION)):
            return ANONYMOUS
        return await self._verifier.principal(_bearer(context))

    def close(self) -> None:
        """Write what the audit log holds."""
        if self._verifier is not None:
            self._verifier.close()
        if self._audit is not None:
            self._audit.close()


def _target(request: Any) -> str:
    """What a request is about: the first of these that it states."""
    found = (getattr(request, field, "") for field in ("name", "parent", "sha256"))
    return next((text for text in found if isinstance(text, str) and text), "")


def _verifier(settings: Settings) -> Verifier | None:
    if settings.auth == "none":
        return None
    if settings.auth == "oidc":
        from cislex_runtime.security.oidc import OidcTokens

        return OidcTokens(settings)
    from cislex_runtime.security.static_tokens import StaticTokens

    if settings.auth_tokens_file is None:
        raise UserError(Reason.INVALID_REQUEST, "CISLEX_AUTH=static needs CISLEX_AUTH_TOKENS_FILE")
    return StaticTokens(settings.auth_tokens_file)


def _bearer(context: grpc.aio.ServicerContext) -> str:
    found = [value for key, value in context.invocation_metadata() or () if key == "authorization"]
    if len(found) != 1:
        raise UserError(
            Reason.UNAUTHENTICATED,
            "the call carries no token" if not found else "the call carries several authorization entries"
            "; send one as metadata authorization: Bearer …",
        )  # fmt: skip
    scheme, _, token = str(found[0]).partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UserError(Reason.UNAUTHENTICATED, "authorization must be: Bearer, a space, and the token")
    return token.strip()


def _of_certificate(context: grpc.aio.ServicerContext) -> Principal:
    """Without tokens: the name in the client's certificate where one was asked for, else anonymous."""
    names = context.auth_context().get("x509_common_name") or ()
    return Principal(next(iter(names)).decode("utf-8", "replace"), "", Role.ADMIN) if names else ANONYMOUS
