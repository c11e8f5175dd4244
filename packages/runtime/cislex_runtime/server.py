"""The server skeleton: ``main`` for a service's ``__main__``, ``serve`` for tests and the embedded server.

A service's ``__main__.py`` is:

    from cislex_encoder.servicer import register
    from cislex_runtime.server import main

    if __name__ == "__main__":
        main("cislex_encoder", [register])
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import logging.handlers
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
from cislex.artifacts.v1 import artifacts_pb2_grpc
from cislex.ops.v1 import ops_pb2_grpc
from cislex_core.errors import CislexError
from cislex_core.settings import Settings
from google.longrunning import operations_pb2_grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cislex_runtime.artifacts_servicer import ArtifactServicer
from cislex_runtime.interceptors import Guard
from cislex_runtime.operations_servicer import OperationEventsServicer, OperationsServicer
from cislex_runtime.platform import Platform
from cislex_runtime.watch import Changes

log = logging.getLogger("cislex.server")
Register = Callable[[grpc.aio.Server, Platform], list[str]]
OWN_SERVICES = [
    "google.longrunning.Operations",
    "cislex.ops.v1.OperationEvents",
    "cislex.artifacts.v1.ArtifactService",
    "grpc.health.v1.Health",
    reflection.SERVICE_NAME,
]
OPTIONS = [
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
    ("grpc.so_reuseport", 0),
]
#: Another process may have written the ledger: watchers look by themselves this often.
SHARED_POLL_S = 0.5
READY_EVERY_S = 5.0


class Server:
    """A started server; ``address`` is what a client connects to."""

    def __init__(self, platform: Platform, server: grpc.aio.Server, address: str, changes: Changes) -> None:
        self.platform = platform
        self.address = address
        self._server = server
        self._changes = changes
        self._health: health.aio.HealthServicer | None = None
        self._readiness: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: Settings, listen: str, registers: Sequence[Register]) -> Server:
        """Open the platform, add all services, listen and start the reconciler.

        ``listen`` is ``host:port`` (port 0: any free one) or ``unix:/path``.
        """
        platform = Platform(settings)
        changes = Changes(platform.ledger, SHARED_POLL_S)
        server = grpc.aio.server(interceptors=[Guard(settings.default_deadline_s)], options=OPTIONS)
        full_names = [name for register in registers for name in register(server, platform)]
        local_only = listen.startswith("unix:")
        operations = OperationsServicer(platform.operations, platform.ledger, changes)
        operations_pb2_grpc.add_OperationsServicer_to_server(operations, server)
        events = OperationEventsServicer(platform.operations, platform.ledger, changes)
        ops_pb2_grpc.add_OperationEventsServicer_to_server(events, server)
        artifacts = ArtifactServicer(platform.store, platform.ledger, tell_paths=local_only)
        artifacts_pb2_grpc.add_ArtifactServiceServicer_to_server(artifacts, server)
        status = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(status, server)
        reflection.enable_server_reflection([*full_names, *OWN_SERVICES], server)
        address = _bind(server, listen)
        platform.start()
        await server.start()
        started = cls(platform, server, address, changes)
        started._health = status
        await status.set("", health_pb2.HealthCheckResponse.SERVING)
        await started._check_ready()
        started._readiness = asyncio.create_task(started._watch_ready())
        log.info("listening on %s", address)
        return started

    async def stop(self, grace_s: float | None = None) -> None:
        """Drain: not ready, watchers end, running rpcs finish within the grace, workers are pre-empted."""
        if self._readiness is not None:
            self._readiness.cancel()
        if self._health is not None:
            await self._health.enter_graceful_shutdown()
        self._changes.close()
        await self._server.stop(self.platform.settings.drain_grace_s if grace_s is None else grace_s)
        await asyncio.to_thread(self.platform.stop)

    async def _watch_ready(self) -> None:
        while True:
            await asyncio.sleep(READY_EVERY_S)
            await self._check_ready()

    async def _check_ready(self) -> None:
        assert self._health is not None
        state = health_pb2.HealthCheckResponse.SERVING
        try:
            await asyncio.to_thread(self.platform.check)
        except Exception as error:
            log.error("not ready: %s", error)
            state = health_pb2.HealthCheckResponse.NOT_SERVING
        await self._health.set("ready", state)


def _bind(server: grpc.aio.Server, listen: str) -> str:
    if listen.startswith("unix:"):
        path = Path(listen.removeprefix("unix:"))
        if _alive(path):
            raise SystemExit(f"another server listens on {path}")
        path.unlink(missing_ok=True)
        server.add_insecure_port(f"unix:{path}")
        return f"unix:{path}"
    host, _, _ = listen.rpartition(":")
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError:
        raise SystemExit(
            f"cannot listen on {listen}: the port is taken or the host is not this machine's; give another --listen"
        ) from None
    return f"{host}:{port}"


def _alive(path: Path) -> bool:
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


async def serve(settings: Settings, listen: str, registers: Sequence[Register]) -> None:
    """Serve until SIGTERM or SIGINT, then drain."""
    server = await Server.start(settings, listen, registers)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(f"ready {server.address}", flush=True)
    await stop.wait()
    log.info("draining")
    await server.stop()
    if listen.startswith("unix:"):
        with contextlib.suppress(OSError):
            Path(listen.removeprefix("unix:")).unlink()


def set_up_logging(settings: Settings, name: str) -> None:
    """To stderr and to ``logs/<name>.log`` under home (8 MiB, three old ones)."""
    folder = settings.home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    handlers.append(logging.handlers.RotatingFileHandler(folder / f"{name}.log", maxBytes=8 << 20, backupCount=3))
    text = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=settings.log_level, format=text, handlers=handlers, force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def main(name: str, registers: Sequence[Register], default_listen: str = "127.0.0.1:50051") -> None:
    """Command line of a server."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=f"serve {name} over gRPC")
    parser.add_argument(
        "--listen", default=default_listen, help="host:port (port 0: any) or unix:/path; default %(default)s"
    )
    parser.add_argument("--home", type=Path, help="ledger, store, logs; default $CISLEX_HOME or ~/.cislex")
    arguments = parser.parse_args()
    if arguments.home is not None:
        os.environ["CISLEX_HOME"] = str(arguments.home)
    try:
        settings = Settings.from_env()
        settings.make_home()
    except (CislexError, OSError) as error:
        raise SystemExit(f"{name}: {error}") from None
    if not arguments.listen.startswith("unix:") and settings.allowed_roots is None:
        # Whoever reaches the port must not read every file of this machine.
        settings = settings.model_copy(update={"allowed_roots": []})
    set_up_logging(settings, name)
    asyncio.run(serve(settings, arguments.listen, registers))
