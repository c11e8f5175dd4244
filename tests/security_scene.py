"""A server with tokens in this process, an identity provider beside it, and callers of several tenants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import jwt
from cislex_core.settings import Settings
from cislex_runtime.serving.server import Register, Server
from cislex_runtime.serving.status import read_status
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from grpc_status import rpc_status

AUDIENCE = "cislex"


class Issuer:
    """An OpenID Connect provider on this machine: its configuration and its keys, over HTTP."""

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.extra_keys: list[dict[str, Any]] = []
        self.away = False
        self.n_asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if issuer.away:
                    self.send_error(503)
                    return
                if self.path == "/.well-known/openid-configuration":
                    answer: Any = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
                else:
                    issuer.n_asked += 1
                    answer = {"keys": [*issuer.extra_keys, *(issuer.jwk(kid) for kid in issuer.keys)]}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()
        self.rotate("first")

    def close(self) -> None:
        """Stop the HTTP server."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def rotate(self, kid: str) -> None:
        """Publish one new key and none of the former."""
        self.keys = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048)}

    def jwk(self, kid: str) -> dict[str, Any]:
        """The public key, as published."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.keys[kid].public_key(), as_dict=True)
        return {**public, "kid": kid, "use": "sig", "alg": "RS256"}

    def public_pem(self) -> bytes:
        """The first key's public half."""
        key = next(iter(self.keys.values())).public_key()
        return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def claims(self, tenant: str = "a", role: str = "user", **others: Any) -> dict[str, Any]:
        """Claims of a good token; a value None leaves one out."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": f"{role}@{tenant}", "iat": now, "exp": now + 600,
            "cislex_tenant": tenant, "cislex_role": role, **others,
        }  # fmt: skip
        return {key: value for key, value in claims.items() if value is not None}

    def token(self, tenant: str = "a", role: str = "user", **others: Any) -> str:
        """A token signed with the present key."""
        kid, key = next(iter(self.keys.items()))
        return jwt.encode(self.claims(tenant, role, **others), key, "RS256", headers={"kid": kid})

    def unsigned_token(self, tenant: str = "a", role: str = "admin") -> str:
        """A token of the algorithm none."""
        return jwt.encode(self.claims(tenant, role), None, "none", headers={"kid": next(iter(self.keys))})

    def mac_token(self, tenant: str = "a", role: str = "admin", **header: Any) -> str:
        """An HS256 token keyed with the published key; PyJWT itself refuses to make one."""

        def part(value: Any) -> bytes:
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

        body = part({"alg": "HS256", **header}) + b"." + part(self.claims(tenant, role))
        mac = hmac.new(self.public_pem(), body, hashlib.sha256).digest()
        return (body + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()

    def settings(self, home: Path, **others: Any) -> Settings:
        """Of a server that takes this issuer's tokens."""
        return Settings(
            home=home, auth="oidc", oidc_issuer=self.url, oidc_audience=AUDIENCE, drain_grace_s=1, stop_grace_s=1,
            **others,
        )  # fmt: skip


@asynccontextmanager
async def serving(settings: Settings, registers: Sequence[Register], listen: str = "") -> AsyncIterator[Server]:
    """A started server, on a socket in its home unless told otherwise."""
    server = await Server.start(settings, listen or f"unix:{settings.home}/s.sock", registers)
    try:
        yield server
    finally:
        await server.stop(0)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Metadata of a call with a token."""
    return (("authorization", f"Bearer {token}"),)


class RefusedError(Exception):
    """What a call was answered instead."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.code: str = error.code().name
        self.message: str = error.details() or ""
        status = rpc_status.from_call(error)
        self.reason, self.violations, self.metadata = ("", [], {}) if status is None else read_status(status)
        self.status = status
        super().__init__(f"{self.code} {self.reason}: {self.message}")

    def without(self, *texts: str) -> tuple[str, str, str]:
        """Code, reason and message with what differs between two requests taken out."""
        message = self.message
        for text in texts:
            message = message.replace(text, "…")
        return self.code, self.reason, message


async def ask(method: Callable[..., Any], request: Any, token: str = "", timeout: float | None = 20) -> Any:
    """Call a stub's method, unary or streaming; raises RefusedError.

    Where a stream is refused before its first request is written, gRPC's client may call what it would still send an
    INTERNAL error of its own, without the reason that every error of a server carries: then it is asked again.
    """
    while True:
        call = method(request, metadata=bearer(token) if token else (), timeout=timeout)
        try:
            return [item async for item in call] if hasattr(call, "__aiter__") else await call
        except grpc.RpcError as error:
            refused = RefusedError(error)
        if refused.code != "INTERNAL" or refused.reason:
            raise refused


async def refusal(
    method: Callable[..., Any], request: Any, token: str = "", timeout: float | None = 20
) -> RefusedError:
    """The error that a call must be answered."""
    try:
        answer = await ask(method, request, token, timeout)
    except RefusedError as refused:
        return refused
    raise AssertionError(f"it was answered: {answer}")


async def reason_of(method: Callable[..., Any], request: Any, token: str = "", timeout: float | None = 20) -> str:
    """The reason of the refusal; empty when the call was answered."""
    try:
        await ask(method, request, token, timeout)
    except RefusedError as refused:
        return refused.reason or refused.code
    return ""
