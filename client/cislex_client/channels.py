"""gRPC channels of a context: the managed local server's socket, or addresses with TLS and a token."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import grpc

from cislex_client import local_server
from cislex_client.contexts import SERVICES, Context
from cislex_client.exit_codes import UsageError
from cislex_client.output import say
from cislex_client.service_errors import unreachable

CONNECT_TIMEOUT_S = 20.0
_OPTIONS = (
    # Long watches cross proxies that drop silent connections.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


class Channels:
    """Opens channels when they are first needed, one per address."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._open: dict[str, grpc.aio.Channel] = {}

    @property
    def shares_files(self) -> bool:
        """True when the server reads this machine's files by path."""
        return self.context.is_local or all(a.startswith("unix:") for a in self._addresses())

    async def open(self) -> None:
        """Connect, starting the local server when none runs. Raises CommandError (exit 5)."""
        if self.context.is_local:
            await asyncio.to_thread(self._ensure_local)
        address = self._address(SERVICES[0])
        channel = self._channel(address)
        try:
            await asyncio.wait_for(channel.channel_ready(), CONNECT_TIMEOUT_S)
        except TimeoutError:
            remedy = (
                f"read {local_server.log_path()}" if self.context.is_local else "check the address: cislex context ls"
            )
            raise unreachable(address, f"no connection within {CONNECT_TIMEOUT_S:g} s", remedy) from None

    def _ensure_local(self) -> None:
        if local_server.is_outdated():
            if local_server.is_idle():
                say("restarting the local server: cislex was updated")
                local_server.stop()
            else:
                say("! the local server runs older code and is busy; restart it later: cislex server down")
        local_server.ensure()

    async def close(self) -> None:
        """Close all channels."""
        for channel in self._open.values():
            await channel.close()
        self._open.clear()

    async def revive(self, failures: int) -> None:
        """After the connection broke: start the local server again when it is gone."""
        if self.context.is_local and local_server.pid() is None:
            if failures == 1:
                say("the local server is gone; starting it again")
            await asyncio.to_thread(local_server.ensure)

    async def of(self, service: str) -> grpc.aio.Channel:
        """Channel to one service."""
        return self._channel(self._address(service))

    async def any(self) -> grpc.aio.Channel:
        """A channel for operations and artifacts, which every service answers."""
        return self._channel(self._address(SERVICES[0]))

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Call metadata: the bearer token, where the context has one."""
        token = self.context.token()
        return (("authorization", f"Bearer {token}"),) if token else ()

    async def server_version(self) -> str:
        """Version of the managed server; "" for a remote one."""
        facts = local_server.read_facts() if self.context.is_local else None
        return facts.version if facts else ""

    def _addresses(self) -> list[str]:
        return [self._address(service) for service in SERVICES]

    def _address(self, service: str) -> str:
        if self.context.is_local:
            return f"unix://{local_server.settings().socket_path}"
        return self.context.address_of(service)

    def _channel(self, address: str) -> grpc.aio.Channel:
        if address not in self._open:
            parts = urlsplit(address)
            if parts.scheme == "grpcs":
                target = f"{parts.hostname}:{parts.port or 443}"
                self._open[address] = grpc.aio.secure_channel(target, self._credentials(), options=_OPTIONS)
            else:
                target = f"unix:{parts.path}" if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 80}"
                self._open[address] = grpc.aio.insecure_channel(target, options=_OPTIONS)
        return self._open[address]

    def _credentials(self) -> grpc.ChannelCredentials:
        if not self.context.ca_file:
            return grpc.ssl_channel_credentials()
        try:
            return grpc.ssl_channel_credentials(Path(self.context.ca_file).expanduser().read_bytes())
        except OSError as error:
            raise UsageError(f"the certificates {self.context.ca_file} cannot be read: {error.strerror}") from None
