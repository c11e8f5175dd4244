"""The client's channel and its errors. Light: no pyarrow, SQLAlchemy or service is imported from here."""

from __future__ import annotations

import json

import grpc
from cislex_core.errors import Violation
from google.rpc import status_pb2
from grpc_status import rpc_status

from cislex_runtime.status import exit_code, read_status

_SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [{}],
                # Every unary rpc of ours is idempotent (request ids), so a server that is away may be asked again.
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
        "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.5},
    }
)


class RpcProblem(Exception):  # noqa: N818 - what a user sees; its reason names the error
    """A failed rpc or operation: ``code`` is the gRPC number, ``reason`` that of the catalogue (may be empty)."""

    def __init__(
        self, code: int, message: str, reason: str = "", violations: list[Violation] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = reason
        self.violations = violations or []
        self.metadata = metadata or {}

    @property
    def exit_code(self) -> int:
        """0 ok, 1 failed, 2 usage, 3 not found, 4 auth, 5 unavailable, 6 cancelled."""
        return exit_code(self.code)

    @classmethod
    def from_status(cls, status: status_pb2.Status) -> RpcProblem:
        """From google.rpc.Status, e.g. ``Operation.error``."""
        reason, violations, metadata = read_status(status)
        return cls(status.code, status.message, reason, violations, metadata)

    @classmethod
    def from_rpc(cls, error: grpc.RpcError) -> RpcProblem:
        """From what a stub raised."""
        status = rpc_status.from_call(error)
        if status is not None:
            return cls.from_status(status)
        code = error.code()
        number = code.value[0]
        message = error.details() or code.name
        if code is grpc.StatusCode.UNAVAILABLE:
            message = f"the server cannot be reached: {message}"
        return cls(number, message, reason=code.name)


def open_channel(address: str, credentials: grpc.ChannelCredentials | None = None) -> grpc.Channel:
    """A sync channel to ``unix:/path`` or ``host:port``; TLS when credentials are given."""
    options = [
        ("grpc.service_config", _SERVICE_CONFIG),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.enable_retries", 1),
        # A Unix socket has no host name; some servers refuse the default authority.
        *([("grpc.default_authority", "localhost")] if address.startswith("unix:") else []),
    ]
    if credentials is None:
        return grpc.insecure_channel(address, options)
    return grpc.secure_channel(address, credentials, options)
