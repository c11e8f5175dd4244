"""Channels to a server by its address. Light: no pyarrow, SQLAlchemy or service is imported from here.

An address is ``unix:/path``, ``unix:///path``, ``host:port``, ``grpc://host:port`` (80 when unsaid) or, with TLS,
``grpcs://host:port`` (443 when unsaid).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import grpc

_OPTIONS = (
    # Long watches cross proxies that drop silent connections.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.service_config_disable_resolution", 1),
    # Retries are ours (patience.py); a server that comes back is seen soon.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


@dataclass(frozen=True)
class TlsFiles:
    """PEM files of a client."""

    ca: Path | None = None
    """Certificates to trust instead of the system's."""
    cert: Path | None = None
    """The client's own chain, with its ``key``, for servers that ask for one (mTLS)."""
    key: Path | None = None

    def credentials(self) -> grpc.ChannelCredentials:
        """As gRPC takes them. Raises OSError for a file that cannot be read, ValueError for a certificate alone."""
        if (self.cert is None) != (self.key is None):
            raise ValueError("a client's certificate and its key go together; one of them is missing")
        ca, key, cert = (None if path is None else path.read_bytes() for path in (self.ca, self.key, self.cert))
        return grpc.ssl_channel_credentials(ca, key, cert)


def open_channel(address: str, tls: TlsFiles | None = None) -> grpc.aio.Channel:
    """An aio channel. Raises OSError and ValueError for the files of ``tls``."""
    target, secure = parse_address(address)
    if secure:
        return grpc.aio.secure_channel(target, (tls or TlsFiles()).credentials(), options=_options(target))
    return grpc.aio.insecure_channel(target, options=_options(target))


def open_sync_channel(address: str, tls: TlsFiles | None = None) -> grpc.Channel:
    """The same for sync stubs."""
    target, secure = parse_address(address)
    if secure:
        return grpc.secure_channel(target, (tls or TlsFiles()).credentials(), _options(target))
    return grpc.insecure_channel(target, _options(target))


def parse_address(address: str) -> tuple[str, bool]:
    """(target as gRPC takes it, whether TLS is spoken). Raises ValueError for an unknown scheme or a bad port."""
    if address.startswith("unix:"):
        return f"unix:{address.removeprefix('unix:').removeprefix('//')}", False
    if "://" not in address:
        return address, False
    parts = urlsplit(address)
    if parts.scheme not in ("grpc", "grpcs") or not parts.hostname:
        raise ValueError(f"{address!r} is no address: grpc://host:port, grpcs://host:port or unix:/path")
    secure = parts.scheme == "grpcs"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or (443 if secure else 80)}", secure


def _options(target: str) -> list[tuple[str, str | int]]:
    # A Unix socket has no host name; some servers refuse the default authority.
    authority = [("grpc.default_authority", "localhost")] if target.startswith("unix:") else []
    return [*_OPTIONS, *authority]
