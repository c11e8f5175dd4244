"""The server skeleton: ``main`` for a service's ``__main__``, ``serve`` for tests and the embedded server.

A service's ``__main__.py`` is:

    from cislex_encoder.servicer import register
    from cislex_runtime.serving.server import main

    if __name__ == "__main__":
        main("cislex_encoder", [register])
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
from cislex.artifacts.v1 import artifacts_pb2_grpc
from cislex.info.v1 import info_pb2_grpc
from cislex.ops.v1 import diagnostics_pb2_grpc, ops_pb2_grpc
from cislex_core.errors import CislexError
from cislex_core.settings import Settings
from google.longrunning import operations_pb2_grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cislex_runtime.diagnosis.servicer import DiagnosticsServicer
from cislex_runtime.security.gate import Gate
from cislex_runtime.security.limits import backstop, channel_options
from cislex_runtime.security.tls import check_plain_port, server_credentials
from cislex_runtime.serving.artifacts_servicer import ArtifactServicer
from cislex_runtime.serving.interceptors import Guard
from cislex_runtime.serving.operations_servicer import OperationEventsServicer, OperationsServicer
from cislex_runtime.serving.platform import Platform
from cislex_runtime.serving.service_info import ServiceInfoServicer
from cislex_runtime.serving.watch import Changes
from cislex_runtime.telemetry import logs, metrics, tracing

log = logging.getLogger("cislex.server")
Register = Callable[[grpc.aio.Server, Platform], list[str]]
OWN_SERVICES = [
    "google.longrunning.Operations",
    "cislex.ops.v1.OperationEvents",
    "cislex.ops.v1.DiagnosticsService",
    "cislex.artifacts.v1.ArtifactService",
    "cislex.info.v1.ServiceInfo",
    "grpc.health.v1.Health",
    reflection.SERVICE_NAME,
]
#: Of the port that answers health only.
MAX_HEALTH_RPCS = 100
#: Another process may have written the ledger: watchers look by themselves this often.
SHARED_POLL_S = 0.5
READY_EVERY_S = 5.0


class Server:
    """A started server; ``address`` is what a client connects to."""

    def __init__(
        self,
        platform: Platform,
        server: grpc.aio.Server,
        address: str,
        services: list[str],
        changes: Changes,
        gate: Gate,
    ) -> None:
        self.platform = platform
        self.address = address
        self.services = services
        self.health_address = ""
        self._server = server
        self._changes = changes
        self._gate = gate
        self._metrics: metrics.Metrics | None = None
        self._health_server: grpc.aio.Server | None = None
        self._health: health.aio.HealthServicer | None = None
        self._readiness: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: Settings, listen: str, registers: Sequence[Register]) -> Server:
        """Open the platform, add all services, listen and start the reconciler.

        ``listen`` is ``host:port`` (port 0: any free one) or ``unix:/path``.
        """
        platform = Platform(settings)
        changes = Changes(platform.ledger, SHARED_POLL_S)
        gate = Gate(settings, platform.ledger, platform.quotas)
        server = grpc.aio.server(
            interceptors=[Guard(settings.default_deadline_s, gate)],
            options=channel_options(settings),
            maximum_concurrent_rpcs=backstop(settings),
        )
        full_names = [name for register in registers for name in register(server, platform)]
        operations = OperationsServicer(platform.operations, platform.ledger, changes)
        operations_pb2_grpc.add_OperationsServicer_to_server(operations, server)
        events = OperationEventsServicer(platform.operations, platform.ledger, changes, gate.limits)
        ops_pb2_grpc.add_OperationEventsServicer_to_server(events, server)
        diagnostics_pb2_grpc.add_DiagnosticsServiceServicer_to_server(DiagnosticsServicer(platform), server)
        # Who needs a token is not the user whose files lie here.
        tell_paths = listen.startswith("unix:") and settings.auth == "none"
        artifacts = ArtifactServicer(platform.store, platform.ledger, tell_paths, platform.quotas, platform.collector)
        artifacts_pb2_grpc.add_ArtifactServiceServicer_to_server(artifacts, server)
        status = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(status, server)
        services = [*full_names, *OWN_SERVICES]
        info_pb2_grpc.add_ServiceInfoServicer_to_server(ServiceInfoServicer(platform, services), server)
        reflection.enable_server_reflection(services, server)
        address = _bind(server, listen, settings)
        exposed = metrics.start(platform) if settings.metrics_listen else None
        platform.start()
        await server.start()
        started = cls(platform, server, address, services, changes, gate)
        started._health = status
        await started._serve_health(settings.health_listen)
        started._metrics = exposed
        await status.set("", health_pb2.HealthCheckResponse.SERVING)
        await started._check_ready()
        started._readiness = asyncio.create_task(started._watch_ready())
        log.info("listening on %s", address)
        return started

    async def _serve_health(self, listen: str) -> None:
        if not listen:
            return
        self._health_server = grpc.aio.server(maximum_concurrent_rpcs=MAX_HEALTH_RPCS)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._health_server)
        self.health_address = _add_port(self._health_server, listen, None)
        await self._health_server.start()

    async def stop(self, grace_s: float | None = None) -> None:
        """Drain: not ready, watchers end, running rpcs finish within the grace, workers are pre-empted."""
        if self._readiness is not None:
            self._readiness.cancel()
        if self._health is not None:
            await self._health.enter_graceful_shutdown()
        self._changes.close()
        await self._server.stop(self.platform.settings.drain_grace_s if grace_s is None else grace_s)
        if self._health_server is not None:
            await self._health_server.stop(0)
        await asyncio.to_thread(self._gate.close)
        if self._metrics is not None:
            await asyncio.to_thread(self._metrics.stop)
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


def _bind(server: grpc.aio.Server, listen: str, settings: Settings) -> str:
    if listen.startswith("unix:"):
        path = Path(listen.removeprefix("unix:"))
        if _alive(path):
            raise SystemExit(f"another server listens on {path}")
        path.unlink(missing_ok=True)
        server.add_insecure_port(f"unix:{path}")
        return f"unix:{path}"
    return _add_port(server, listen, server_credentials(settings))


def _add_port(server: grpc.aio.Server, listen: str, credentials: grpc.ServerCredentials | None) -> str:
    host, _, _ = listen.rpartition(":")
    try:
        if credentials is None:
            port = server.add_insecure_port(listen)
        else:
            port = server.add_secure_port(listen, credentials)
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
        if server_credentials(settings) is None:
            check_plain_port(settings, arguments.listen)
        settings.make_home()
    except (CislexError, OSError) as error:
        raise SystemExit(f"{name}: {error}") from None
    if not arguments.listen.startswith("unix:") and settings.allowed_roots is None:
        # Whoever reaches the port must not read every file of this machine.
        settings = settings.model_copy(update={"allowed_roots": []})
    logs.set_up(settings, name)
    try:
        if settings.otel_endpoint:
            tracing.start(settings.otel_endpoint, name.replace("_", "-"))
        asyncio.run(serve(settings, arguments.listen, registers))
    except CislexError as error:
        raise SystemExit(f"{name}: {error}") from None
    finally:
        tracing.stop()
