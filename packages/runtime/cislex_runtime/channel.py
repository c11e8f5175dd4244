"""Channels to a server by its address. Light: no pyarrow, SQLAlchemy or service is imported from here.

An address is ``unix:/path``, ``unix:///path``, ``host:port``, ``grpc://host:port`` (80 when unsaid) or, with TLS,
``grpcs://host:port`` (443 when unsaid).
"""

from __future__ import annotations

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


def open_channel(address: str, ca_file: Path | None = None) -> grpc.aio.Channel:
    """An aio channel; ``ca_file``: PEM certificates to trust instead of the system's. Raises OSError for that file."""
    target, secure = parse_address(address)
    if secure:
        return grpc.aio.secure_channel(target, _credentials(ca_file), options=_options(target))
    return grpc.aio.insecure_channel(target, options=_options(target))


def open_sync_channel(address: str, ca_file: Path | None = None) -> grpc.Channel:
    """The same for sync stubs."""
    target, secure = parse_address(address)
    if secure:
        return grpc.secure_channel(target, _credentials(ca_file), _options(target))
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


def _credentials(ca_file: Path | None) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(None if ca_file is None else ca_file.read_bytes())
