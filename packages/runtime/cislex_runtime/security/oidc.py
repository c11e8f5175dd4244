"""Bearer tokens of an OpenID Connect provider: signed JWTs, verified with PyJWT against the issuer's published keys.

Checked: the signature, with an algorithm of the allow-list (asymmetric ones only, so that neither ``none`` nor a MAC
keyed with a public key passes) and a key that the issuer publishes; ``iss``, ``aud``, ``exp``, ``nbf`` and ``iat`` with
30 s of leeway; a tenant claim. RFC 7519, RFC 8725.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cislex_core.errors import CislexError, Reason, RetryableError, UserError
from cislex_core.settings import Settings

from cislex_runtime.security.identity import Principal, Role
from cislex_runtime.security.static_tokens import TENANT

if TYPE_CHECKING:
    import jwt

log = logging.getLogger("cislex.security")
LEEWAY_S = 30.0
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
FRESH_S = 600.0
"""Keys are asked for again after so long."""
REFETCH_S = 10.0
"""At least so long between two requests, whatever key ids the callers name."""
KEEP_S = 6 * 3600.0
"""So long the last keys serve while the issuer does not answer."""
FETCH_TIMEOUT_S = 5.0
MAX_DOCUMENT_BYTES = 1 << 20


class KeySet:
    """The issuer's keys by their id, fetched over HTTP when needed. Blocking: call it in a thread."""

    def __init__(self, issuer: str, jwks_url: str, refetch_s: float = REFETCH_S, fresh_s: float = FRESH_S) -> None:
        self._issuer, self._url = issuer, jwks_url
        self._refetch_s, self._fresh_s = refetch_s, fresh_s
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = threading.Lock()

    def key(self, kid: str | None) -> jwt.PyJWK:
        """The key of this id; the only one there is when the token names none. Raises UNAUTHENTICATED for an unknown
        id, UNAVAILABLE when the issuer was not reached for too long."""
        looked = True
        if time.monotonic() - self._fetched_at > self._fresh_s or (kid is not None and kid not in self._keys):
            looked = self.refresh()
        keys = self._keys
        if time.monotonic() - self._fetched_at > KEEP_S or (kid not in keys and not looked):
            raise RetryableError(
                Reason.UNAVAILABLE, "the identity provider's keys are not there yet, so the token cannot be checked"
            )
        if kid is None and len(keys) == 1:
            return next(iter(keys.values()))
        if kid is None or kid not in keys:
            raise UserError(Reason.UNAUTHENTICATED, "the token is signed with a key that its issuer does not publish")
        return keys[kid]

    def refresh(self) -> bool:
        """Fetch, unless that was tried a moment ago; False when another thread is at it."""
        if not self._lock.acquire(blocking=not self._keys):  # without any key there is nothing else to do
            return False
        try:
            if time.monotonic() - self._tried_at >= self._refetch_s:
                self._tried_at = time.monotonic()
                self._keys = self._fetch()
                self._fetched_at = time.monotonic()
        except (OSError, ValueError, LookupError, HTTPException, CislexError) as error:
            log.error("the keys of %s cannot be fetched: %s", self._issuer, error)
        finally:
            self._lock.release()
        return True

    def _fetch(self) -> dict[str, jwt.PyJWK]:
        import jwt

        if not self._url:
            facts = _get_json(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
            if facts.get("issuer") != self._issuer:
                raise ValueError(f"its configuration names the issuer {facts.get('issuer')!r}")
            self._url = _checked_url(str(facts["jwks_uri"]))
        found: dict[str, jwt.PyJWK] = {}
        for item in _get_json(self._url).get("keys", []):
            # Keys for encryption and symmetric ones are not for signatures.
            if not isinstance(item, dict) or item.get("use", "sig") != "sig" or item.get("kty") == "oct":
                continue
            try:
                found[str(item.get("kid", ""))] = jwt.PyJWK(item)
            except jwt.PyJWTError as error:
                log.warning("a key of %s is left out: %s", self._issuer, error)
        if not found:
            raise ValueError(f"no key for signatures at {self._url}")
        return found


class OidcTokens:
    """Verifies tokens of one issuer."""

    def __init__(self, settings: Settings, keys: KeySet | None = None) -> None:
        if not settings.oidc_issuer or not settings.oidc_audience:
            message = "CISLEX_AUTH=oidc needs CISLEX_OIDC_ISSUER and CISLEX_OIDC_AUDIENCE"
            raise UserError(Reason.INVALID_REQUEST, message)
        strange = set(settings.oidc_algorithms) - ALGORITHMS
        if strange or not settings.oidc_algorithms:
            raise UserError(
                Reason.INVALID_REQUEST,
                f"CISLEX_OIDC_ALGORITHMS: {', '.join(sorted(strange)) or 'nothing'} cannot be allowed; only signatures "
                f"with a private key are: {', '.join(sorted(ALGORITHMS))}",
            )
        _require_library()
        for url in filter(None, (settings.oidc_issuer, settings.oidc_jwks_url)):
            _checked_url(url)
        self._settings = settings
        self._keys = keys or KeySet(settings.oidc_issuer, settings.oidc_jwks_url)
        # Threads of its own: whoever waits here for an issuer takes no thread from the ledger.
        self._threads = ThreadPoolExecutor(4, "oidc")
        self._threads.submit(self._keys.refresh)

    async def principal(self, token: str) -> Principal:
        """Who the token speaks for. Raises UNAUTHENTICATED, FORBIDDEN (no tenant), UNAVAILABLE (no keys)."""
        claims = await asyncio.get_running_loop().run_in_executor(self._threads, self._claims, token)
        return self._principal(claims)

    def close(self) -> None:
        """Give the threads back."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _claims(self, token: str) -> dict[str, Any]:
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in self._settings.oidc_algorithms:
                raise jwt.InvalidAlgorithmError
            kid = header.get("kid")
            key = self._keys.key(kid if isinstance(kid, str) else None)
            return jwt.decode(
                token,
                key,
                algorithms=list(self._settings.oidc_algorithms),
                issuer=self._settings.oidc_issuer,
                audience=self._settings.oidc_audience,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise UserError(Reason.UNAUTHENTICATED, "the token has expired; sign in again") from None
        except jwt.ImmatureSignatureError:
            raise UserError(Reason.UNAUTHENTICATED, "the token is not valid yet; check the clocks") from None
        except CislexError:
            raise
        except Exception as error:
            # Whatever a stranger's token makes a parser raise, the token is not valid. The kind of error only: its text
            # may quote the token.
            message = f"the token is not valid here ({type(error).__name__})"
            raise UserError(Reason.UNAUTHENTICATED, message) from None

    def _principal(self, claims: dict[str, Any]) -> Principal:
        settings = self._settings
        tenants = _words(claims, settings.oidc_tenant_claim)
        if len(tenants) != 1 or not TENANT.fullmatch(tenants[0]):
            raise UserError(
                Reason.FORBIDDEN,
                f"the token's claim {settings.oidc_tenant_claim!r} names no tenant (one; a-z, 0-9, '-'); ask the "
                "operator of the identity provider",
            )
        known = {role.word: role for role in Role}
        words = _words(claims, settings.oidc_role_claim)
        roles = [known[word] for word in words if word in known]
        if words and not roles:
            raise UserError(
                Reason.FORBIDDEN,
                f"the token's claim {settings.oidc_role_claim!r} names none of the roles {', '.join(known)}",
            )
        return Principal(str(claims["sub"]), tenants[0], max(roles, default=Role.READER))


def _words(claims: dict[str, Any], name: str) -> list[str]:
    """A claim as words: a text or a list of texts; a name with dots also finds a claim within claims."""
    value: Any = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str) and item]


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise UserError(Reason.INVALID_REQUEST, f"{url!r}: keys are fetched over https only (http on this machine)")
    return url


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could lead from https to http, or elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""
        return


_opener = urllib.request.build_opener(_NoRedirect)


def _get_json(url: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    with _opener.open(request, timeout=FETCH_TIMEOUT_S) as answer:
        value = json.loads(answer.read(MAX_DOCUMENT_BYTES))
    if not isinstance(value, dict):
        raise ValueError(f"{url} answers no JSON object")
    return value


def _require_library() -> None:
    try:
        import cryptography  # noqa: F401
        import jwt  # noqa: F401
    except ImportError:
        message = "CISLEX_AUTH=oidc needs PyJWT with cryptography: pip install 'cislex-runtime[oidc]'"
        raise UserError(Reason.INVALID_REQUEST, message) from None
