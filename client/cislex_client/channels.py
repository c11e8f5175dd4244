"""The servers of a context: the managed local one's socket, or addresses with TLS and a token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cislex_runtime.calling.client import Client, connect

from cislex_client import local_server, messages
from cislex_client.contexts import SERVICES, Context
from cislex_client.exit_codes import UsageError
from cislex_client.output import say
from cislex_client.service_errors import unreachable

CONNECT_TIMEOUT_S = 20.0


class Channels:
    """Opens a client for each address when it is first needed."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._open: dict[str, Client] = {}

    @property
    def shares_files(self) -> bool:
        """True when the server reads this machine's files by path."""
        return self.context.is_local or all(a.startswith("unix:") for a in self._addresses())

    async def open(self) -> None:
        """Connect, starting the local server when none runs. Raises CommandError (exit 5)."""
        if self.context.is_local:
            await asyncio.to_thread(self._ensure_local)
        address = self._address(SERVICES[0])
        client = self._client(address)
        try:
            await asyncio.wait_for(client.channel.channel_ready(), CONNECT_TIMEOUT_S)
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
        """Close all of them."""
        for client in self._open.values():
            await client.close()
        self._open.clear()

    async def revive(self, failures: int) -> None:
        """After the connection broke: start the local server again when it is gone."""
        if self.context.is_local and local_server.pid() is None:
            if failures == 1:
                say("the local server is gone; starting it again")
            await asyncio.to_thread(local_server.ensure)

    def places(self) -> dict[str, list[str]]:
        """By address, the services that the context has there."""
        found: dict[str, list[str]] = {}
        for service in SERVICES:
            found.setdefault(self._address(service), []).append(service)
        return found

    def of(self, service: str) -> Client:
        """The client of one service."""
        return self._client(self._address(service))

    def any(self) -> Client:
        """A client for operations and artifacts, which every service answers."""
        return self._client(self._address(SERVICES[0]))

    def rpc(self, task: str) -> tuple[Client, Callable[..., Awaitable[Any]]]:
        """(client, stub) of a unary rpc by its name, ``encoder.BuildDataset``."""
        client, method = self.of(task.partition(".")[0]), messages.method(task)
        stub = client.channel.unary_unary(
            method.path,
            request_serializer=method.request.SerializeToString,
            response_deserializer=method.response.FromString,
        )
        return client, stub

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

    def _client(self, address: str) -> Client:
        if address not in self._open:
            context = self.context
            ca, cert, key = (
                Path(text).expanduser() if text else None
                for text in (context.ca_file, context.cert_file, context.key_file)
            )
            token = context.token()
            try:
                self._open[address] = connect(
                    address, ca_file=ca, cert_file=cert, key_file=key, token=token, on_away=self.revive
                )
            except OSError as error:
                raise UsageError(f"the certificates {error.filename} cannot be read: {error.strerror}") from None
            except ValueError as error:
                raise UsageError(f"context {context.name!r}: {error}") from None
        return self._open[address]
